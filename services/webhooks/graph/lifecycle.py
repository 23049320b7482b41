"""What becomes of subscriptions by the clock and by what is given up, and who is told of it (graph-print.md 4.7)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.subscriptions import SubscriptionView, Topic
from libs.runtime.database import Database
from libs.runtime.stillness import Stillness
from services.webhooks.domain import Delivery, State
from services.webhooks.graph.notification import kept_lifecycle
from services.webhooks.graph.subscriptions import ALIVE, COLUMNS, DIALECT, QUEUED, lifecycle_id, view_of
from services.webhooks.ledger import WAITING, skip
from services.webhooks.store import NAMES
from services.webhooks.tables import delivery, endpoint, subscription
from services.webhooks.verdict import Outcome

MISSED, REMOVED, REAUTHORIZE = "missed", "subscriptionRemoved", "reauthorizationRequired"
#: Subscriptions of one transaction.
SLICE = 200
#: What another replica is about to settle is left to it (PostgreSQL; SQLite has one writer).
_ALONE: dict[str, Any] = {"of": subscription, "skip_locked": True}
EXPIRED = "the subscription has expired"


@dataclass(frozen=True, slots=True)
class Watched:
    """A subscription of a client of ours. `granted`: its right was seen to be a role of ours, which can be missed."""

    id: str
    sn: str
    topic: Topic
    granted: bool


class Lifecycle:
    """Ends what has expired, reminds before, and says what was missed."""

    def __init__(self, database: Database, ahead: float) -> None:
        """`ahead`: seconds before its end at which an application is reminded."""
        self._database = database
        self._still = Stillness(database)
        self._ahead = int(ahead * 1000)

    async def missed(self, connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
        """In the caller's transaction: who has a lifecycle address hears of what was given up; once, as long as it waits."""
        given_up = {each.endpoint: each for each in outcomes if each.state is State.SKIPPED and each.dialect == DIALECT}
        if not given_up:
            return
        told = select(delivery.c.endpoint).where(WAITING, delivery.c.endpoint.in_([lifecycle_id(each) for each in given_up]))
        waiting = set((await connection.execute(told.where(delivery.c.name == MISSED))).scalars())
        for one in await _with_address(connection, given_up):
            if lifecycle_id(one.id) not in waiting:
                event = f"{MISSED}:{given_up[one.id].event}:{given_up[one.id].replay}"
                await _tell(connection, one, MISSED, event, given_up[one.id].ended_at)

    async def any(self) -> bool:
        """Whether there is any subscription that has not ended."""
        if self._still.holds:
            return False
        begun = self._still.begin()
        async with self._database.reading() as connection:
            found = (await connection.execute(select(subscription.c.id).where(ALIVE).limit(1))).first()
        if found is None:
            self._still.settle(begun)
        return found is not None

    async def end(self, now: int) -> int:
        """End what has expired: what still waited is given up, and a lifecycle address is told. Returns how many."""
        past = or_(subscription.c.expires <= now, ~endpoint.c.active)  # or the operator has removed its queue
        over = select(*COLUMNS).select_from(QUEUED).where(ALIVE, past).limit(SLICE).with_for_update(**_ALONE)
        bare = ALIVE & ~exists().where(endpoint.c.id == subscription.c.id)
        async with self._database.transaction() as connection:
            await connection.execute(update(subscription).where(bare).values(ended_at=now))
            found = [view_of(row) for row in (await connection.execute(over)).mappings()]
            for one in found:
                await connection.execute(update(subscription).where(subscription.c.id == one.id).values(ended_at=now))
                await skip(connection, one.id, EXPIRED, now)
                await _retire(connection, [one.id])
                if one.lifecycle_url:
                    await _tell(connection, one, REMOVED, f"{REMOVED}:{one.id}", now)
        return len(found)

    async def remind(self, now: int) -> int:
        """Tell applications that their subscriptions end soon; those that never lived long enough are not. Returns how many."""
        near = and_(
            ALIVE,
            subscription.c.reminded_at == 0,
            subscription.c.lifecycle_url.is_not(None),
            subscription.c.expires <= now + self._ahead,
            subscription.c.expires > now,
            subscription.c.expires - subscription.c.created_at > self._ahead,
        )
        async with self._database.transaction() as connection:
            wanted = select(*COLUMNS).select_from(QUEUED).where(near, endpoint.c.active).limit(SLICE)
            rows = await connection.execute(wanted.with_for_update(**_ALONE))
            found = [view_of(row) for row in rows.mappings()]
            for one in found:
                await connection.execute(update(subscription).where(subscription.c.id == one.id).values(reminded_at=now))
                await _tell(connection, one, REAUTHORIZE, f"{REAUTHORIZE}:{one.expires}", now)
        return len(found)

    async def watched(self) -> list[Watched]:
        """The subscriptions of applications that are clients of ours, but those that are paused already."""
        wanted = select(subscription.c.id, subscription.c.sn, subscription.c.topic, subscription.c.granted_at).where(
            ALIVE, subscription.c.sn != "", subscription.c.paused_at == 0
        )
        if not await self.any():
            return []
        async with self._database.reading() as connection:
            rows = await connection.execute(wanted)
            return [Watched(row.id, row.sn, Topic(row.topic), bool(row.granted_at)) for row in rows]

    async def granted(self, ids: Collection[str], now: int) -> None:
        """Their applications were seen to have their right by a role of ours."""
        async with self._database.transaction() as connection:
            await connection.execute(update(subscription).where(subscription.c.id.in_(ids)).values(granted_at=now))

    async def pause(self, subscription_id: str, now: int) -> None:
        """Its application has lost its right: deliveries wait, and the lifecycle address is told."""
        well = ALIVE & (subscription.c.id == subscription_id) & (subscription.c.paused_at == 0)
        rows = select(*COLUMNS).select_from(QUEUED).where(well).with_for_update(**_ALONE)
        async with self._database.transaction() as connection:
            if row := (await connection.execute(rows)).mappings().first():
                await connection.execute(update(subscription).where(subscription.c.id == subscription_id).values(paused_at=now))
                one = view_of(row)
                if one.lifecycle_url:
                    await _tell(connection, one, REAUTHORIZE, f"{REAUTHORIZE}:{now}", now)

    async def remove(self, one: SubscriptionView, now: int) -> None:
        """Gone, with all that was still to be told."""
        async with self._database.transaction() as connection:
            for each in (one.id, lifecycle_id(one.id)):
                await skip(connection, each, "the subscription was removed", now)
            await _retire(connection, [one.id, lifecycle_id(one.id)])
            await connection.execute(update(subscription).where(subscription.c.id == one.id).values(ended_at=now))

    async def sweep(self, before: int) -> None:
        """Forget what ended before this time (ms since 1970), the lifecycle address too."""
        async with self._database.transaction() as connection:
            old = select(subscription.c.id).where(subscription.c.ended_at > 0, subscription.c.ended_at < before).limit(SLICE)
            gone = list((await connection.execute(old)).scalars())
            await _retire(connection, [lifecycle_id(each) for each in gone])
            await connection.execute(delete(subscription).where(subscription.c.id.in_(gone)))


async def _with_address(connection: AsyncConnection, ids: Collection[str]) -> list[SubscriptionView]:
    wanted = select(*COLUMNS).select_from(QUEUED).where(subscription.c.id.in_(ids), subscription.c.lifecycle_url.is_not(None))
    return [view_of(row) for row in (await connection.execute(wanted)).mappings()]


async def _retire(connection: AsyncConnection, ids: Collection[str]) -> None:
    """No lane takes these up again; they are forgotten with the last of their deliveries."""
    await connection.execute(update(endpoint).where(endpoint.c.id.in_(ids)).values(active=False, holder="", until=0.0))


async def _tell(connection: AsyncConnection, one: SubscriptionView, what: str, event: str, now: int) -> None:
    new = Delivery(lifecycle_id(one.id), event, 0, what, "", kept_lifecycle(one, event, what), "", now)
    there = exists().where(delivery.c.event == event, delivery.c.endpoint == new.endpoint)
    wanted = select(endpoint.c.id).where(endpoint.c.id == new.endpoint, endpoint.c.active, ~there)
    if (await connection.execute(wanted)).first():
        await connection.execute(insert(delivery).values({name: getattr(new, name) for name in NAMES}))
