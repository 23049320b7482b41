"""Turns at engines: so many documents at a time, fair among tenants and printers; one that takes long makes room for others."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose document it is: a tenant's, for a printer of it (may be empty: not known)."""

    tenant: str
    printer: str = ""


#: Whose document this task works on; None: several ones', or nobody's.
OWNER: ContextVar[Owner | None] = ContextVar("owner", default=None)


@dataclass(eq=False)
class Turn:
    """One document's turn. `slow`: it takes long; `aside`: and counts for nothing any more, of which `step` is told."""

    owner: Owner | None
    slow: bool = False
    aside: bool = False
    step: Callable[[], None] = field(default=lambda: None)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


class Turns:
    """At most `limit` at a time. One that takes long steps aside, up to `limit` + 1 of them.

    A document that keeps an engine busy until its time is over (a bomb, a broken one) would make all others wait so long; with
    as many of these as there are turns, everybody. After `courtesy` seconds one steps aside as soon as another waits, after
    `patience` in any case.

    Who is next: of the tenant with the fewest at work, of that tenant's printer with the fewest, who came first. With all places
    but one taken, the last is for tenants that have no slow document at work, the one before for printers that have none: however
    many such documents a tenant or a printer has, others find a turn.
    """

    def __init__(self, limit: int, patience: float, courtesy: float | None = None) -> None:
        self._limit, self._free, self._room = limit, limit, limit + 1
        self._patience, self._courtesy = patience, patience if courtesy is None else courtesy
        self._waiting: dict[asyncio.Future[Turn], Owner | None] = {}
        self._working: Counter[Owner | str | None] = Counter()
        self._slow: Counter[Owner | str | None] = Counter()
        self._offered: list[Turn] = []
        self._stirred = asyncio.Event()

    @property
    def places(self) -> int:
        """How many there are for documents that take long and those that do not, together."""
        return 2 * self._limit + 1

    @property
    def aside(self) -> int:
        """How many have stepped aside."""
        return self._limit + 1 - self._room

    @property
    def wanted(self) -> int:
        """How many more documents could have a turn at once, besides those that wait and may have one."""
        return self._free + min(len(self._offered), self._room) - sum(map(self._may, self._waiting.values()))

    async def change(self) -> None:
        """Wait until `wanted` may have grown, or somebody stirs."""
        self._stirred.clear()
        await self._stirred.wait()

    def stir(self) -> None:
        """Wake those who wait for a change."""
        self._stirred.set()

    @asynccontextmanager
    async def one(self, *, begun: bool = True) -> AsyncIterator[Turn]:
        """One turn for the document of `OWNER`, for as long as the body runs; its time begins at once, or with `begin`."""
        turn = await self._turn(OWNER.get())
        if begun:
            self.begin(turn)
        try:
            yield turn
        finally:
            for timer in turn.timers:
                timer.cancel()
            self._end(turn)

    def begin(self, turn: Turn) -> None:
        """Its document is at work from now on."""
        loop = asyncio.get_running_loop()
        turn.timers.append(loop.call_later(self._courtesy, self._offer, turn))
        if self._patience > self._courtesy:
            turn.timers.append(loop.call_later(self._patience, self._aside, turn))

    async def _turn(self, owner: Owner | None) -> Turn:
        if self._free and not self._waiting and self._may(owner):
            return self._given(owner)
        place: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self._waiting[place] = owner
        self._make_room()
        try:
            return await place
        except asyncio.CancelledError:
            self._waiting.pop(place, None)
            if place.done() and not place.cancelled():
                self._end(place.result())
            raise

    def _given(self, owner: Owner | None) -> Turn:
        self._free -= 1
        self._working.update(_names(owner))
        return Turn(owner)

    def _may(self, owner: Owner | None) -> bool:
        left = self._free + self._room
        if owner is None or not self._slow[owner.tenant]:
            return True
        return left > (2 if self._slow[owner] and self._limit > 1 else 1)

    def _give(self) -> None:
        """Turns that are free to those who wait for one."""
        while self._free and (able := [place for place, owner in self._waiting.items() if self._may(owner)]):
            place = min(able, key=lambda each: [self._working[name] for name in _names(self._waiting[each])])
            owner = self._waiting.pop(place)
            if not place.done():
                place.set_result(self._given(owner))

    def _make_room(self) -> None:
        self._give()
        while self._offered and self._room > 0 and any(map(self._may, self._waiting.values())):
            self._aside(self._offered[0])
        self.stir()

    def _offer(self, turn: Turn) -> None:
        turn.slow = True
        self._slow.update(_names(turn.owner))
        self._offered.append(turn)
        if self._patience > self._courtesy:
            self._make_room()
        else:
            self._aside(turn)

    def _aside(self, turn: Turn) -> None:
        if self._room > 0 and not turn.aside:
            self._room -= 1
            self._free += 1
            turn.aside = True
            self._offered.remove(turn)
            turn.step()
            self._give()
            self.stir()

    def _end(self, turn: Turn) -> None:
        _forget(self._working, turn.owner)
        if turn.slow:
            _forget(self._slow, turn.owner)
        if turn in self._offered:
            self._offered.remove(turn)
        if turn.aside:
            self._room += 1
        else:
            self._free += 1
        self._make_room()


def _names(owner: Owner | None) -> tuple[Owner | str | None, ...]:
    return (None,) if owner is None else (owner.tenant, owner)


def _forget(counted: Counter[Owner | str | None], owner: Owner | None) -> None:
    for name in _names(owner):
        counted[name] -= 1
        if not counted[name]:
            del counted[name]
