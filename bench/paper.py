"""What lies on paper, held against what was accepted: lost, doubled, out of order (I1, I2)."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from demo.printers.eve import EvePrinter

#: Seconds without a new sheet after which the rest is held to be lost.
STALLED = 60.0
EVERY = 0.05


class Folder:
    """The paper of a `file` printer: a PDF for each task."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def count(self) -> int:
        return sum(1 for _ in self.path.glob("*.pdf")) if self.path.exists() else 0

    def tasks(self) -> list[str]:
        """The tasks on paper, in the order in which they came."""
        return [file.stem for file in sorted(self.path.glob("*.pdf"), key=lambda each: each.stat().st_mtime_ns)]


class Tray:
    """The paper of an `ippeveprinter`; its jobs are called `<task>.<attempt>`."""

    def __init__(self, printer: EvePrinter) -> None:
        self._log = printer.folder / "paper.log"
        self._printer = printer

    def count(self) -> int:
        return self._log.read_bytes().count(b"\n") if self._log.exists() else 0

    def tasks(self) -> list[str]:
        """The tasks on paper, in the order in which they came; what others printed there is left out."""
        names = (each.job_name for each in self._printer.documents())
        return [name.rpartition(".")[0] for name in names if name.rpartition(".")[2].isdigit()]


async def printed(count: Callable[[], int], wanted: int) -> float:
    """When (perf_counter) so many sheets were there, or no more came for long."""
    seen, since = -1, time.perf_counter()
    while True:
        found = await asyncio.to_thread(count)
        if found > seen:
            seen, since = found, time.perf_counter()
        if seen >= wanted or time.perf_counter() - since > STALLED:
            return since
        await asyncio.sleep(EVERY)


def problems(accepted: Sequence[str], paper: Sequence[str], *, ordered: bool = True) -> list[str]:
    """What is lost, doubled, of nobody, or out of order, in a sentence each."""
    wanted, sheets = set(accepted), Counter(paper)
    found = []
    if lost := len(wanted - sheets.keys()):
        found.append(f"{lost} accepted tasks are not on paper")
    if doubled := sum(1 for task in sheets if sheets[task] > 1):
        found.append(f"{doubled} tasks are on paper more than once")
    if strange := len(sheets.keys() - wanted):
        found.append(f"{strange} sheets are of tasks that nobody was told of")
    if ordered and not found and list(accepted) != list(paper):
        found.append("the order on paper is not the order in which they were accepted")
    return found
