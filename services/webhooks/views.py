"""Endpoints and deliveries as whoever asks for them is told."""

from collections.abc import Sequence

from libs.contracts.endpoints import AttemptView, DeliveryView, EndpointView
from services.webhooks.domain import Delivery, Endpoint
from services.webhooks.own import ID


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
