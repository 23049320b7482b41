"""What was told and what came of it: the log of an endpoint's deliveries, and having them told again."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, RowMapping, func, insert, select, update

from libs.contracts.endpoints import AttemptView
from libs.runtime.database import Database
from services.webhooks.domain import Delivery, State
from services.webhooks.ledger import WAITING
from services.webhooks.store import COLUMNS, NAMES, delivery_of
from services.webhooks.tables import attempt, delivery

#: The name of events that are told again only when they are named: nobody missed a test.
TEST = "Test"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries of an endpoint: what is empty or None is any. `since` and `until` in ms since 1970, both inclusive."""

    endpoint: str
    event: str = ""
    task: str = ""
    state: State | None = None
    since: int | None = None
    until: int | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """As a statement has them."""
        found = [delivery.c.endpoint == self.endpoint]
        found += [delivery.c.event == self.event] if self.event else []
        found += [delivery.c.task == self.task] if self.task else []
        found += [delivery.c.state == str(self.state)] if self.state else []
        found += [delivery.c.at >= self.since] if self.since is not None else []
        found += [delivery.c.at <= self.until] if self.until is not None else []
        return found


class History:
    """Deliveries of all endpoints, and their attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def deliveries(self, wanted: Wanted, limit: int) -> list[Delivery]:
        """Deliveries, the newest events first."""
        newest = (delivery.c.at.desc(), delivery.c.sequence.desc(), delivery.c.event.desc())
        found = select(*COLUMNS).where(*wanted.conditions).order_by(*newest).limit(limit)
        async with self._database.reading() as connection:
            return [delivery_of(row) for row in (await connection.execute(found)).mappings()]

    async def attempts(self, endpoint_id: str, events: Collection[str]) -> dict[str, list[AttemptView]]:
        """The attempts of some deliveries, oldest first."""
        found: dict[str, list[AttemptView]] = defaultdict(list)
        wanted = select(attempt).where(attempt.c.endpoint == endpoint_id, attempt.c.event.in_(events))
        async with self._database.reading() as connection:
            rows = await connection.execute(wanted.order_by(attempt.c.event, attempt.c.replay, attempt.c.number))
            for row in rows.mappings():
                found[row["event"]].append(_attempt(row))
        return found

    async def replay(self, wanted: Wanted) -> int:
        """Have what ended told again, with a new series of attempts under the same id; returns how many."""
        again = {"attempts": 0, "due_at": 0, "ended_at": 0, "status": 0, "error": "", "replay": delivery.c.replay + 1}
        ended = [*wanted.conditions, delivery.c.state != str(State.WAITING)]
        if not wanted.event:
            ended.append(delivery.c.name != TEST)
        async with self._database.transaction() as connection:
            changed = await connection.execute(update(delivery).where(*ended).values(state=str(State.WAITING), **again))
        return changed.rowcount

    async def enqueue(self, new: Delivery) -> None:
        """Tell something of our own, behind all that waits for the same endpoint."""
        last = select(func.max(delivery.c.sequence)).where(delivery.c.endpoint == new.endpoint, WAITING)
        async with self._database.transaction() as connection:
            sequence = (await connection.execute(last)).scalar() or 0
            placed = replace(new, sequence=sequence)
            await connection.execute(insert(delivery).values({name: getattr(placed, name) for name in NAMES}))


def _attempt(row: RowMapping) -> AttemptView:
    return AttemptView(
        number=row["number"],
        replay=row["replay"],
        at=row["at"],
        took=row["took"],
        headers=json.loads(row["headers"]),
        status=row["status"],
        excerpt=row["excerpt"],
        error=row["error"],
    )
