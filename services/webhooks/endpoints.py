"""Endpoints in the database: who is told, where and of what."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.database import Database
from services.webhooks.domain import OFF, Endpoint
from services.webhooks.ledger import skip
from services.webhooks.rows import COLUMNS, endpoint_of, values_of
from services.webhooks.tables import delivery, endpoint, subscription

#: Nobody's: a lane takes it, and no change of an endpoint touches it.
_FREE: Mapping[str, Any] = {"holder": "", "until": 0.0}

#: What is known of an address, and of no other: where an endpoint leads elsewhere, it is this again.
PROOF: Mapping[str, Any] = {"proven_at": 0, "allowed_rate": 0, "unproven": ""}

#: Not the queues of subscriptions, which their applications rule elsewhere and which hear of other events.
_OWN = endpoint.c.dialect != "graph"


class Endpoints:
    """All endpoints; one that was removed stays as a shadow until its deliveries are forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def none(self) -> bool:
        """Whether nobody is to be told of anything: there is no endpoint, and no subscription that goes on."""
        anybody = select(endpoint.c.id).where(endpoint.c.active).limit(1)
        subscribed = select(subscription.c.id).where(subscription.c.ended_at == 0).limit(1)
        async with self._database.reading() as connection:
            return not ((await connection.execute(anybody)).first() or (await connection.execute(subscribed)).first())

    async def put(self, new: Endpoint) -> None:
        """Add an endpoint, or make it so: what waits for it goes to where it is now. The time of its making stays."""
        values = {**values_of(new), "active": True}
        async with self._database.transaction() as connection:
            found = await _find(connection, new.id, alone=True)
            if found is None:
                await _bury(connection, new.id)
                await connection.execute(insert(endpoint).values({**values, **_FREE}))
            elif _without_times(found) != _without_times(new):
                values["created_at"] = found.created_at
                await connection.execute(update(endpoint).where(endpoint.c.id == new.id).values(values))

    async def add(self, new: Endpoint, limit: int) -> bool:
        """Add an endpoint unless its client, or its tenant, has `limit` of them; whether it was added."""
        own = (endpoint.c.tenant == new.tenant) & (endpoint.c.sn == new.sn) & endpoint.c.active & _OWN
        async with self._database.transaction() as connection:
            await self._database.alone(connection, "endpoints", new.tenant, new.sn)
            there = (await connection.execute(select(func.count()).select_from(endpoint).where(own))).scalar_one()
            if there >= limit:
                return False
            await connection.execute(insert(endpoint).values({**values_of(new), "active": True, **_FREE}))
        return True

    async def get(self, endpoint_id: str) -> Endpoint | None:
        """One endpoint; None when there is none, or it was removed."""
        async with self._database.reading() as connection:
            return await _find(connection, endpoint_id)

    async def owned(self, tenant: str, sn: str | None) -> list[Endpoint]:
        """The endpoints of a client, or (`sn` None) all of a tenant, oldest first."""
        wanted = select(*COLUMNS).where(endpoint.c.active, endpoint.c.tenant == tenant)
        if sn is not None:
            wanted = wanted.where(endpoint.c.sn == sn)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted.order_by(endpoint.c.created_at, endpoint.c.id))).mappings()
            return [endpoint_of(row) for row in rows]

    async def change(self, endpoint_id: str, changes: Mapping[str, Any], now: int) -> Endpoint | None:
        """Give fields of an endpoint new values at `now` (ms); returns it as it is then, None when it is gone."""
        async with self._database.transaction() as connection:
            found = await _find(connection, endpoint_id, alone=True)
            if found is None:
                return None
            changed = replace(found, **changes, changed_at=now)
            await connection.execute(update(endpoint).where(endpoint.c.id == endpoint_id).values(values_of(changed)))
            if changed.disabled_at and not found.disabled_at:
                await skip(connection, endpoint_id, OFF, now)
        return changed

    async def prove(self, asked: Endpoint) -> None:
        """Keep what came of asking an endpoint for its permission, unless it leads elsewhere by now."""
        there = endpoint.c.active & (endpoint.c.id == asked.id) & (endpoint.c.url == asked.url)
        values = {name: getattr(asked, name) for name in PROOF}
        async with self._database.transaction() as connection:
            await connection.execute(update(endpoint).where(there).values(values))

    async def remove(self, endpoint_id: str, now: int) -> None:
        """Tell it nothing any more; what still waited for it is skipped, and says so. `now` in ms since 1970."""
        async with self._database.transaction() as connection:
            gone = update(endpoint).where(endpoint.c.id == endpoint_id)
            await connection.execute(gone.values(active=False, secret="", old_secret="", **_FREE))
            await skip(connection, endpoint_id, "the endpoint was removed", now)

    async def of(self, connection: AsyncConnection, sns: Collection[str], tenants: Collection[str] = ()) -> list[Endpoint]:
        """The endpoints of these clients and of these tenants as wholes, as the caller's transaction sees them."""
        theirs = or_(endpoint.c.sn.in_(sns), (endpoint.c.sn == "") & endpoint.c.tenant.in_(tenants))
        found = await connection.execute(select(*COLUMNS).where(theirs, endpoint.c.active, _OWN))
        return [endpoint_of(row) for row in found.mappings()]

    async def sweep(self) -> None:
        """Forget removed endpoints that no delivery names any more."""
        named = select(delivery.c.endpoint).where(delivery.c.endpoint == endpoint.c.id).exists()
        async with self._database.transaction() as connection:
            await connection.execute(delete(endpoint).where(~endpoint.c.active, ~named))


async def _find(connection: AsyncConnection, endpoint_id: str, *, alone: bool = False) -> Endpoint | None:
    """`alone`: nobody else changes it until the caller's transaction is over, which writes down all of it."""
    wanted = select(*COLUMNS).where(endpoint.c.id == endpoint_id, endpoint.c.active)
    wanted = wanted.with_for_update() if alone else wanted
    row = (await connection.execute(wanted)).mappings().first()
    return endpoint_of(row) if row else None


async def _bury(connection: AsyncConnection, endpoint_id: str) -> None:
    """Make room where a removed endpoint was."""
    await connection.execute(delete(endpoint).where(endpoint.c.id == endpoint_id))


def _without_times(one: Endpoint) -> Endpoint:
    return replace(one, created_at=0, changed_at=0, failing_since=0, **PROOF)
