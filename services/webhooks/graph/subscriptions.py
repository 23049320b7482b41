"""Subscriptions in the database: whose they are, what they are about, until when."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, String, func, insert, literal, literal_column, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.subscriptions import SubscriptionView, Topic
from libs.runtime.database import Database
from services.webhooks.domain import Endpoint
from services.webhooks.ledger import WAITING
from services.webhooks.rows import values_of
from services.webhooks.tables import delivery, endpoint, subscription

#: The dialect of the endpoints that are subscriptions' queues, and what the id of a lifecycle address ends with.
DIALECT = "graph"
LIFE = ".life"

#: What is noted of a subscription beside what its application said.
_OURS = ("ended_at", "reminded_at", "paused_at", "granted_at")
_STORED = tuple(field.name for field in fields(SubscriptionView) if field.name not in ("paused", "failing_since"))
COLUMNS = (
    *(subscription.c[name] for name in _STORED),
    (subscription.c.paused_at > 0).label("paused"),
    endpoint.c.failing_since,
)
QUEUED = subscription.join(endpoint, endpoint.c.id == subscription.c.id)
#: A literal, as in `ledger`: only so do both systems see that the partial indexes answer.
ALIVE = subscription.c.ended_at == literal_column("0")


def lifecycle_id(subscription_id: str) -> str:
    """The id of the endpoint that hears what becomes of a subscription."""
    return subscription_id + LIFE


@dataclass(frozen=True, slots=True)
class About:
    """What events of a batch are about: definitions of hooks, and printers (device ids)."""

    definitions: Collection[str]
    printers: Collection[str]


class Subscriptions:
    """All subscriptions. One that has expired is there for nobody, whether or not the clock has come by yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: SubscriptionView, limit: int) -> bool:
        """Add a subscription and its queues unless its application has `limit` of them; whether it was added."""
        own = ALIVE & (subscription.c.tenant == new.tenant) & (subscription.c.app == new.app)
        rows = [_endpoint_row(each) for each in _endpoints(new)]
        async with self._database.transaction() as connection:
            await self._database.alone(connection, "subscriptions", new.tenant, new.app)
            there = (await connection.execute(select(func.count()).select_from(subscription).where(own))).scalar_one()
            if there >= limit:
                return False
            values = {name: getattr(new, name) for name in _STORED}
            await connection.execute(insert(subscription).values(**values, **dict.fromkeys(_OURS, 0)))
            await connection.execute(insert(endpoint), rows)
        return True

    async def count(self, tenant: str, app: str) -> int:
        """How many an application has."""
        own = ALIVE & (subscription.c.tenant == tenant) & (subscription.c.app == app)
        async with self._database.reading() as connection:
            return int((await connection.execute(select(func.count()).select_from(subscription).where(own))).scalar_one())

    async def get(self, tenant: str, app: str, subscription_id: str, now: int) -> SubscriptionView | None:
        """One of this application's; None when there is none, or it has expired or was removed."""
        mine = (subscription.c.id == subscription_id) & (subscription.c.tenant == tenant) & (subscription.c.app == app)
        async with self._database.reading() as connection:
            row = (await connection.execute(_there(now, mine))).mappings().first()
        return view_of(row) if row else None

    async def listed(self, tenant: str, app: str, offset: int, limit: int, now: int) -> list[SubscriptionView]:
        """Those of an application (empty: of the whole tenant), oldest first."""
        mine = subscription.c.tenant == tenant
        if app:
            mine &= subscription.c.app == app
        wanted = _there(now, mine).order_by(subscription.c.created_at, subscription.c.id).offset(offset).limit(limit)
        async with self._database.reading() as connection:
            return [view_of(row) for row in (await connection.execute(wanted)).mappings()]

    async def sending(self, subscription_id: str) -> tuple[SubscriptionView, bool] | None:
        """What a lane needs: the subscription, and whether it has ended (its lifecycle address is told even so).

        The queue of one that has ended may be forgotten already, long before its application was reached.
        """
        kept = subscription.outerjoin(endpoint, endpoint.c.id == subscription.c.id)
        failing = func.coalesce(endpoint.c.failing_since, 0).label("failing_since")
        wanted = select(*COLUMNS[:-1], failing, subscription.c.ended_at).select_from(kept)
        wanted = wanted.where(subscription.c.id == subscription_id)
        async with self._database.reading() as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return (view_of({name: row[name] for name in row if name != "ended_at"}), bool(row["ended_at"])) if row else None

    async def change(self, subscription_id: str, changes: Mapping[str, Any]) -> bool:
        """New values; its right is confirmed by it: what waited for that is due at once, and the next reminder comes again.

        False: it has ended, and stays so.
        """
        confirmed = {"paused_at": 0, "reminded_at": 0}
        async with self._database.transaction() as connection:
            there = ALIVE & (subscription.c.id == subscription_id)
            if not (await connection.execute(update(subscription).where(there).values(**changes, **confirmed))).rowcount:
                return False
            if "url" in changes:
                await connection.execute(update(endpoint).where(endpoint.c.id == subscription_id).values(url=changes["url"]))
            mine = delivery.c.endpoint.in_((subscription_id, lifecycle_id(subscription_id)))
            await connection.execute(update(delivery).where(mine, WAITING, delivery.c.due_at > 0).values(due_at=0))
        return True

    async def tenants(self, connection: AsyncConnection, tenants: Collection[str], now: int) -> set[str]:
        """Which of these tenants have any subscription, as the caller's transaction sees them."""
        if not tenants:
            return set()
        asked = union_all(*(select(literal(each, String).label("tenant")) for each in sorted(tenants))).subquery()
        any_ = select(subscription.c.id).where(_alive_at(now), subscription.c.tenant == asked.c.tenant).exists()
        return set((await connection.execute(select(asked.c.tenant).where(any_))).scalars())

    async def concerned(
        self, connection: AsyncConnection, tenants: Collection[str], about: About, now: int
    ) -> Sequence[SubscriptionView]:
        """The subscriptions of these tenants that some of these events may be for."""
        jobs = (subscription.c.topic == Topic.JOBS.value) & subscription.c.printer.in_(("", *about.printers))
        hooks = (subscription.c.topic == Topic.HOOKS.value) & subscription.c.definition.in_(about.definitions)
        # One look for each index: with both in one, the tenant's whole list would be walked.
        looks = (jobs, hooks) if about.definitions else (jobs,)
        each = [_there(now, subscription.c.tenant.in_(tenants) & which) for which in looks]
        return [view_of(row) for row in (await connection.execute(union_all(*each))).mappings()]


def _alive_at(now: int) -> ColumnElement[bool]:
    return ALIVE & (subscription.c.expires > now)


def _there(now: int, which: ColumnElement[bool]) -> Any:
    """The queue of a removed one is not active any more: the operator may remove it, too."""
    return select(*COLUMNS).select_from(QUEUED).where(_alive_at(now), endpoint.c.active, which)


def view_of(row: RowMapping | Mapping[str, Any]) -> SubscriptionView:
    return SubscriptionView(**{**row, "topic": Topic(row["topic"]), "paused": bool(row["paused"])})


def _endpoints(new: SubscriptionView) -> list[Endpoint]:
    queue = Endpoint(
        new.id,
        new.sn,
        new.url,
        DIALECT,
        tenant=new.tenant,
        name=new.resource[:255],
        created_at=new.created_at,
        changed_at=new.created_at,
    )
    life = replace(queue, id=lifecycle_id(new.id), url=new.lifecycle_url or "")
    return [queue, life] if new.lifecycle_url else [queue]


def _endpoint_row(one: Endpoint) -> dict[str, Any]:
    return {**values_of(one), "active": True, "holder": "", "until": 0.0}
