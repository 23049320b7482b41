"""One service as a process: it starts, stops when told to, and says what keeps it from starting."""

import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

PROGRAM = """
import asyncio, sys
from libs.runtime.bus import Unanswered
from libs.runtime.process import main
from libs.runtime.settings import Settings, SettingsError

async def start(service, settings):
    how = sys.argv[1]
    if how == "setting":
        raise SettingsError("PRINTBUS_SN is missing: write it.")
    if how == "bus":
        raise Unanswered("no NATS server lets us in")
    if how == "slow":
        print("starting", flush=True)
        await asyncio.sleep(600)
    async def stopped():
        print("stopped", flush=True)
    service.on_stop(stopped)
    if how == "stuck":
        async def stuck():
            while True:
                try:
                    await asyncio.sleep(600)
                except asyncio.CancelledError:
                    print("asked", flush=True)
        service.loop("stuck", stuck)
    print("started", flush=True)

main("sample", Settings, start)
"""


def run(how: str, **environment: str) -> subprocess.Popen[str]:
    given = {name: value for name, value in os.environ.items() if not name.startswith("PRINTBUS_")}
    given |= {"PRINTBUS_NATS_URL": "nats://127.0.0.1:4222", "PRINTBUS_LOG_FORMAT": "json", **environment}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how], env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str], within: float = 20) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=within)
    return process.returncode, out, err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(number):
    process = run("well")
    assert process.stdout.readline() == "started\n"
    process.send_signal(number)
    code, out, err = ended(process)
    assert (code, out) == (0, "stopped\n")
    assert '"event": "service stopped"' in err


def test_a_signal_during_the_start_stops_it_too():
    process = run("slow")
    assert process.stdout.readline() == "starting\n"
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 0


def test_a_second_signal_ends_it_at_once():
    process = run("stuck")
    assert process.stdout.readline() == "started\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == -signal.SIGTERM


def test_it_answers_probes_on_the_port_that_it_logs():
    process = run("well")
    assert process.stdout.readline() == "started\n"
    line = process.stderr.readline()
    port = int(re.search(r'"port": (\d+)', line)[1])
    assert httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).json() == {"ready": True, "problems": {}}
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 0


@pytest.mark.parametrize(
    ("how", "environment", "code", "sentence"),
    [
        ("well", {"PRINTBUS_METRICS_PORT": "x"}, 2, "sample: PRINTBUS_METRICS_PORT is wrong: "),
        ("well", {"PRINTBUS_NATS_URL": ""}, 2, "sample: PRINTBUS_NATS_URL is missing: write the server's address"),
        ("setting", {}, 2, "sample: PRINTBUS_SN is missing: write it."),
        ("bus", {}, 1, "sample: no NATS server lets us in"),
    ],
)
def test_what_keeps_it_from_starting_is_one_sentence(how, environment, code, sentence):
    found, _, err = ended(run(how, **environment))
    assert found == code
    assert err.splitlines()[-1].startswith(sentence)
    assert "Traceback" not in err


def test_it_is_not_ready_before_it_has_started():
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    process = run("slow", PRINTBUS_METRICS_PORT=str(port))
    assert process.stdout.readline() == "starting\n"
    answer = httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False)
    process.send_signal(signal.SIGTERM)
    ended(process)
    assert answer.status_code == 503
    assert answer.json()["problems"]["sample"]["start"] == "it has not started yet"
