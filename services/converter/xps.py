"""XPS to PDF: one sealed process of `xpstopdf` for each document."""

import asyncio
import shutil
from pathlib import Path

from services.converter import fonts, sandbox, watchdog
from services.converter.domain import Failure, Rejected
from services.converter.libreoffice import carry_out
from services.converter.pool import EngineDied, EngineLate, NoEngine, OutOfMemory
from services.converter.sandbox import Sandbox
from services.converter.settings import ConverterSettings

_ROOM = 4
_BROKEN = "The XPS document is damaged or incomplete; save it anew and send it again."


async def convert(settings: ConverterSettings, box: Sandbox, source: Path, result: Path) -> None:
    """Render `source` to the PDF `result`. Raises `Rejected`, `EngineDied`, `EngineLate`, or `NoEngine` without the program."""
    if not settings.xpstopdf.exists():
        raise NoEngine(f"{settings.xpstopdf} is not there: install libgxps-utils.")
    folder = box.folder("xps")
    try:
        await asyncio.to_thread(_furnish, folder, source)
        process = await _started(settings, box, folder)
        try:
            if await _end(process, settings) or not (folder / "result.pdf").exists():
                raise Rejected(Failure.BROKEN, _BROKEN)
            await asyncio.to_thread(carry_out, folder / "result.pdf", result)
        finally:
            await sandbox.end(process, folder)
    finally:  # also where it could not even be started
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _started(settings: ConverterSettings, box: Sandbox, folder: Path) -> asyncio.subprocess.Process:
    home = box.home(folder)
    spec = box.spec(folder, memory=2 * settings.engine_memory, file=_ROOM * settings.max_document)
    return await asyncio.create_subprocess_exec(
        *sandbox.prefix(spec),
        *(str(settings.xpstopdf), f"{home}/source.xps", f"{home}/result.pdf"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
        env=box.environment(folder),
        start_new_session=True,
    )


async def _end(process: asyncio.subprocess.Process, settings: ConverterSettings) -> int:
    """How the program ended: 0 is well."""
    over = False

    def stop() -> None:
        nonlocal over
        over = True
        sandbox.kill(process.pid)

    try:
        async with asyncio.timeout(settings.convert_timeout):
            async with watchdog.watched(process.pid, settings.engine_memory, stop):
                code = await process.wait()
    except TimeoutError:
        raise EngineLate from None
    if code < 0:
        raise OutOfMemory if over else EngineDied
    return code


def _furnish(folder: Path, source: Path) -> None:
    fonts.install(folder)
    copy = folder / "source.xps"
    shutil.copyfile(source, copy)
    copy.chmod(0o644)
