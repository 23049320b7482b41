"""Lives of an agent without a bus, each in a process that is killed at a point or ends by itself, and what they told."""

import json
import multiprocessing
import signal
from pathlib import Path

from libs.contracts.message import encode
from tests.agent.crash import live
from tests.agent.orders import order, task
from tests.waiting import until

TASKS = 3
ENDS = ("TaskPrinted", "TaskUnknown", "TaskFailed")
#: Processes are forked from one that has everything imported: a life takes a moment, and dies alone.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.agent.crash"])


async def run(folder: Path, point: str, printer: str, uri: str, *, large: bool = False) -> int:
    """One life of the agent; its exit code."""
    orders = folder / "orders"
    content = b"%PDF-1.4\n" + bytes(range(256)) * (1200 if large else 4)
    orders.write_bytes(b"\n".join(encode(order(number, printer=printer, data=content)) for number in range(1, TASKS + 1)))
    process = CONTEXT.Process(target=live, args=(folder, point, orders, uri), daemon=True)
    process.start()
    try:
        await until(lambda: process.exitcode is not None, within=90, what=f"the end of the agent at {point or 'its work'}")
    finally:
        process.kill()
    assert process.exitcode in (0, -signal.SIGKILL), (folder / "log").read_text()
    return process.exitcode


def told(folder: Path) -> dict[str, list[str]]:
    """The kinds of reports of each task, each report once by its id: what the spooler makes of them."""
    seen, kinds = set(), {}
    for line in (folder / "reports").read_text().splitlines():
        entry = json.loads(line)
        if entry["id"] not in seen:
            seen.add(entry["id"])
            kinds.setdefault(entry["report"]["task"], []).append(entry["report"]["kind"])
    return kinds


async def crash_and_recover(folder: Path, point: str, printer: str, uri: str, *, large: bool = False) -> dict[str, list[str]]:
    """Killed at a point, and lived once more to the end of its work: each task was taken once and ended once."""
    assert await run(folder, point, printer, uri, large=large) == -signal.SIGKILL, f"{point} was never passed"
    assert await run(folder, "", printer, uri, large=large) == 0
    kinds = told(folder)
    for number in range(1, TASKS + 1):
        assert "TaskTaken" not in kinds[task(number)][1:], "it is told first, and once, or by what follows from it"
        assert len([kind for kind in kinds[task(number)] if kind in ENDS]) == 1, kinds
    return kinds


def names(suffix: str = ".1") -> list[str]:
    """What lies on paper when each task was printed once, in order."""
    return [f"{task(number)}{suffix}" for number in range(1, TASKS + 1)]
