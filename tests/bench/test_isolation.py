"""A measure that fails, hangs or leaves processes behind does not harm the others."""

import json
import subprocess
import sys
import textwrap

from bench import isolation
from bench.measure import Measure, at_least
from bench.run import Run
from tests.waiting import until

PROGRAM = """
import asyncio, json, subprocess, sys
from bench import isolation
from bench.measure import Measure, at_least

async def nothing(run): ...

isolation.adopt_orphans()
one = Measure(number="P99", title="none", against="nobody", expected=0.1, take=nothing, goals=(at_least("some", 1),), limit={limit})
{before}
found = isolation.take([one], rounds=1, quick=True)
print(json.dumps(found["P99"]))
"""
HANGS = """
real = isolation.children.start
def hang(argv, **options):
    program = "import subprocess, time; subprocess.Popen(['sleep', '4711.5'], start_new_session=True); time.sleep(600)"
    return real([sys.executable, "-c", program], **options)
isolation.children.start = hang
"""


def taken(before: str = "", limit: float = 30) -> tuple[dict, str]:
    program = textwrap.dedent(PROGRAM).format(before=before, limit=limit)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def test_a_measure_that_fails_says_why():
    found, _ = taken()  # the child knows no P99
    assert found["state"] == "failed"
    assert "P99" in found["reason"]
    assert [each["met"] for each in found["results"]] == [False]


def test_what_is_complete_stands_though_what_is_taken_with_it_fails(monkeypatch):
    async def nothing(_run): ...

    goals = (at_least("some", 1),)
    both = [Measure(number=number, title="", against="", expected=1, take=nothing, goals=goals) for number in ("P98", "P99")]

    def fail(group, home, written, _log, _options):
        run = Run(group, home, written)
        for number in ("P98", "P99"):
            run.record("ours", "tasks/s", 2.0, of=number)
            run.compare("some", "ours", of=number)
        run.complete(of="P98")
        return "the second half broke"

    monkeypatch.setattr(isolation, "_run", fail)
    found = isolation.take(both, rounds=1, quick=True)
    assert [(found[number]["state"], found[number]["results"][0]["met"]) for number in ("P98", "P99")] == [
        ("measured", True),
        ("failed", False),
    ]
    assert found["P99"]["reason"] == "the second half broke"
    assert found["P99"]["series"]["ours"]["values"] == [2.0], "what there was before stays to be seen"


async def test_a_measure_that_hangs_is_ended_with_all_that_it_started():
    found, _ = taken(HANGS, limit=1.5)
    assert found["reason"] == "it was not done within 2 s"
    await until(lambda: not _sleeping(), what="its orphan is gone")


def _sleeping() -> bool:
    return subprocess.run(["pgrep", "-f", "^sleep 4711.5$"], capture_output=True, check=False).returncode == 0
