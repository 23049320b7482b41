"""Who goes first on a busy machine: what takes long lets others go before it, with all its threads and its whole session."""

import asyncio
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from services.converter import watchdog
from tests.waiting import until

SPIN = "import threading\ndef spin():\n while True: pass\nthreading.Thread(target=spin).start()\nprint(flush=True)\nspin()"
#: A child that works, and one that waits.
FAMILY = f"import subprocess, sys\nfor code in ({SPIN!r}, 'input()'): subprocess.Popen([sys.executable, '-c', code, '--kind=x'])\n"


@contextmanager
def started(code):
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, text=True
    )
    try:
        assert process.stdout.readline() == "\n"
        yield process.pid
    finally:
        os.killpg(process.pid, 9)
        process.communicate()


def priorities(pid):
    return {os.getpriority(os.PRIO_PROCESS, int(each.name)) for each in Path(f"/proc/{pid}/task").iterdir()}


def test_all_threads_and_the_session_give_way():
    with started(SPIN) as pid:
        assert watchdog.give_way(pid, others_first=True)
        assert priorities(pid) == {5}
        group = Path(f"/proc/{pid}/autogroup")
        assert not group.exists() or group.read_text().endswith("nice 5\n")


async def test_of_a_group_those_give_way_that_have_worked_long():
    with started(FAMILY + "input()") as pid:
        slowed: set[int] = set()
        pacing = asyncio.create_task(watchdog.pace(pid, "--kind=x", 0.2, lambda: True, slowed))
        try:
            children = watchdog.members(pid)[1:]
            await until(lambda: sorted(map(max, map(priorities, children))) == [0, 10], what="one of the two gives way")
            await until(lambda: len(slowed) == 1, what="it is told")
            os.kill(*slowed, 9)
            await until(lambda: slowed == set(), what="and that it is no more")
        finally:
            pacing.cancel()
        assert priorities(pid) == {0}
