"""A running installation as those who watch over it see it: `doctor`, what tests the way, and the audit log."""

import asyncio
import json
import subprocess
import sys

import httpx
import pytest

from tests.integration.installation import ROOT, installation
from tests.waiting import until


async def verb(office, *words):
    """(exit code, what it wrote as JSON) of a verb on this installation."""
    argv = [sys.executable, "-m", "services", *words, "--json"]
    done = await asyncio.to_thread(
        subprocess.run, argv, cwd=ROOT, env=office.environment(), capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.timeout(120)
async def test_a_running_server_is_examined_tests_its_way_and_remembers_who_meddled(tmp_path):
    settings = {"CONVERTER_ENGINES": '["text", "raw"]', "CANARY_PERIOD": "1", "CANARY_PATIENCE": "20"}
    async with installation(tmp_path, [f"file://{tmp_path}/paper?name=Paper"], **settings) as office:
        await office.start()
        await office.device("Paper")
        await _comes_back(office)
        await office.call("pauseDevice", deviceName="Paper")
        await office.call("resumeDevice", deviceName="Paper")
        code, rows = await verb(office, "audit")
        assert code == 0
        assert [(row["action"], row["what"]) for row in rows][-2:] == [
            ("printer paused", f"{office.sn}/Paper"),
            ("printer resumed", f"{office.sn}/Paper"),
        ]
        await _is_examined(office)


async def _comes_back(office):
    async def told():
        answer = await httpx.AsyncClient(trust_env=False).get(f"{office.url}/metrics")
        lines = dict(line.rpartition(" ")[::2] for line in answer.text.splitlines() if not line.startswith("#"))
        return lines if float(lines.get('gateway_canary_seconds_count{outcome="printed"}', 0)) >= 2 else None

    lines = await until(told, 30, "what tests the way comes back", every=0.2)
    assert (float(lines["gateway_canary_sites"]), float(lines["gateway_canary_silent"])) == (1, 0)
    assert 'gateway_canary_seconds_count{outcome="late"}' not in lines
    assert not [name for name in lines if name.startswith("spooler_tasks_ended_total")], "it is in nobody's accounts"
    assert await office.statuses() == {}
    assert not list((office.folder / "paper").glob("*"))


async def _is_examined(office):
    """What `doctor` finds; what this machine lacks may vary, so only what is well for certain is looked at."""
    _, found = await verb(office, "doctor")
    assert {each["level"] for each in found} <= {"well", "poor", "bad"}
    wrong = {(each["what"], each["says"]) for each in found if each["level"] == "bad"}
    engines = {"html", "office", "image", "pdf"}
    assert {what for what, _ in wrong} <= {"converter lanes"}, wrong
    assert {says.rpartition(" ")[2] for what, says in wrong if what == "converter lanes"} == engines
    well = {each["what"] for each in found if each["level"] == "well"}
    assert {"disk", "keys", "bus", "ledger", "printers", "database", "clock"} <= well, well
    assert all(each["todo"] for each in found if each["level"] != "well")
    (printers,) = [each["says"] for each in found if each["what"] == "printers" and each["level"] == "well"]
    assert printers == "1 printers: 1 idle"
