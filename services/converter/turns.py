"""Turns at engines: so many documents at a time, and one that takes long makes room for another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turns:
    """At most `limit` at a time, in order of asking. One that takes long steps aside, up to `limit` of them.

    A document that keeps an engine busy until its time is over (a bomb, a broken one) would make all others wait so long; with
    as many of these as there are turns, everybody. After `courtesy` seconds one steps aside as soon as another waits, after
    `patience` in any case.
    """

    def __init__(self, limit: int, patience: float, courtesy: float | None = None) -> None:
        self._turn = asyncio.Semaphore(limit)
        self._room = limit
        self._patience, self._courtesy = patience, patience if courtesy is None else courtesy
        self._waiting = 0
        self._slow: list[Turn] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator["Turn"]:
        """One turn, for as long as the body runs."""
        await self._wait()
        turn, loop = Turn(), asyncio.get_running_loop()
        timers = [loop.call_later(self._courtesy, self._offer, turn), loop.call_later(self._patience, self._aside, turn)]
        try:
            yield turn
        finally:
            for timer in timers:
                timer.cancel()
            if turn in self._slow:
                self._slow.remove(turn)
            if turn.aside:
                self._room += 1
                if self._waiting and self._slow:
                    self._aside(self._slow[0])
            else:
                self._turn.release()

    async def _wait(self) -> None:
        if self._turn.locked() and self._slow:
            self._aside(self._slow[0])
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1

    def _offer(self, turn: "Turn") -> None:
        self._slow.append(turn)
        if self._waiting:
            self._aside(turn)

    def _aside(self, turn: "Turn") -> None:
        if self._room > 0 and not turn.aside:
            self._room -= 1
            turn.aside = True
            if turn in self._slow:
                self._slow.remove(turn)
            self._turn.release()
            turn.step()


class Turn:
    """One document's turn. `aside`: it has taken long, and counts for nothing any more; `step` is called when it comes to that."""

    def __init__(self) -> None:
        self.aside = False
        self.step: Callable[[], None] = _nothing


def _nothing() -> None:
    """What is done for an engine that cannot be told to be slower."""
