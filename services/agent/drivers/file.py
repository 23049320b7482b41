"""Driver `file`: a folder in which each task becomes one file, whole or not at all, under a name of its own."""

import asyncio
import contextlib
import os
import queue
import re
import threading
import time
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

import structlog

from libs.contracts.devices import Capabilities, CustomMedia, MediaSupport, PrinterState
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE
from libs.contracts.tickets import Collate, ColorMode, Margins, Media, Orientation, Quality, Sides
from libs.runtime.crashpoint import crashpoint
from services.agent import raw
from services.agent.attempt import Attempt
from services.agent.domain import Means, Outcome, Printed, Sight
from services.agent.drivers import Declined, Fault, Found, Seen
from services.agent.printer_uri import PrinterUri

log = structlog.get_logger()

_PART = re.compile(r"\.[A-Za-z0-9._-]+\.part")
_STEP = 1_000  # ns between two times of modification: what survives a float of seconds
_DAY = 86_400
#: What a file is called after what is in it.
_SUFFIXES = {"application/pdf": ".pdf", RAW_MEDIA_TYPE: ".raw", ESCPOS_MEDIA_TYPE: ".escpos"}

_SHEETS = {
    "iso_a4_210x297mm": (21000, 29700),
    "iso_a3_297x420mm": (29700, 42000),
    "iso_a5_148x210mm": (14800, 21000),
    "iso_a6_105x148mm": (10500, 14800),
    "iso_b5_176x250mm": (17600, 25000),
    "jis_b5_182x257mm": (18200, 25700),
    "na_letter_8.5x11in": (21590, 27940),
    "na_legal_8.5x14in": (21590, 35560),
    "na_ledger_11x17in": (27940, 43180),
    "na_index-4x6_4x6in": (10160, 15240),
}

#: Everything that does not need ink: any sheet, sides and colour as they come; copies are pages of the document, and grey is
#: made in it.
CAPABILITIES = Capabilities(
    colors=(ColorMode.COLOR, ColorMode.MONOCHROME, ColorMode.AUTO),
    monochrome=False,
    default_color=ColorMode.COLOR,
    orientations=tuple(Orientation),
    default_orientation=Orientation.PORTRAIT,
    collates=tuple(Collate),
    default_collate=Collate.COLLATED,
    qualities=tuple(Quality),
    default_quality=Quality.NORMAL,
    sides=tuple(Sides),
    default_sides=Sides.ONE_SIDED,
    media=tuple(MediaSupport(Media(*size, name), Margins(0, 0, 0, 0)) for name, size in _SHEETS.items()),
    default_media=Media(21000, 29700, "iso_a4_210x297mm"),
    custom_media=CustomMedia(1000, 500000, 1000, 500000),
    resolutions=(300, 600),
    finishings=("none",),
    default_finishings=("none",),
    make_and_model="Printbus folder",
)


def connect(uri: PrinterUri) -> "Folder":
    """`file:///some/folder?name=Paper`. The folder is made when it is not there.

    With `raster=escpos` it is a receipt printer: what such a one would be sent lies in its files.
    """
    if uri.host not in ("", "localhost") or not uri.path.startswith("/"):
        raise ValueError(f"{uri.raw} does not name a folder of this machine; write file:///some/folder?name=Paper")
    return Folder(uri)


@dataclass(slots=True)
class _Sheet:
    """A document on its way into the folder."""

    attempt: Attempt
    future: asyncio.Future[None]


