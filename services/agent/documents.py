"""Documents of orders: inline, or fetched ahead to local disk within a budget, their length and SHA-256 verified."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from libs.contracts.documents import Inline, Stored
from libs.contracts.ids import job_name
from libs.contracts.orders import PrintDocument

log = structlog.get_logger()

Locate = Callable[[PrintDocument], Awaitable[str]]
"""Asks for the HTTP address of an order's document. Raises `MissingError` when there is none, `OSError` when nobody answers."""

#: Seconds for which it must be said that a document is not there, before it is believed: whoever says so may have just begun.
GONE_AFTER = 600.0
#: Tries of which nobody is told.
UNTOLD = 4
_PIECE = 256 * 1024
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_MISMATCHES = 3


class MissingError(Exception):
    """The document cannot be had: the sentence says why, for people."""


@dataclass(frozen=True, slots=True)
class Content:
    """A document on this machine: in memory, or a file."""

    media_type: str
    data: bytes
    path: Path | None

    async def read(self) -> bytes:
        """All bytes."""
        return await asyncio.to_thread(self.path.read_bytes) if self.path else self.data

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes in pieces of up to 256 KiB."""
        if self.path is None:
            for start in range(0, len(self.data), _PIECE):
                yield self.data[start : start + _PIECE]
            return
        file = await asyncio.to_thread(self.path.open, "rb")
        with file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece


class Documents:
    """The folder of fetched documents. `budget` in bytes bounds what is fetched ahead, never what a printer waits for."""

    def __init__(
        self, folder: Path, locate: Locate, budget: int, client: httpx.AsyncClient, gone_after: float = GONE_AFTER
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._locate = locate
        self._budget = budget
        self._client = client
        self._gone_after = gone_after
        self._held: dict[str, int] = {}
        self._freed = asyncio.Event()

    async def fetch(self, order: PrintDocument, wanted: asyncio.Event, tell: Callable[[str], object] = str) -> Content:
        """The order's document. Waits while the budget is used up, until the printer is waiting for it (`wanted`).

        Tried again for as long as the line is down; a printer that waits for it is told why (`tell`). Raises `MissingError` when
        the document is gone or is not the one that was ordered.
        """
        content, media_type = order.document.content, order.document.media_type
        if isinstance(content, Inline):
            return Content(media_type, content.data, None)
        name = job_name(order.task, order.attempt)
        path = self._folder / name
        await self._reserve(name, content.size, wanted)
        if not await asyncio.to_thread(_holds, path, content):
            await self._fetch(order, content, path, lambda why: tell(why) if wanted.is_set() else None)
        return Content(media_type, b"", path)

    async def drop(self, order: PrintDocument) -> None:
        """The document is not needed any more."""
        name = job_name(order.task, order.attempt)
        if self._held.pop(name, None) is None:
            return
        for path in (self._folder / name, self._folder / f"{name}.part"):
            await asyncio.to_thread(path.unlink, missing_ok=True)
        freed, self._freed = self._freed, asyncio.Event()
        freed.set()

    def sweep(self, keep: set[str]) -> None:
        """Remove what belongs to no open attempt; `keep` are job names. Blocking: for the start."""
        for path in self._folder.iterdir():
            if path.name not in keep:
                path.unlink(missing_ok=True)

    async def _reserve(self, name: str, size: int, wanted: asyncio.Event) -> None:
        while sum(self._held.values()) + size > self._budget and not wanted.is_set():
            waits = [asyncio.ensure_future(self._freed.wait()), asyncio.ensure_future(wanted.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        self._held[name] = size

    async def _fetch(self, order: PrintDocument, content: Stored, path: Path, tell: Callable[[str], object]) -> None:
        mismatches, tries, gone_at = 0, 0, 0.0
        while True:
            try:
                await self._download(await self._locate(order), content, path)
            except _MismatchError as error:
                mismatches += 1
                if mismatches == _MISMATCHES:
                    raise MissingError(f"The document of {order.task} is not the one that was ordered: {error}.") from error
            except (httpx.HTTPError, OSError) as error:
                log.info("document not fetched", task=order.task, error=type(error).__name__, tries=tries + 1)
                now = asyncio.get_running_loop().time()
                gone_at = (gone_at or now) if _gone(error) else 0.0
                if gone_at and now - gone_at >= self._gone_after:
                    raise MissingError(f"The document of {order.task} is not there any more: it has to be sent again.") from error
                if tries >= UNTOLD:
                    tell("The agent does not get its document now; it goes on when it does.")
            else:
                return
            await asyncio.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
            tries += 1

    async def _download(self, url: str, content: Stored, path: Path) -> None:
        part = path.with_name(f"{path.name}.part")
        digest, length = hashlib.sha256(), 0
        with contextlib.closing(await asyncio.to_thread(part.open, "wb")) as file:
            async with self._client.stream("GET", url) as answer:
                answer.raise_for_status()
                async for piece in answer.aiter_bytes(_PIECE):
                    length += len(piece)
                    if length > content.size:
                        raise _MismatchError(f"it is longer than {content.size} bytes")
                    digest.update(piece)
                    await asyncio.to_thread(file.write, piece)
        if length != content.size:
            raise _MismatchError(f"it has {length} bytes instead of {content.size}")
        if digest.hexdigest() != content.sha256:
            raise _MismatchError("its SHA-256 is another one")
        await asyncio.to_thread(part.replace, path)


class _MismatchError(Exception):
    """What came is not what was ordered."""


def _gone(error: Exception) -> bool:
    """Whether whoever keeps documents says that this one is not there."""
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code in (404, 410)


def _holds(path: Path, content: Stored) -> bool:
    """Whether the file was fetched whole, before a restart."""
    try:
        if path.stat().st_size != content.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == content.sha256
    except OSError:
        return False
