"""Endpoints and deliveries as whoever asks for them is told."""

from collections.abc import Sequence

from libs.contracts.endpoints import AttemptView, DeliveryList, DeliveryView, EndpointView
from libs.contracts.message import encode
from services.webhooks.domain import Delivery, Endpoint
from services.webhooks.history import History, Wanted
from services.webhooks.own import ID

#: Deliveries of one answer, and bytes of it: the bus takes no message of any size.
MOST = 100
LARGEST = 1024 * 1024


def endpoint_view(one: Endpoint, now: int) -> EndpointView:
    """An endpoint at `now` (ms), without its secrets."""
    return EndpointView(
        id=one.id,
        tenant=one.tenant,
        sn=one.sn,
        name=one.name,
        url=one.url,
        dialect=one.dialect,
        binary=one.binary,
        kinds=one.kinds,
        devices=one.devices,
        enabled=not one.disabled_at,
        reason=one.reason,
        settled=one.id == ID,
        created_at=one.created_at,
        changed_at=one.changed_at,
        failing_since=one.failing_since,
        overlap_until=one.old_until if one.old_secret and now < one.old_until else 0,
        trusted=one.trusted,
        proven_at=one.proven_at,
        allowed_rate=one.allowed_rate,
        unproven=one.unproven,
    )


def delivery_view(one: Delivery, log: Sequence[AttemptView] = ()) -> DeliveryView:
    """A delivery with its attempts."""
    return DeliveryView(
        id=one.event,
        endpoint=one.endpoint,
        event=one.name,
        task=one.task,
        at=one.at,
        state=one.state,
        attempts=one.attempts,
        replay=one.replay,
        due_at=one.due_at,
        ended_at=one.ended_at,
        status=one.status,
        error=one.error,
        body=one.body,
        log=tuple(log),
    )


async def logged(history: History, wanted: Wanted, limit: int) -> DeliveryList:
    """Deliveries with their attempts, the newest first, as many as fit."""
    limit = min(max(limit, 1), MOST)
    rows = await history.deliveries(wanted, limit + 1)
    log = await history.attempts(wanted.endpoint, [row.event for row in rows[:limit]])
    shown: list[DeliveryView] = []
    size = 0
    for row in rows[:limit]:
        view = delivery_view(row, log.get(row.event, ()))
        size += len(encode(view))
        if shown and size > LARGEST:
            break
        shown.append(view)
    return DeliveryList(deliveries=tuple(shown), more=len(rows) > len(shown))
