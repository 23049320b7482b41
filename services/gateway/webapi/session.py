"""One session of a page: who it is, what it asked, how far it was told; it outlives the lines that it is spoken over."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from services.gateway.domain import Identity
from services.gateway.events import Feed
from services.gateway.webapi import frames
from services.gateway.webapi.calls import Calls
from services.gateway.webapi.frames import Request

#: Answers that wait for a line; the oldest gives way (its call is sent again, and its answer is remembered).
WAITING = 256
#: Messages that are handed over at once.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose page it is: the client that it speaks for, its origin, and the relay that let it in (its key; empty: it is local)."""

    identity: Identity
    origin: str
    relay: str = ""
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session or a line ends, as a WebSocket close code and a sentence."""

    code: int
    reason: str


REPLACED = Ending(4409, "Another connection goes on with this session.")


class Session:
    """Answers wait in it for a line; events are read from the client's feed from `cursor` on."""

    def __init__(self, number: str, visitor: Visitor, feed: Feed, calls: Calls, parts: AsyncExitStack) -> None:
        self.id = number
        self.visitor = visitor
        self.feed = feed
        self.calls = calls
        self.cursor = feed.seq
        self.seen_at = time.monotonic()
        self.wake = asyncio.Event()
        #: Counts lines and resumptions: what was read in an earlier turn does not move `cursor` any more.
        self.turn = 0
        self.ended: Ending | None = None
        self._parts = parts
        self._line: Callable[[Ending], None] | None = None
        self._answers: deque[tuple[int, str]] = deque(maxlen=WAITING)
        self._numbered = 0

    @property
    def attached(self) -> bool:
        """Whether a line is there."""
        return self._line is not None

    def attach(self, end: Callable[[Ending], None]) -> None:
        """A line that `end` closes takes this session; the one before it ends."""
        if self._line:
            self._line(REPLACED)
        self._line = end
        self.turn += 1

    def detach(self, end: Callable[[Ending], None]) -> None:
        """The line is gone, unless another one took its place."""
        if self._line == end:
            self._line = None
        self.seen_at = time.monotonic()

    def ask(self, request: Request) -> "asyncio.Task[str]":
        """Execute a call, or find the one that it repeats."""
        self.seen_at = time.monotonic()
        return self.calls.call(request)

    def answer(self, answered: "asyncio.Future[str]") -> None:
        """Keep an answer for the line."""
        if not answered.cancelled() and not answered.exception():
            self._numbered += 1
            self._answers.append((self._numbered, answered.result()))
            self.wake.set()

    def answers(self, after: int, limit: int = AT_ONCE) -> tuple[list[str], int]:
        """The answers after a number, and the number of the last of them; those before are dropped."""
        while self._answers and self._answers[0][0] <= after:
            self._answers.popleft()
        found = [each for each, _ in zip(self._answers, range(limit), strict=False)]
        return [text for _, text in found], found[-1][0] if found else after

    async def news(self, answered: int, cursor: int) -> "News":
        """What is to be told after these numbers. Raises `Unanswered` when old events cannot be read now."""
        self.wake.clear()
        texts, answered = self.answers(answered)
        page = await self.feed.after(cursor, AT_ONCE - len(texts)) if len(texts) < AT_ONCE else None
        events = page.events if page else ()
        return News([*texts, *map(frames.event, events)], answered, page.seq if page else cursor)

    async def resume(self, last: int) -> bool:
        """Go on after an event; False when events after it are lost, then it goes on with what is new."""
        known = await self.feed.knows(last)
        self.cursor = last if known else self.feed.seq
        self.turn += 1
        self.wake.set()
        return known

    async def end(self, ending: Ending) -> None:
        """End it for good: its line closes, its calls are finished but told to nobody."""
        if self.ended is None:
            self.ended = ending
            self.wake.set()
            if self._line:
                self._line(ending)
            await self._parts.aclose()


@dataclass(frozen=True, slots=True)
class News:
    """Messages in order, and how far they go: the number of the last answer, and of the last event."""

    texts: Sequence[str]
    answered: int
    cursor: int
