"""Which process tells an endpoint now: claims to endpoints, for a term that is renewed."""

import time
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.database import Database
from libs.runtime.stillness import Stillness
from services.webhooks.clock import now_ms
from services.webhooks.domain import Endpoint
from services.webhooks.ledger import WAITING
from services.webhooks.rows import COLUMNS, endpoint_of
from services.webhooks.tables import delivery, endpoint

#: How long a claim holds without renewal, in seconds.
TERM = 6.0
#: Claims of one look: the rest is for the next look, or for another replica.
CLAIMS = 200

_ON = endpoint.c.active & (endpoint.c.disabled_at == 0)
_ANYTHING = select(delivery.c.endpoint).where(WAITING).limit(1)


class Claims:
    """The claims of one process, `holder`: one lane per endpoint, whoever runs it.

    Endpoints of the dialects in `ordered` are served while anything waits for them, others when something is due.
    """

    def __init__(self, database: Database, holder: str, ordered: Collection[str] = ("webprinter",)) -> None:
        self._database = database
        self._ordered = tuple(ordered)
        self._still = Stillness(database)
        self.holder = holder
        #: Whether the last look was spared: nothing waits for anybody.
        self.idle = False

    async def claim(self, running: Collection[str]) -> list[Endpoint]:
        """Take endpoints with something to tell that nobody holds, and those of ours that are not `running`."""
        self.idle = not running and self._still.holds
        if self.idle:
            return []
        begun = self._still.begin()
        due = or_(endpoint.c.dialect.in_(self._ordered), delivery.c.due_at <= now_ms())
        waits = select(delivery.c.endpoint).where(delivery.c.endpoint == endpoint.c.id, WAITING, due).exists()
        async with self._database.reading() as connection:
            free = self._free(await self._now(connection))
            candidates = select(endpoint.c.id).where(_ON, free, waits).limit(CLAIMS + len(running))
            wanted = set((await connection.execute(candidates)).scalars()) - set(running)
            if not wanted and not running and (await connection.execute(_ANYTHING)).first() is None:
                self._still.settle(begun)
        return await self._take(sorted(wanted)[:CLAIMS]) if wanted else []

    async def renew(self, ids: Collection[str]) -> dict[str, Endpoint]:
        """Hold on to these for another `TERM` seconds; returns those that still are ours, as they are now."""
        mine = (endpoint.c.holder == self.holder) & _ON
        found: dict[str, Endpoint] = {}
        async with self._database.transaction() as connection:
            until = await self._now(connection) + TERM
            for part in _slices(ids):
                ours = mine & endpoint.c.id.in_(part)
                await connection.execute(update(endpoint).where(ours).values(until=until))
                rows = (await connection.execute(select(*COLUMNS).where(ours))).mappings()
                found |= {row["id"]: endpoint_of(row) for row in rows}
        return found

    async def release(self) -> None:
        """Let go of all, so that another process need not wait for the end of the term."""
        async with self._database.transaction() as connection:
            await connection.execute(update(endpoint).where(endpoint.c.holder == self.holder).values(holder="", until=0.0))

    async def _take(self, ids: list[str]) -> list[Endpoint]:
        async with self._database.transaction() as connection:
            now = await self._now(connection)
            taken = update(endpoint).where(endpoint.c.id.in_(ids), _ON, self._free(now))
            await connection.execute(taken.values(holder=self.holder, until=now + TERM))
            ours = select(*COLUMNS).where(endpoint.c.id.in_(ids), endpoint.c.holder == self.holder)
            return [endpoint_of(row) for row in (await connection.execute(ours)).mappings()]

    def _free(self, now: float) -> ColumnElement[bool]:
        """Nobody's, ours, or of a term that is over or cannot be true (the clock was set back)."""
        until = endpoint.c.until
        return or_(endpoint.c.holder.in_(("", self.holder)), until < now, until > now + 2 * TERM)

    async def _now(self, connection: AsyncConnection) -> float:
        """The database's clock where it has one of its own; SQLite shares ours."""
        if self._database.sqlite:
            return time.time()
        return float((await connection.execute(select(func.extract("epoch", func.clock_timestamp())))).scalar_one())


def _slices(ids: Collection[str], size: int = 500) -> Iterable[list[str]]:
    ordered = sorted(ids)
    return (ordered[start : start + size] for start in range(0, len(ordered), size))
