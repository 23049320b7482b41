"""Events become notifications: the deliveries of a batch, found with one look at the subscriptions of its tenants."""

import time
from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.events import TaskHooked
from libs.contracts.subscriptions import SubscriptionView
from libs.runtime.reader import Incoming
from services.webhooks.domain import Delivery
from services.webhooks.graph.matching import AnyEvent, notices, tenant_of
from services.webhooks.graph.notification import kept
from services.webhooks.graph.subscriptions import About, Subscriptions


class Notices:
    """What subscriptions hear of events of tasks."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    async def listening(self, connection: AsyncConnection, messages: Sequence[Incoming]) -> set[str]:
        """The tenants of these messages that have subscriptions: what others' say need not be read."""
        tenants = {tenant_of(message.subject) for message in messages} - {""}
        return await self._subscriptions.tenants(connection, tenants, _now())

    async def deliveries(
        self, connection: AsyncConnection, events: Sequence[tuple[Incoming, AnyEvent]], tenants: Collection[str]
    ) -> list[Delivery]:
        """One for each subscription and each change that an event is for it."""
        ours = [(message, event) for message, event in events if event.task.tenant in tenants]
        if not ours:
            return []
        hooks = {event.hook.definition for _, event in ours if isinstance(event, TaskHooked)}
        about = About(hooks, {event.task.printer for _, event in ours})
        found = await self._subscriptions.concerned(connection, tenants, about, _now())
        return [new for message, event in ours for one in found for new in _deliveries(message.sequence, event, one)]


def _deliveries(sequence: int, event: AnyEvent, subscription: SubscriptionView) -> list[Delivery]:
    return [
        Delivery(
            endpoint=subscription.id,
            event=notice.id,
            sequence=sequence,
            name=event.kind,
            task=event.task.id,
            body=kept(event, notice, subscription),
            traceparent=event.traceparent,
            at=event.at,
        )
        for notice in notices(event, subscription)
    ]


def _now() -> int:
    return time.time_ns() // 1_000_000
