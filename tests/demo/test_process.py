"""demo/printers/process.py: what was started ends, whatever becomes of who started it."""

import asyncio
import os
import signal
import sys

from demo.printers.process import Process
from tests.demo.processes import alive, command_lines
from tests.waiting import until

ENVIRONMENT = {"PATH": os.environ["PATH"]}
# A shell whose child left its process group, as cupsd's filters do, and ignores a polite signal.
STUBBORN = "trap '' TERM; setsid -f true; (set -m; sleep 300 & echo $! >child); while :; do sleep 1; done"


async def stubborn(folder):
    process = await Process.start("sh", "-c", f"cd {folder}; {STUBBORN}", environment=ENVIRONMENT, log=folder / "log")
    child = folder / "child"
    await until(lambda: child.exists() and child.read_text().strip())
    return process, int(child.read_text())


async def test_a_process_is_ended_with_all_that_came_out_of_it(tmp_path):
    process, child = await stubborn(tmp_path)
    assert alive(child)
    await process.stop(grace=0.2)
    assert not process.running
    await until(lambda: not alive(child))


async def test_a_process_can_be_killed_alone(tmp_path):
    process, child = await stubborn(tmp_path)
    await process.kill(descendants=False)
    assert alive(child)
    await process.kill_descendants()
    await until(lambda: not alive(child))


async def test_what_a_process_says_is_kept(tmp_path):
    process = await Process.start("sh", "-c", "echo no; exit 3", environment=ENVIRONMENT, log=tmp_path / "log")
    await until(lambda: not process.running)
    assert process.said() == "no"


PARENT = """
import asyncio, sys
from pathlib import Path
from demo.printers.eve import EvePrinter

async def main():
    async with EvePrinter(Path(sys.argv[1])) as printer:
        printer.hold()
        print(printer._process.pid, flush=True)
        await asyncio.sleep(300)

asyncio.run(main())
"""


async def test_a_printer_dies_with_a_parent_that_is_killed(tmp_path):
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    printer = int(await parent.stdout.readline())
    assert alive(printer)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: not alive(printer))
    await until(lambda: not command_lines(str(tmp_path)))
