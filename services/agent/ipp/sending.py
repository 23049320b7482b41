"""A document on its way into a printer, with an eye on whether the printer takes it."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from libs.runtime.crashpoint import crashpoint
from services.agent.attempt import Attempt

#: How long a printer may take no data before its task says so, in seconds.
NOT_READING = 10.0
#: Documents up to this many bytes go in one piece.
SMALL = 64 * 1024


class Sending:
    """While the context lasts, a printer that takes no data for `NOT_READING` seconds is told to be stopped."""

    def __init__(self, attempt: Attempt, printer: str) -> None:
        self._attempt = attempt
        self._printer = printer
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self.progress()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._timer:
            self._timer.cancel()
        if kind is None:
            self._attempt.resume()

    def progress(self) -> None:
        """The printer has taken something."""
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(NOT_READING, self._stalled)
        self._attempt.resume()

    async def document(self) -> bytes | AsyncIterator[bytes]:
        """The document, in one piece or as pieces that count as progress."""
        content = self._attempt.content
        if content.path is None and len(content.data) <= SMALL:
            return content.data
        return self._pieces()

    async def _pieces(self) -> AsyncIterator[bytes]:
        first = True
        async for piece in self._attempt.content.pieces():
            self.progress()
            yield piece
            if first:
                crashpoint("agent-mid-document")
                first = False

    def _stalled(self) -> None:
        message = f"The printer {self._printer} has not been reading for {NOT_READING:.0f} seconds."
        self._attempt.stop("timed-out", message)
