"""What we are compared with: `lp`, called again and again for a private cupsd whose queue takes jobs and prints none of them."""

import asyncio
import time
from pathlib import Path

from demo.printers.cupsd import PrivateCupsd

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


async def accepted_per_second(folder: Path, text: str, jobs: int) -> float:
    """The rate at which a loop of `lp` has so many jobs accepted; nothing else is asked of cupsd meanwhile."""
    document = folder / "label.txt"
    document.write_text(text)
    async with PrivateCupsd(max_jobs=jobs + 10) as cupsd:
        await cupsd.add_queue("Bench", "file:///dev/null")
        await _run("cupsdisable", "-h", cupsd.server, "Bench")
        await _run("lp", "-h", cupsd.server, "-d", "Bench", "-o", "raw", str(document))  # everything is in memory now
        begun = time.perf_counter()
        for _ in range(jobs):
            await _run("lp", "-h", cupsd.server, "-d", "Bench", "-o", "raw", str(document))
        return jobs / (time.perf_counter() - begun)


async def _run(*command: str) -> None:
    """Run one command of CUPS. Raises RuntimeError with what it said when it fails."""
    pipe = asyncio.subprocess.PIPE
    environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    child = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT, env=environment)
    said, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"{command[0]} failed: {said.decode(errors='replace').strip()}")
