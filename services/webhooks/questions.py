"""What doors ask the dispatcher: its table of contents on the bus."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from libs.contracts.endpoints import (
    AddEndpoint,
    DeliveryAnswer,
    DeliveryList,
    EndpointAnswer,
    EndpointList,
    ListDeliveries,
    ListEndpoints,
    RemoveEndpoint,
    ReplayDeliveries,
    Replayed,
    RotateSecret,
    TryEndpoint,
    UpdateEndpoint,
)
from libs.contracts.message import Message
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.webhooks.clock import now_ms
from services.webhooks.desk import Desk, Owner
from services.webhooks.domain import Endpoint
from services.webhooks.graph.subscriptions import DIALECT
from services.webhooks.history import Wanted
from services.webhooks.views import delivery_view, endpoint_view, logged

#: Seconds that the answer to a test waits for the first attempt.
TRIAL = 3.0


@dataclass(frozen=True, slots=True)
class Reception:
    """What the answers are made with; `wake` says that endpoints have something to be told, `prove` asks for their permission."""

    desk: Desk
    wake: Callable[[set[str]], None]
    prove: Callable[[Endpoint], Awaitable[None]]


async def add_endpoint(reception: Reception, query: AddEndpoint) -> EndpointAnswer:
    """A new endpoint of a client; its secret is told here and nowhere else."""
    made = await reception.desk.add(
        _owner(query),
        query.url,
        name=query.name,
        dialect=query.dialect,
        binary=query.binary,
        kinds=query.kinds,
        devices=query.devices,
    )
    return EndpointAnswer(endpoint=endpoint_view(made, now_ms()), secret=made.secret)


async def list_endpoints(reception: Reception, query: ListEndpoints) -> EndpointList:
    """The endpoints of a client."""
    now = now_ms()
    found = [each for each in await reception.desk.endpoints.owned(query.tenant, query.sn) if each.dialect != DIALECT]
    return EndpointList(endpoints=tuple(endpoint_view(each, now) for each in found))


async def update_endpoint(reception: Reception, query: UpdateEndpoint) -> EndpointAnswer:
    """An endpoint with new values."""
    given = {name: getattr(query, name) for name in ("url", "name", "binary", "kinds", "devices")}
    changes = {name: value for name, value in given.items() if value is not None}
    changed = await reception.desk.change(_owner(query), query.endpoint, changes, enabled=query.enabled)
    return EndpointAnswer(endpoint=endpoint_view(changed, now_ms()))


async def remove_endpoint(reception: Reception, query: RemoveEndpoint) -> EndpointAnswer:
    """An endpoint that was."""
    return EndpointAnswer(endpoint=endpoint_view(await reception.desk.remove(_owner(query), query.endpoint), now_ms()))


async def rotate_secret(reception: Reception, query: RotateSecret) -> EndpointAnswer:
    """An endpoint with a new secret."""
    changed = await reception.desk.rotate(_owner(query), query.endpoint)
    return EndpointAnswer(endpoint=endpoint_view(changed, now_ms()), secret=changed.secret)


async def try_endpoint(reception: Reception, query: TryEndpoint) -> DeliveryAnswer:
    """What came of a test; meanwhile the receiver is asked whether it allows us."""
    made = await reception.desk.trial(_owner(query), query.endpoint)
    reception.wake({made.endpoint})
    asked = reception.prove(await reception.desk.find(_owner(query), query.endpoint))
    tried, _ = await asyncio.gather(reception.desk.tried(made, TRIAL), _within(asked, TRIAL))
    log = await reception.desk.history.attempts(made.endpoint, [made.event])
    return DeliveryAnswer(delivery=delivery_view(tried, log.get(made.event, ())))


async def list_deliveries(reception: Reception, query: ListDeliveries) -> DeliveryList:
    """The delivery log of an endpoint."""
    found = await reception.desk.find(_owner(query), query.endpoint)
    wanted = Wanted(found.id, query.delivery, query.task, query.state, query.since, query.until)
    return await logged(reception.desk.history, wanted, query.limit)


async def replay_deliveries(reception: Reception, query: ReplayDeliveries) -> Replayed:
    """How many will be told again."""
    if not query.delivery and query.since is None:
        raise Refused(Code.BAD_REQUEST, "Write the deliveryId of one delivery, or since for all from then on.")
    wanted = Wanted(query.endpoint, event=query.delivery, state=query.state, since=query.since)
    count = await reception.desk.replay(_owner(query), wanted)
    reception.wake({query.endpoint})
    return Replayed(count=count)


Answer = Callable[[Reception, Any], Awaitable[Any]]

QUESTIONS: dict[type[Message], Answer] = {
    AddEndpoint: add_endpoint,
    ListEndpoints: list_endpoints,
    UpdateEndpoint: update_endpoint,
    RemoveEndpoint: remove_endpoint,
    RotateSecret: rotate_secret,
    TryEndpoint: try_endpoint,
    ListDeliveries: list_deliveries,
    ReplayDeliveries: replay_deliveries,
}
#: Questions whose answer waits for somebody else's servers: so many of each kind are answered at the same time.
SLOW: dict[type[Message], int] = dict.fromkeys((AddEndpoint, UpdateEndpoint, TryEndpoint), 64)


async def _within(asking: Awaitable[None], seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(asking, seconds)


def _owner(query: Any) -> Owner:
    if not query.sn:
        raise Refused(Code.FORBIDDEN, "A tenant's own endpoints are the operator's: see `python -m services endpoint`.")
    return Owner(query.tenant, query.sn)
