"""Children die with us, and what a killed one of us left is cleared without touching anybody else's."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from libs.runtime import children
from libs.runtime.children import ChildRecord, started_at, wait_gone
from tests.waiting import turns, until

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]

PARENT = """
import subprocess, sys, time
from pathlib import Path
from libs.runtime import children
record = children.ChildRecord(Path(sys.argv[1]))
child = children.start([sys.executable, "-c", "import time; time.sleep(600)"], record)
print(child.pid, flush=True)
time.sleep(600)
"""

FAMILY = """
import subprocess, sys
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
{end}
"""


@pytest.fixture
def sleeper():
    """A process that is not ours in the record's sense."""
    child = subprocess.Popen(SLEEP, start_new_session=True)
    yield child
    child.kill()
    child.wait()


def test_a_child_dies_when_its_parent_is_killed(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "record")], stdout=subprocess.PIPE, cwd=Path.cwd())
    child = int(parent.stdout.readline())
    assert started_at(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert wait_gone(child, 5)


def test_a_child_that_outlived_its_parent_is_cleared_by_the_next(tmp_path, sleeper):
    record = ChildRecord(tmp_path / "record")
    record.add(sleeper.pid)
    assert ChildRecord(tmp_path / "record").clear() == 1
    assert wait_gone(sleeper.pid, 5)
    assert not (tmp_path / "record").exists()


def test_a_process_that_only_has_the_number_of_one_of_ours_is_left_alone(tmp_path, sleeper):
    path = tmp_path / "record"
    ChildRecord(path).add(sleeper.pid)
    found = json.loads(path.read_text())
    boot, ticks = found[str(sleeper.pid)].split(":")
    for other in (f"{boot}:{int(ticks) - 1}", f"{'0' * len(boot)}:{ticks}", ""):
        path.write_text(json.dumps({str(sleeper.pid): other}))
        assert ChildRecord(path).clear() == 0
    assert sleeper.poll() is None


@pytest.mark.parametrize("content", ["", "{", "[]x", None])
def test_a_record_that_is_broken_or_not_there_clears_nothing(tmp_path, content):
    path = tmp_path / "record"
    if content is not None:
        path.write_text(content)
    assert ChildRecord(path).clear() == 0


def test_the_record_forgets_who_has_ended(tmp_path, sleeper):
    path = tmp_path / "record"
    record = ChildRecord(path)
    short = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    record.add(short.pid)
    short.wait()
    record.add(sleeper.pid)
    assert list(json.loads(path.read_text())) == [str(sleeper.pid)]


def test_a_stop_takes_the_whole_family(tmp_path):
    child = children.start([sys.executable, "-c", FAMILY.format(end="import time; time.sleep(600)")], stdout=subprocess.PIPE)
    grandchild = int(child.stdout.readline())
    children.stop(child, 5)
    child.stdout.close()
    assert child.returncode == -signal.SIGTERM
    assert wait_gone(grandchild, 5)


def test_a_stop_takes_what_outlived_its_own_parent():
    child = children.start([sys.executable, "-c", FAMILY.format(end="")], stdout=subprocess.PIPE)
    grandchild = int(child.stdout.readline())
    child.wait()
    child.stdout.close()
    assert started_at(grandchild)
    children.stop(child, 5)
    assert wait_gone(grandchild, 5)


def test_who_does_not_listen_is_killed_after_the_grace():
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"
    child = children.start([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    child.stdout.readline()
    begun = time.monotonic()
    children.stop(child, 0.2)
    child.stdout.close()
    assert child.returncode == -signal.SIGKILL
    assert time.monotonic() - begun >= 0.2


def test_a_process_is_known_by_its_number_and_its_beginning(sleeper):
    assert started_at(sleeper.pid) == started_at(sleeper.pid) != started_at(os.getpid())
    assert not wait_gone(sleeper.pid, 0.05)
    sleeper.kill()
    assert wait_gone(sleeper.pid, 5), "dead, although nobody has waited for it yet"
    children.kill_group(sleeper.pid)
    sleeper.wait()
    children.kill_group(sleeper.pid)


@pytest.mark.parametrize("told", [True, False], ids=["by the kernel", "by looking"])
async def test_the_end_of_a_child_is_noticed(sleeper, monkeypatch, told):
    if not told:
        monkeypatch.setattr(os, "pidfd_open", lambda _pid: (_ for _ in ()).throw(OSError))
    waiting = asyncio.create_task(children.ended(sleeper, 0.02))
    await turns()
    assert not waiting.done()
    sleeper.kill()
    await until(waiting.done)
    await children.ended(sleeper)  # at once, also of one that is gone
