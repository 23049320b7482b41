"""Events become notifications: the deliveries of a batch, found with one look at the subscriptions of its tenants."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.events import TaskHooked
from libs.contracts.subscriptions import SubscriptionView
from libs.runtime.reader import Incoming
from services.webhooks.clock import now_ms
from services.webhooks.domain import Delivery
from services.webhooks.graph.matching import AnyEvent, notices, tenant_of
from services.webhooks.graph.notification import kept
from services.webhooks.graph.subscriptions import About, Subscriptions

#: Definition, agent and printer of a subscription.
Place = tuple[str, str, str]


class Notices:
    """What subscriptions hear of events of tasks."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions

    async def listening(self, connection: AsyncConnection, messages: Sequence[Incoming]) -> set[str]:
        """The tenants of these messages that have subscriptions: what others' say need not be read."""
        tenants = {tenant_of(message.subject) for message in messages} - {""}
        return await self._subscriptions.tenants(connection, tenants, now_ms())

    async def deliveries(
        self, connection: AsyncConnection, events: Sequence[tuple[Incoming, AnyEvent]], tenants: Collection[str]
    ) -> list[Delivery]:
        """One for each subscription and each change that an event is for it."""
        ours = [(message, event) for message, event in events if event.task.tenant in tenants]
        if not ours:
            return []
        hooks = {event.hook.definition for _, event in ours if isinstance(event, TaskHooked)}
        about = About(hooks, {event.task.printer for _, event in ours})
        found = await self._subscriptions.concerned(connection, tenants, about, now_ms())
        by = _by_place(found)
        return [
            new for message, event in ours for one in _candidates(by, event) for new in deliveries_of(message.sequence, event, one)
        ]


def deliveries_of(sequence: int, event: AnyEvent, subscription: SubscriptionView) -> list[Delivery]:
    """What a subscription is told of an event that lies at `sequence` in its stream."""
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


def _by_place(found: Iterable[SubscriptionView]) -> Mapping[Place, list[SubscriptionView]]:
    by: dict[Place, list[SubscriptionView]] = defaultdict(list)
    for one in found:
        by[one.definition, one.agent, one.printer].append(one)
    return by


def _candidates(by: Mapping[Place, list[SubscriptionView]], event: AnyEvent) -> list[SubscriptionView]:
    places: list[Place] = [("", event.task.agent, event.task.printer), ("", "", "")]
    places += [(event.hook.definition, "", "")] if isinstance(event, TaskHooked) else []
    return [one for place in places for one in by.get(place, ())]
