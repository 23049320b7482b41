"""Deliveries in the database: the queue itself."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.database import Database
from libs.runtime.stillness import Stillness
from services.webhooks import ledger
from services.webhooks.domain import Delivery, State
from services.webhooks.ledger import ENDED, WAITING
from services.webhooks.tables import attempt, delivery, endpoint
from services.webhooks.verdict import Outcome

#: Rows of one statement: SQLite and PostgreSQL both bind this many without complaint.
SLICE = 500

After = Callable[[AsyncConnection, Sequence[Outcome]], Awaitable[None]]

NAMES = tuple(field.name for field in fields(Delivery))
COLUMNS = tuple(delivery.c[name] for name in NAMES)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An endpoint, and when the event of its oldest waiting delivery happened (ms since 1970)."""

    endpoint: str
    dialect: str
    oldest: int


class Store:
    """Deliveries of all endpoints."""

    def __init__(self, database: Database, after: After | None = None) -> None:
        """`after` is called in each transaction that writes outcomes down, at its end."""
        self._database = database
        self._still = Stillness(database)
        self._after = after

    async def add(self, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Insert in the caller's transaction what is not there yet, and return it: (event, endpoint) is unique."""
        added: list[Delivery] = []
        for start in range(0, len(deliveries), SLICE):
            part = {(each.event, each.endpoint): each for each in deliveries[start : start + SLICE]}
            there = select(delivery.c.event, delivery.c.endpoint).where(delivery.c.event.in_({event for event, _ in part}))
            for row in await connection.execute(there):
                part.pop((row.event, row.endpoint), None)
            if part:
                rows = [{name: getattr(each, name) for name in NAMES} for each in part.values()]
                await connection.execute(insert(delivery), rows)
            added.extend(part.values())
        return added

    async def waiting(self, endpoint_id: str, limit: int) -> list[Delivery]:
        """The next waiting deliveries of one endpoint in the stream's order."""
        return await self._next(endpoint_id, limit, delivery.c.sequence, delivery.c.event)

    async def due(self, endpoint_id: str, limit: int) -> list[Delivery]:
        """The waiting deliveries of one endpoint by when they are due: those that were never tried are the first."""
        return await self._next(endpoint_id, limit, delivery.c.due_at, delivery.c.sequence)

    async def record(self, outcomes: Sequence[Outcome], holder: str) -> None:
        """Write down what came of attempts, in one transaction; nothing where `holder` is not the endpoint's holder any more."""
        async with self._database.transaction() as connection:
            await ledger.write(connection, outcomes, holder)
            if self._after:
                await self._after(connection, outcomes)

    async def queues(self) -> dict[str, tuple[int, int]]:
        """By dialect: how many deliveries wait, and when the event of the oldest of them happened (ms since 1970)."""
        counted = (
            select(endpoint.c.dialect, func.count(), func.min(delivery.c.at))
            .join_from(delivery, endpoint, delivery.c.endpoint == endpoint.c.id)
            .where(WAITING)
            .group_by(endpoint.c.dialect)
        )
        if self._still.holds:
            return {}
        begun = self._still.begin()
        async with self._database.reading() as connection:
            found = {dialect: (count, oldest) for dialect, count, oldest in await connection.execute(counted)}
        if not found:
            self._still.settle(begun)
        return found

    async def worst(self, before: int, limit: int) -> list[Waiting]:
        """The endpoints whose oldest waiting delivery is of an event before this time (ms since 1970), the oldest first."""
        oldest = func.min(delivery.c.at)
        wanted = (
            select(endpoint.c.id, endpoint.c.dialect, oldest)
            .join_from(delivery, endpoint, delivery.c.endpoint == endpoint.c.id)
            .where(WAITING)
            .group_by(endpoint.c.id, endpoint.c.dialect)
            .having(oldest < before)
            .order_by(oldest, endpoint.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [Waiting(*row) for row in await connection.execute(wanted)]

    async def count_waiting(self) -> int:
        """Deliveries that are neither delivered nor skipped."""
        return sum(count for count, _ in (await self.queues()).values())

    async def sweep(self, before: int) -> int:
        """Forget some of what ended before this time (ms since 1970); returns how many deliveries, 0 when there are no more."""
        old = select(delivery.c.event, delivery.c.endpoint).where(ENDED, delivery.c.ended_at < before).limit(SLICE)
        async with self._database.transaction() as connection:
            keys = [{"the_event": row.event, "the_endpoint": row.endpoint} for row in await connection.execute(old)]
            for table in (attempt, delivery) if keys else ():
                mine = (table.c.event == bindparam("the_event")) & (table.c.endpoint == bindparam("the_endpoint"))
                await connection.execute(delete(table).where(mine), keys)
        return len(keys)

    async def _next(self, endpoint_id: str, limit: int, *order: ColumnElement[Any]) -> list[Delivery]:
        wanted = select(*COLUMNS).where(delivery.c.endpoint == endpoint_id, WAITING).order_by(*order).limit(limit)
        async with self._database.reading() as connection:
            return [delivery_of(row) for row in (await connection.execute(wanted)).mappings()]


def delivery_of(row: RowMapping) -> Delivery:
    """The delivery that a row of `COLUMNS` holds."""
    return Delivery(**{**row, "state": State(row["state"])})
