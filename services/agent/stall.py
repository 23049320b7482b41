"""An eye on a printer that should be taking something: it is told to be stopped when it does not, and given up in the end."""

import asyncio
from types import TracebackType
from typing import Self

from services.agent.attempt import Attempt

#: How long a printer may take nothing before its task says so, in seconds.
NOT_READING = 5.0
#: Seconds after which a printer that takes nothing has given up on the document, unless the settings say otherwise.
LIMIT = 600.0
#: Bytes per second below which it counts as taking nothing; the slowest serial line carries ten times as many.
CRAWL = 100


class Stall:
    """While the context lasts, `progress` is to be called for whatever the printer takes or answers."""

    def __init__(self, attempt: Attempt, printer: str, limit: float = float("inf")) -> None:
        self._attempt = attempt
        self._printer = printer
        self._loop = asyncio.get_running_loop()
        self._moved = self._loop.time()
        self._heard = _Stretch(self._moved, NOT_READING)
        self._alive = _Stretch(self._moved, limit)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._watch(NOT_READING)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._timer:
            self._timer.cancel()
        if kind is None:
            self._attempt.resume()

    def progress(self, taken: float = float("inf")) -> None:
        """The printer has taken so many bytes, or has answered."""
        self._moved = now = self._loop.time()
        self._alive.add(taken, now)
        if self._heard.add(taken, now):
            self._attempt.resume()

    @property
    def slow(self) -> bool:
        """Whether it has not taken anything for a while."""
        return self._loop.time() - self._moved > 0.1

    @property
    def over(self) -> bool:
        """Whether it has taken nothing worth mentioning for longer than the limit."""
        return self._alive.over(self._loop.time())

    def _watch(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        left = self._heard.since + NOT_READING - self._loop.time()
        if left > 0:
            self._watch(left)
            return
        taken = f"{self._heard.taken:.0f} bytes" if self._heard.taken else "nothing"
        message = f"The printer {self._printer} is not reading: it has taken {taken} for {NOT_READING:.0f} seconds."
        if not self._attempt.stopped:
            self._attempt.stop("timed-out", message)
        self._watch(NOT_READING)


class _Stretch:
    """A time within which a printer that is well takes at least so much; it begins anew when that is taken. Seconds, bytes."""

    __slots__ = ("_least", "_seconds", "since", "taken")

    def __init__(self, now: float, seconds: float) -> None:
        self._seconds = seconds
        self._least = CRAWL * seconds
        self.since = now
        self.taken = 0.0

    def add(self, taken: float, now: float) -> bool:
        """Whether that is enough for it to begin anew."""
        self.taken += taken
        if self.taken < self._least and taken != float("inf"):
            return False
        self.since, self.taken = now, 0.0
        return True

    def over(self, now: float) -> bool:
        return now - self.since > self._seconds
