"""Endpoints in the database: who is told, and which process may tell it now."""

import time
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.database import Database
from services.webhooks.domain import Endpoint, State
from services.webhooks.store import WAITING
from services.webhooks.tables import delivery, endpoint

#: How long a claim holds without renewal, in seconds.
TERM = 6.0
#: Claims of one look: the rest is for the next look, or for another replica.
CLAIMS = 200

_COLUMNS = (endpoint.c.id, endpoint.c.sn, endpoint.c.url, endpoint.c.dialect, endpoint.c.secret)


class Endpoints:
    """Endpoints and the claims of one process, `holder`, to some of them: one lane per endpoint, whoever runs it."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self.holder = holder

    async def put(self, new: Endpoint) -> None:
        """Add an endpoint, or change it: what waits for it goes to where it is now."""
        values = {"sn": new.sn, "url": new.url, "dialect": new.dialect, "secret": new.secret, "active": True}
        async with self._database.transaction() as connection:
            changed = await connection.execute(update(endpoint).where(endpoint.c.id == new.id).values(values))
            if not changed.rowcount:
                await connection.execute(insert(endpoint).values(id=new.id, holder="", until=0.0, **values))

    async def remove(self, endpoint_id: str, now: int) -> None:
        """Tell it nothing any more; what still waited for it is skipped, and says so. `now` in ms since 1970."""
        skipped = {"state": str(State.SKIPPED), "ended_at": now, "error": "the endpoint was removed"}
        async with self._database.transaction() as connection:
            gone = update(endpoint).where(endpoint.c.id == endpoint_id).values(active=False, holder="", until=0.0)
            await connection.execute(gone)
            await connection.execute(update(delivery).where(delivery.c.endpoint == endpoint_id, WAITING).values(skipped))

    async def of(self, connection: AsyncConnection, sns: Collection[str]) -> list[Endpoint]:
        """The active endpoints of these clients, as the caller's transaction sees them."""
        found = await connection.execute(select(*_COLUMNS).where(endpoint.c.sn.in_(sns), endpoint.c.active))
        return [_endpoint(row) for row in found.mappings()]

    async def claim(self, running: Collection[str]) -> list[Endpoint]:
        """Take endpoints with something to tell that nobody holds, and those of ours that are not `running`."""
        waits = select(delivery.c.endpoint).where(delivery.c.endpoint == endpoint.c.id, WAITING).exists()
        async with self._database.reading() as connection:
            free = self._free(await self._now(connection))
            candidates = select(endpoint.c.id).where(endpoint.c.active, free, waits).limit(CLAIMS + len(running))
            wanted = set((await connection.execute(candidates)).scalars()) - set(running)
        return await self._take(sorted(wanted)[:CLAIMS]) if wanted else []

    async def renew(self, ids: Collection[str]) -> dict[str, Endpoint]:
        """Hold on to these for another `TERM` seconds; returns those that still are ours, as they are now."""
        mine = (endpoint.c.holder == self.holder) & endpoint.c.active
        found: dict[str, Endpoint] = {}
        async with self._database.transaction() as connection:
            until = await self._now(connection) + TERM
            for part in _slices(ids):
                ours = mine & endpoint.c.id.in_(part)
                await connection.execute(update(endpoint).where(ours).values(until=until))
                found |= {row["id"]: _endpoint(row) for row in (await connection.execute(select(*_COLUMNS).where(ours))).mappings()}
        return found

    async def release(self) -> None:
        """Let go of all, so that another process need not wait for the end of the term."""
        async with self._database.transaction() as connection:
            await connection.execute(update(endpoint).where(endpoint.c.holder == self.holder).values(holder="", until=0.0))

    async def _take(self, ids: list[str]) -> list[Endpoint]:
        async with self._database.transaction() as connection:
            now = await self._now(connection)
            taken = update(endpoint).where(endpoint.c.id.in_(ids), endpoint.c.active, self._free(now))
            await connection.execute(taken.values(holder=self.holder, until=now + TERM))
            ours = select(*_COLUMNS).where(endpoint.c.id.in_(ids), endpoint.c.holder == self.holder)
            return [_endpoint(row) for row in (await connection.execute(ours)).mappings()]

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


def _endpoint(row: RowMapping) -> Endpoint:
    fields: dict[str, Any] = dict(row)
    return Endpoint(**fields)
