"""One measure, or some that are taken together, in a process of its own: whatever becomes of it, the others go on."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.measures import all_measures
from bench.run import Run
from libs.runtime.logs import configure


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="+")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--written", type=Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    configure("console", "warning")
    known = all_measures()
    measures = [known[number] for number in given.numbers]
    run = Run(measures, given.folder, given.written, rounds=given.rounds, quick=given.quick)
    run.keep()
    return asyncio.run(_take(run, measures[0].take))


async def _take(run: Run, take: Callable[[Run], Awaitable[None]]) -> int:
    """SIGTERM ends it as Ctrl-C does: what was started is stopped."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await take(run)
    except asyncio.CancelledError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
