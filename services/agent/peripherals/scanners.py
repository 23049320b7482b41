"""Scanners as SANE knows them, asked through its own program, which may take its time or hang on a broken device."""

import asyncio
import contextlib
import os
import shutil

import structlog

log = structlog.get_logger()

#: How long the program may search, in seconds: network scanners answer late.
LIMIT = 30.0
#: What is asked of each scanner: the name by which SANE opens it, who made it, what it is called.
_FORMAT = "%d\t%v\t%m%n"
_MOST = 64


async def scanners(path: str | None = None, limit: float = LIMIT) -> list[str]:
    """The names of all scanners, none when there is no `scanimage` on `path` (PATH unless given) or it does not answer in time."""
    program = await asyncio.to_thread(shutil.which, "scanimage", path=path)
    if program is None:
        return []
    child = await asyncio.create_subprocess_exec(
        program,
        f"--formatted-device-list={_FORMAT}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.defpath, "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    try:
        said, _ = await asyncio.wait_for(child.communicate(), limit)
    except TimeoutError:
        log.info("scanners not listed", why=f"scanimage did not answer within {limit:g} s")
        return []
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, 9)
            await child.wait()
    return _names(said.decode(errors="replace").splitlines())


def _names(lines: list[str]) -> list[str]:
    found = []
    for line in lines[:_MOST]:
        device, tab, rest = line.partition("\t")
        # SANE's v4l backend calls every camera a scanner.
        if tab and not device.startswith("v4l:"):
            found.append(" ".join(rest.split()) or device)
    return found
