"""Deliveries in the database: the queue itself, and afterwards what is known of each."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.database import Database
from services.webhooks.domain import Delivery, Outcome, State
from services.webhooks.tables import delivery, endpoint

#: Rows of one statement: SQLite and PostgreSQL both bind this many without complaint.
SLICE = 500
#: Literals, not parameters: only so do both systems see that the partial indexes answer.
WAITING = delivery.c.state == literal_column("'waiting'")
ENDED = delivery.c.ended_at > literal_column("0")

_NAMES = tuple(field.name for field in fields(Delivery))
_COLUMNS = tuple(delivery.c[name] for name in _NAMES)


class Store:
    """Deliveries of all endpoints."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Insert in the caller's transaction what is not there yet, and return it: (event, endpoint) is unique."""
        added: list[Delivery] = []
        for start in range(0, len(deliveries), SLICE):
            part = {(each.event, each.endpoint): each for each in deliveries[start : start + SLICE]}
            there = select(delivery.c.event, delivery.c.endpoint).where(delivery.c.event.in_({event for event, _ in part}))
            for row in await connection.execute(there):
                part.pop((row.event, row.endpoint), None)
            if part:
                rows = [{name: getattr(each, name) for name in _NAMES} for each in part.values()]
                await connection.execute(insert(delivery), rows)
            added.extend(part.values())
        return added

    async def waiting(self, endpoint_id: str, after: int, limit: int) -> list[Delivery]:
        """The next waiting deliveries of one endpoint, oldest first, beyond sequence `after`."""
        wanted = (
            select(*_COLUMNS)
            .where(delivery.c.endpoint == endpoint_id, WAITING, delivery.c.sequence > after)
            .order_by(delivery.c.sequence)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [_delivery(row) for row in (await connection.execute(wanted)).mappings()]

    async def record(self, outcomes: Sequence[Outcome], holder: str) -> None:
        """Write down what came of attempts, in one transaction; nothing where `holder` is not the endpoint's holder any more."""
        held = select(endpoint.c.id).where(endpoint.c.id == bindparam("the_endpoint"), endpoint.c.holder == bindparam("the_holder"))
        statement = (
            update(delivery)
            .where(
                delivery.c.endpoint == bindparam("the_endpoint"), delivery.c.event == bindparam("the_event"), WAITING, held.exists()
            )
            .values({name: bindparam(f"new_{name}") for name in ("state", "attempts", "due_at", "ended_at", "status", "error")})
        )
        async with self._database.transaction() as connection:
            await connection.execute(statement, [_recorded(outcome, holder) for outcome in outcomes])

    async def deliveries(
        self, endpoint_id: str, state: State | None = None, *, before: int | None = None, limit: int = 100
    ) -> list[Delivery]:
        """What was and will be told to an endpoint, newest first; `before` a sequence, for the next page."""
        wanted = select(*_COLUMNS).where(delivery.c.endpoint == endpoint_id)
        if state:
            wanted = wanted.where(delivery.c.state == str(state))
        if before is not None:
            wanted = wanted.where(delivery.c.sequence < before)
        wanted = wanted.order_by(delivery.c.sequence.desc(), delivery.c.event.desc()).limit(limit)
        async with self._database.reading() as connection:
            return [_delivery(row) for row in (await connection.execute(wanted)).mappings()]

    async def count_waiting(self) -> int:
        """Deliveries that are neither delivered nor skipped."""
        async with self._database.reading() as connection:
            return int((await connection.execute(select(func.count()).select_from(delivery).where(WAITING))).scalar_one())

    async def sweep(self, before: int) -> int:
        """Forget some of what ended before this time (ms since 1970); returns how many deliveries, 0 when there are no more."""
        mine = (delivery.c.event == bindparam("the_event")) & (delivery.c.endpoint == bindparam("the_endpoint"))
        old = select(delivery.c.event, delivery.c.endpoint).where(ENDED, delivery.c.ended_at < before).limit(SLICE)
        async with self._database.transaction() as connection:
            keys = [{"the_event": row.event, "the_endpoint": row.endpoint} for row in await connection.execute(old)]
            if keys:
                await connection.execute(delete(delivery).where(mine), keys)
        return len(keys)


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(**{**row, "state": State(row["state"])})


def _recorded(outcome: Outcome, holder: str) -> dict[str, Any]:
    return {
        "the_endpoint": outcome.endpoint,
        "the_event": outcome.event,
        "the_holder": holder,
        "new_state": str(outcome.state),
        "new_attempts": outcome.attempts,
        "new_due_at": outcome.due_at,
        "new_ended_at": outcome.ended_at,
        "new_status": outcome.status,
        "new_error": outcome.error,
    }
