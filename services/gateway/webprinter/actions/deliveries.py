"""`listDeliveries`, `replayDeliveries` and `testEndpoint`: what an endpoint was told and what it answered (webprinter.md 3.4)."""

from typing import Any

from libs.contracts.endpoints import (
    AttemptView,
    DeliveryAnswer,
    DeliveryList,
    DeliveryState,
    DeliveryView,
    ListDeliveries,
    ReplayDeliveries,
    Replayed,
    TryEndpoint,
)
from libs.contracts.webprinter import EVENT_NAMES
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.recording import record
from services.gateway.webprinter.actions.endpoints import endpoint_id
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.schedule import read_moment

ROWS, MOST_ROWS = 20, 100
#: Seconds that the dispatcher may take: it waits a little for what comes of a test.
PATIENCE = 8.0
STATES = {str(state).upper(): state for state in DeliveryState}
NAMES = {**EVENT_NAMES, "DeviceChanged": "DeviceEvent", "Test": "TestEvent"}


async def try_endpoint(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Send a test; the delivery as it is after its first attempt, or after a few seconds without."""
    query = TryEndpoint(region=gateway.region, tenant=identity.tenant, sn=identity.sn, endpoint=endpoint_id(data))
    found: DeliveryAnswer = await gateway.bus.ask(query, timeout=PATIENCE)
    await record(gateway, identity, "endpoint tested", query.endpoint)
    return delivery_row(found.delivery)


async def list_deliveries(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """The delivery log, newest first. `more`: there are others; ask with the last one's timestamp as `until`."""
    query = ListDeliveries(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        endpoint=endpoint_id(data),
        state=_state(data),
        task=data.text("taskId", 64) or "",
        delivery=data.text("deliveryId") or "",
        since=read_moment(data, "since"),
        until=read_moment(data, "until", end=True),
        limit=data.rows(ROWS, MOST_ROWS),
    )
    found: DeliveryList = await gateway.bus.ask(query, timeout=PATIENCE)
    return {"deliveries": [delivery_row(each) for each in found.deliveries], "more": found.more}


async def replay_deliveries(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Have one delivery told again, or all since; how many there are. Raises `Rejected`."""
    delivery, since = data.text("deliveryId"), read_moment(data, "since")
    if (delivery is None) == (since is None):
        raise Rejected("Write either deliveryId, for one delivery, or since, for all from then on.")
    query = ReplayDeliveries(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        endpoint=endpoint_id(data),
        delivery=delivery or "",
        since=since,
        state=_state(data),
    )
    found: Replayed = await gateway.bus.ask(query, timeout=PATIENCE)
    await record(gateway, identity, "deliveries replayed", query.endpoint, count=str(found.count))
    return {"count": found.count}


def delivery_row(one: DeliveryView) -> dict[str, Any]:
    """A delivery as it is shown; times are ms since 1970, null: none."""
    return {
        "deliveryId": one.id,
        "endpointId": one.endpoint,
        "event": NAMES.get(one.event, one.event),
        "taskId": one.task or None,
        "timestamp": one.at,
        "state": str(one.state),
        "attempts": one.attempts,
        "replay": one.replay,
        "nextTimestamp": one.due_at or None,
        "endTimestamp": one.ended_at or None,
        "status": one.status or None,
        "message": one.error,
        "body": one.body,
        "log": [_attempt(each) for each in one.log],
    }


def _attempt(one: AttemptView) -> dict[str, Any]:
    return {
        "attempt": one.number,
        "replay": one.replay,
        "timestamp": one.at,
        "duration": one.took,
        "headers": dict(one.headers),
        "status": one.status or None,
        "answer": one.excerpt,
        "message": one.error,
    }


def _state(data: Fields) -> DeliveryState | None:
    return data.word("state", STATES, ", ".join(DeliveryState))
