"""Turns at engines: so many documents at a time, and one that takes long makes room for another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turns:
    """At most `limit` at a time, in order of asking. After `patience` seconds one steps aside, up to `limit` of them.

    A document that keeps an engine busy until its time is over (a bomb, a broken one) would make all others wait so long; with
    as many of these as there are turns, everybody.
    """

    def __init__(self, limit: int, patience: float) -> None:
        self._turn = asyncio.Semaphore(limit)
        self._room = limit
        self._patience = patience

    @asynccontextmanager
    async def one(self) -> AsyncIterator["Turn"]:
        """One turn, for as long as the body runs."""
        await self._turn.acquire()
        turn = Turn()
        timer = asyncio.get_running_loop().call_later(self._patience, self._aside, turn)
        try:
            yield turn
        finally:
            timer.cancel()
            if turn.aside:
                self._room += 1
            else:
                self._turn.release()

    def _aside(self, turn: "Turn") -> None:
        if self._room > 0:
            self._room -= 1
            turn.aside = True
            self._turn.release()
            turn.step()


class Turn:
    """One document's turn. `aside`: it has taken long, and counts for nothing any more; `step` is called when it comes to that."""

    def __init__(self) -> None:
        self.aside = False
        self.step: Callable[[], None] = _nothing


def _nothing() -> None:
    """What is done for an engine that cannot be told to be slower."""
