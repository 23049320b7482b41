"""An eye on a printer that should be taking something: it is told to be stopped when it does not, and given up in the end."""

import asyncio
from types import TracebackType
from typing import Self

from services.agent.attempt import Attempt

#: How long a printer may take nothing before its task says so, in seconds.
NOT_READING = 5.0


class Stall:
    """While the context lasts, `progress` is to be called for whatever the printer takes or answers."""

    def __init__(self, attempt: Attempt, printer: str, limit: float = float("inf")) -> None:
        self._attempt = attempt
        self._printer = printer
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._watch(NOT_READING)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._timer:
            self._timer.cancel()
        if kind is None:
            self._attempt.resume()

    def progress(self) -> None:
        """The printer has taken something."""
        self._since = self._loop.time()
        self._attempt.resume()

    @property
    def slow(self) -> bool:
        """Whether it has not taken anything for a while."""
        return self._loop.time() - self._since > 0.1

    @property
    def over(self) -> bool:
        """Whether it has not taken anything for longer than the limit."""
        return self._loop.time() - self._since > self._limit

    def _watch(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        idle = self._loop.time() - self._since
        if idle >= NOT_READING:
            message = f"The printer {self._printer} is not reading: it has taken nothing for {NOT_READING:.0f} seconds."
            self._attempt.stop("timed-out", message)
            self._watch(NOT_READING)
        else:
            self._watch(NOT_READING - idle)
