"""What Graph's door asks the dispatcher: the table of contents for subscriptions."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from libs.contracts.endpoints import DeliveryList, Replayed
from libs.contracts.message import Message, encode
from libs.contracts.queries import Code
from libs.contracts.subscriptions import (
    AddSubscription,
    GetSubscription,
    ListNotifications,
    ListSubscriptions,
    ReauthorizeSubscription,
    RemoveSubscription,
    RenewSubscription,
    ReplayNotifications,
    SubscriptionAnswer,
    SubscriptionList,
    SubscriptionView,
)
from libs.runtime.bus import Refused
from services.webhooks.clock import now_ms
from services.webhooks.graph.desk import SubscriptionDesk
from services.webhooks.graph.subscriptions import lifecycle_id
from services.webhooks.history import Wanted
from services.webhooks.views import LARGEST, logged

#: Subscriptions of one answer.
MOST = 999


@dataclass(frozen=True, slots=True)
class Counter:
    """What the answers are made with; `wake` says that queues have something to be told."""

    desk: SubscriptionDesk
    wake: Callable[[set[str]], None]


async def add_subscription(counter: Counter, query: AddSubscription) -> SubscriptionAnswer:
    """A new one, after the handshake with its addresses."""
    if query.subscription.tenant != query.tenant:
        raise Refused(Code.BAD_REQUEST, "The subscription is another tenant's.")
    return SubscriptionAnswer(subscription=await counter.desk.add(query.subscription))


async def list_subscriptions(counter: Counter, query: ListSubscriptions) -> SubscriptionList:
    """Those of an application."""
    limit = min(max(query.limit, 1), MOST)
    found = await counter.desk.subscriptions.listed(query.tenant, query.app, max(query.offset, 0), limit + 1, now_ms())
    shown: list[SubscriptionView] = []
    size = 0
    for each in found[:limit]:
        size += len(encode(each))
        if shown and size > LARGEST:
            break
        shown.append(each)
    return SubscriptionList(subscriptions=tuple(shown), more=len(found) > len(shown))


async def get_subscription(counter: Counter, query: GetSubscription) -> SubscriptionAnswer:
    """One of them."""
    return SubscriptionAnswer(subscription=await counter.desk.find(query.tenant, query.app, query.subscription))


async def renew_subscription(counter: Counter, query: RenewSubscription) -> SubscriptionAnswer:
    """One with new values."""
    given = {name: getattr(query, name) for name in ("expires", "url", "state", "certificate", "certificate_id")}
    changes = {name: value for name, value in given.items() if value is not None}
    return await _changed(counter, query, changes)


async def reauthorize_subscription(counter: Counter, query: ReauthorizeSubscription) -> SubscriptionAnswer:
    """One whose application still may."""
    return await _changed(counter, query, {})


async def remove_subscription(counter: Counter, query: RemoveSubscription) -> SubscriptionAnswer:
    """One that was."""
    return SubscriptionAnswer(subscription=await counter.desk.remove(query.tenant, query.app, query.subscription))


async def list_notifications(counter: Counter, query: ListNotifications) -> DeliveryList:
    """What a subscription, or its lifecycle address, was told."""
    found = await counter.desk.find(query.tenant, query.app, query.subscription)
    queue = lifecycle_id(found.id) if query.lifecycle else found.id
    return await logged(counter.desk.history, Wanted(queue, state=query.state, since=query.since, until=query.until), query.limit)


async def replay_notifications(counter: Counter, query: ReplayNotifications) -> Replayed:
    """How many will be told again."""
    if not query.delivery and query.since is None:
        raise Refused(Code.BAD_REQUEST, "Write the deliveryId of one notification, or since for all from then on.")
    wanted = Wanted(query.subscription, event=query.delivery, state=query.state, since=query.since)
    count = await counter.desk.replay(query.tenant, query.app, wanted)
    counter.wake({query.subscription})
    return Replayed(count=count)


async def _changed(counter: Counter, query: Any, changes: dict[str, Any]) -> SubscriptionAnswer:
    changed = await counter.desk.change(query.tenant, query.app, query.subscription, changes)
    counter.wake({changed.id, lifecycle_id(changed.id)})
    return SubscriptionAnswer(subscription=replace(changed, paused=False))


Answer = Callable[[Counter, Any], Awaitable[Any]]

QUESTIONS: dict[type[Message], Answer] = {
    AddSubscription: add_subscription,
    ListSubscriptions: list_subscriptions,
    GetSubscription: get_subscription,
    RenewSubscription: renew_subscription,
    ReauthorizeSubscription: reauthorize_subscription,
    RemoveSubscription: remove_subscription,
    ListNotifications: list_notifications,
    ReplayNotifications: replay_notifications,
}
#: Questions whose answer waits for somebody else's server: so many of each kind are answered at the same time.
SLOW: dict[type[Message], int] = {AddSubscription: 64, RenewSubscription: 64}
