"""`lp`, called again and again: for a private cupsd whose queue takes jobs, and through an everywhere queue to a printer."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.printers.cupsd import PrivateCupsd
from demo.printers.eve import EvePrinter

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
QUEUE, EVERYWHERE = "Bench", "Everywhere"
#: Seconds within which a job must have come out.
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Lp:
    """A cupsd of our own with a queue that prints nothing."""

    cupsd: PrivateCupsd

    async def print(self, document: Path, queue: str = QUEUE, *options: str) -> None:
        """One call of `lp`. Raises RuntimeError with what it said when it fails."""
        await said("lp", "-h", self.cupsd.server, "-d", queue, *options, str(document))

    async def accepted_per_second(self, document: Path, jobs: int) -> float:
        """The rate at which a loop of `lp` has so many jobs accepted; they are forgotten afterwards."""
        begun = time.perf_counter()
        for _ in range(jobs):
            await self.print(document, QUEUE, "-o", "raw")
        taken = time.perf_counter() - begun
        await said("cancel", "-h", self.cupsd.server, "-a", "-x", QUEUE)
        return jobs / taken

    async def everywhere(self, printer: EvePrinter) -> None:
        """Add an everywhere queue to a printer."""
        await self.cupsd.add_queue(EVERYWHERE, printer.uri, "everywhere")

    async def delivered_per_second(self, document: Path, printer: EvePrinter, jobs: int) -> float:
        """The rate at which a loop of `lp` has jobs come out of the printer, from its first call to the last sheet."""
        before = len(printer.documents())
        begun = time.perf_counter()
        for _ in range(jobs):
            await self.print(document, EVERYWHERE)
        async with asyncio.timeout(PATIENCE):
            while len(printer.documents()) < before + jobs:  # noqa: ASYNC110 - the printer is another process
                await asyncio.sleep(0.02)
        return jobs / (time.perf_counter() - begun)


@asynccontextmanager
async def lp(folder: Path, *, max_jobs: int) -> AsyncIterator[Lp]:
    """A cupsd with a disabled queue: it takes jobs, stores them durably, and is asked nothing else. All of it is warm."""
    document = folder / "warm.txt"
    document.write_text("warm")
    async with PrivateCupsd(max_jobs=max_jobs) as cupsd:
        await cupsd.add_queue(QUEUE, "file:///dev/null")
        await said("cupsdisable", "-h", cupsd.server, QUEUE)
        made = Lp(cupsd)
        await made.print(document, QUEUE, "-o", "raw")
        yield made


async def said(*command: str) -> str:
    """What one command of CUPS says. Raises RuntimeError with what it said when it fails."""
    pipe = asyncio.subprocess.PIPE
    environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    child = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=environment)
    told, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{command[0]} failed: {told.decode(errors='replace').strip()}")
    return told.decode(errors="replace")