class Folder:
    """Driver and printer in one. A thread writes all documents that wait, in order, and syncs the folder once for them."""

    means = Means.NAME
    window = 64

    def __init__(self, uri: PrinterUri) -> None:
        self.name = uri.name
        self.unknown = uri.unknown
        self.resume = uri.resume
        self.partial = uri.partial
        self._capabilities = raw.offered(CAPABILITIES, uri, passes=True)
        self.seen = Seen(capabilities=self._capabilities)
        self._folder = Path(uri.path)
        self._queue: queue.SimpleQueue[_Sheet | None] = queue.SimpleQueue()
        self._pending: dict[str, asyncio.Future[None]] = {}
        self._last = 0
        self._thread: threading.Thread | None = None

    async def run(self, found: Found) -> None:
        """Make the folder and write into it; a folder that cannot be made is asked for again."""
        while True:
            try:
                self._last = await asyncio.to_thread(self._open)
                break
            except OSError as error:
                log.warning("folder not usable", printer=self.name, error=error.strerror)
                self.seen = Seen(PrinterState.UNREACHABLE, ("connecting-to-device",), capabilities=self._capabilities)
                found([self])
                await asyncio.sleep(2)
        self.seen = Seen(capabilities=self._capabilities)
        found([self])
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._queue.put(None)
            self._thread = None

    async def prepare(self, attempt: Attempt) -> None:
        """Refuse what no file of this folder is made for; the folder's thread does everything else, many at a time."""
        formats, media_type = self._capabilities.formats, attempt.content.media_type
        if media_type not in formats:
            raise Declined("unsupported-document-format", f"The folder {self.name} takes {' or '.join(formats)}, not {media_type}.")

    async def put(self, attempt: Attempt) -> None:
        attempt.commit()
        future = asyncio.get_running_loop().create_future()
        self._pending[attempt.name] = future
        self._queue.put(_Sheet(attempt, future))
        if self._thread is None:  # most folders of an agent with a thousand of them have nothing to do
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._work, args=(loop,), name=f"folder {self.name}", daemon=True)
            self._thread.start()

    async def follow(self, attempt: Attempt) -> Outcome:
        future = self._pending.pop(attempt.name, None)
        if future:
            await future
        return Printed(pages=attempt.order.document.pages)

    async def look(self, attempt: Attempt) -> Sight:
        return Sight.ENDED if await asyncio.to_thread(self._target(attempt).exists) else Sight.ABSENT

    async def release(self, attempt: Attempt) -> None:
        raise AssertionError(f"a folder does not hold {attempt.name}")

    async def discard(self, attempt: Attempt) -> None:
        await asyncio.to_thread(self._part(attempt).unlink, missing_ok=True)

    def _target(self, attempt: Attempt) -> Path:
        number = attempt.order.attempt
        again = "" if number == 1 else f".{number}"
        suffix = _SUFFIXES.get(attempt.order.document.media_type, ".bin")
        return self._folder / f"{attempt.order.task}{again}{suffix}"

    def _part(self, attempt: Attempt) -> Path:
        return self._folder / f".{attempt.name}.part"

    def _open(self) -> int:
        """Make the folder and clear it of old remnants; the newest time of modification in it, in ns since 1970."""
        self._folder.mkdir(parents=True, exist_ok=True)
        newest = 0
        with os.scandir(self._folder) as entries:
            for entry in entries:
                modified = entry.stat(follow_symlinks=False).st_mtime_ns
                if _PART.fullmatch(entry.name) and modified < time.time_ns() - _DAY * 1_000_000_000:
                    Path(entry.path).unlink()
                newest = max(newest, modified if entry.name.endswith(tuple(_SUFFIXES.values())) else 0)
        return newest

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """The thread: everything that waits is written, then synced, then named in order, then told."""
        while (first := self._queue.get()) is not None:
            sheets = [first]
            with contextlib.suppress(queue.Empty):
                while (sheet := self._queue.get_nowait()) is not None:
                    sheets.append(sheet)
                self._queue.put(None)
            errors = self._print(sheets)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_tell, sheets, errors)

    def _print(self, sheets: list[_Sheet]) -> dict[str, OSError]:
        """What could not be written, by name. One that fails takes the others with it; those with their names are found again."""
        try:
            with contextlib.ExitStack() as stack:
                # All are written before the first is synced: one commit of the file system serves them all.
                files = [stack.enter_context(self._write(sheet.attempt)) for sheet in sheets]
                for file in files:
                    os.fsync(file.fileno())
            crashpoint("agent-file-written")
            for sheet in sheets:
                self._publish(sheet.attempt)
            self._sync_folder()
        except OSError as error:
            return {sheet.attempt.name: error for sheet in sheets}
        return {}

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, attempt: Attempt) -> FileIO:
        """The document under a temporary name, still open."""
        content = attempt.content
        file = FileIO(self._part(attempt), "wb")
        try:
            view = memoryview(content.path.read_bytes() if content.path else content.data)
            while view:
                view = view[file.write(view) :]
        except BaseException:
            file.close()
            raise
        return file

    def _publish(self, attempt: Attempt) -> None:
        """Give it its name, once: what has that name already was printed before a crash."""
        part = self._part(attempt)
        self._last = max(time.time_ns(), self._last + _STEP)
        os.utime(part, ns=(self._last, self._last))
        with contextlib.suppress(FileExistsError):
            os.link(part, self._target(attempt))
        part.unlink()


def _tell(sheets: list[_Sheet], errors: dict[str, OSError]) -> None:
    for sheet in sheets:
        if sheet.future.done():
            continue
        error = errors.get(sheet.attempt.name)
        if error is None:
            sheet.future.set_result(None)
        else:
            sheet.future.set_exception(Fault("media-full", f"The folder cannot be written: {error.strerror}."))
