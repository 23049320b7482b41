"""A converting program that is started for every document, as a shell script would: soffice, chromium."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

#: Seconds that a document may take.
PATIENCE = 120.0


async def seconds(argv: Sequence[str], made: Path, environment: dict[str, str]) -> float:
    """What one start takes until the program has ended; `made` is what must be there then. Raises RuntimeError."""
    begun = time.perf_counter()
    child = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment
    )
    said, _ = await asyncio.wait_for(child.communicate(), PATIENCE)
    taken = time.perf_counter() - begun
    if child.returncode or not await asyncio.to_thread(_is_pdf, made):
        raise RuntimeError(f"{argv[0]} made no PDF: {said.decode(errors='replace')[-500:].strip()}")
    return taken


def _is_pdf(path: Path) -> bool:
    """Whether it is one; it is gone afterwards, so that nobody takes it for the next one."""
    found = path.exists() and path.read_bytes().startswith(b"%PDF")
    path.unlink(missing_ok=True)
    return found


def soffice(folder: Path, source: Path) -> tuple[list[str], Path, dict[str, str]]:
    """A cold `soffice --convert-to pdf` with a profile that is there already."""
    argv = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "pdf"]
    return [*argv, "--outdir", str(folder), str(source)], folder / f"{source.stem}.pdf", environment(folder)


def chromium(program: str, folder: Path, source: Path) -> tuple[list[str], Path, dict[str, str]]:
    """A cold browser that prints one page, with a profile that is there already."""
    made = folder / "chromium.pdf"
    profile = folder / f"profile-{program}"
    argv = [program, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--no-pdf-header-footer"]
    return [*argv, f"--print-to-pdf={made}", source.as_uri()], made, environment(folder)


def environment(folder: Path) -> dict[str, str]:
    """What these programs need of one."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
