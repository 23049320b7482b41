"""LibreOffice in lanes: each a sealed group of one soffice and the worker that speaks to it."""

import asyncio
import json
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.converter import fonts, sandbox, watchdog
from services.converter.pool import EngineDied, EngineLate, OutOfMemory
from services.converter.sandbox import Sandbox
from services.converter.settings import ConverterSettings

_HERE = Path(__file__).parent
_START = 75.0
_ROOM = 4


@dataclass(frozen=True, slots=True)
class OfficeJob:
    """One document for a lane: its import filters in the order to try, its export filter, and its pages where the ticket says.

    `sheet` is width and height upright, in 1/100 mm.
    """

    suffix: str
    filters: tuple[str, ...]
    export: str
    landscape: bool | None = None
    sheet: tuple[int, int] | None = None


#: By the suffix that says what a document is: import filters, best first, and the export filter.
FILTERS: dict[str, tuple[tuple[str, ...], str]] = {
    "docx": (("MS Word 2007 XML",), "writer_pdf_Export"),
    "doc": (("MS Word 97", "MS Word 95", "MS WinWord 6.0"), "writer_pdf_Export"),
    "xlsx": (("Calc MS Excel 2007 XML",), "calc_pdf_Export"),
    "xlsb": (("Calc MS Excel 2007 Binary",), "calc_pdf_Export"),
    "xls": (("MS Excel 97", "MS Excel 95", "MS Excel 5.0/95"), "calc_pdf_Export"),
    "pptx": (("Impress MS PowerPoint 2007 XML",), "impress_pdf_Export"),
    "ppt": (("MS PowerPoint 97",), "impress_pdf_Export"),
    "odt": (("writer8",), "writer_pdf_Export"),
    "ods": (("calc8",), "calc_pdf_Export"),
    "odp": (("impress8",), "impress_pdf_Export"),
    "odg": (("draw8",), "draw_pdf_Export"),
    "wps": (("MS_Works",), "writer_pdf_Export"),
}


class Lane:
    """One LibreOffice. It converts one document at a time."""

    def __init__(self, settings: ConverterSettings, box: Sandbox) -> None:
        self._settings, self._box = settings, box
        self._process: asyncio.subprocess.Process | None = None
        self._folder: Path | None = None
        self._count = 0
        self._broken = self._over = False

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None and not self._broken

    @property
    def pid(self) -> int:
        """The leader of the lane's process group; 0 before it is started."""
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        self._folder = folder = self._box.folder("office")
        await asyncio.to_thread(self._furnish, folder)
        home = self._box.home(folder)
        spec = self._box.spec(folder, file=_ROOM * self._settings.max_document)
        self._process = await asyncio.create_subprocess_exec(
            *sandbox.prefix(spec),
            *(str(self._settings.office_python), "-I", f"{home}/worker.py"),
            *(str(self._settings.soffice), home, folder.name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._box.environment(folder),
            start_new_session=True,
        )
        async with asyncio.timeout(_START):
            await self._receive()

    async def close(self) -> None:
        if self._process and self._folder:
            await sandbox.end(self._process, self._folder)

    async def convert(self, source: Path, result: Path, job: OfficeJob) -> str:
        """Render `source` to the PDF `result`. The failure that LibreOffice met, or an empty string.

        Raises `EngineDied` or `EngineLate`; the lane is dead then.
        """
        assert self._folder is not None  # noqa: S101 - started
        self._count += 1
        # A path of its own for every document: a lock file of a killed run would spoil the next.
        inside = self._folder / str(self._count)
        self._broken, self._over = True, False  # until it has answered
        try:
            await asyncio.to_thread(_carry_in, source, inside, job.suffix)
            reply = await self._ask(self._request(job))
            if not reply.get("failure"):
                await asyncio.to_thread(carry_out, inside / "result.pdf", result)
            self._broken = False
        except TimeoutError:
            raise EngineLate from None
        except EngineDied:
            raise (OutOfMemory if self._over else EngineDied) from None
        finally:
            if self._broken:
                sandbox.kill(self.pid)
            await asyncio.to_thread(shutil.rmtree, inside, ignore_errors=True)
        return str(reply.get("failure", ""))

    def _furnish(self, folder: Path) -> None:
        profile = folder / "profile" / "user"
        profile.mkdir(parents=True)
        shutil.copyfile(_HERE / "lane" / "worker.py", folder / "worker.py")
        shutil.copyfile(_HERE / "lane" / "profile.xcu", profile / "registrymodifications.xcu")
        fonts.install(folder)
        for path in (folder / "profile", profile, *folder.rglob("*.xcu")):
            # The lane's user, who is not known before it starts, writes its settings there.
            path.chmod(0o777 if path.is_dir() else 0o666)

    def _request(self, job: OfficeJob) -> bytes:
        assert self._folder is not None  # noqa: S101 - started
        home = f"{self._box.home(self._folder)}/{self._count}"
        request = {
            "source": f"{home}/source.{job.suffix}",
            "result": f"{home}/result.pdf",
            "filters": job.filters,
            "export": job.export,
            "landscape": job.landscape,
            "sheet": job.sheet,
        }
        return json.dumps(request).encode() + b"\n"

    async def _ask(self, request: bytes) -> dict[str, Any]:
        assert self._process is not None  # noqa: S101 - started
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        self._process.stdin.write(request)
        async with asyncio.timeout(self._settings.convert_timeout):
            async with watchdog.watched(self.pid, self._settings.engine_memory, self._stop):
                return await self._receive()

    async def _receive(self) -> dict[str, Any]:
        assert self._process is not None  # noqa: S101 - started
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        try:
            line = await self._process.stdout.readline()
            reply: dict[str, Any] = json.loads(line)
        except ValueError:
            raise EngineDied from None
        return reply

    def _stop(self) -> None:
        self._over = True
        sandbox.kill(self.pid)


def _carry_in(source: Path, inside: Path, suffix: str) -> None:
    inside.mkdir()
    inside.chmod(0o777)  # below the lane's closed folder; its user writes the result here
    copy = inside / f"source.{suffix}"
    shutil.copyfile(source, copy)
    copy.chmod(0o644)


def carry_out(inside: Path, result: Path) -> None:
    """Copy an engine's result; anything but a plain file there is an attempt to make us read something else."""
    try:
        descriptor = os.open(inside, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise EngineDied from None
    with os.fdopen(descriptor, "rb") as made, result.open("wb") as kept:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise EngineDied
        shutil.copyfileobj(made, kept)
