"""Standard Webhooks (standardwebhooks.com, 1.0): type, timestamp and data, signed; each event goes by itself, for days."""

import json
from collections.abc import Mapping
from datetime import datetime

from libs.contracts.endpoints import EventKind
from services.webhooks.dialects import Configured, Place
from services.webhooks.domain import Delivery, Endpoint, Event
from services.webhooks.payload import TYPES, data_of, instant
from services.webhooks.signing import signed
from services.webhooks.verdict import Schedule


def shape(event: Event, endpoint: Endpoint, place: Place) -> str:  # noqa: ARG001 - every endpoint gets the same
    """The event's JSON."""
    body = {"type": TYPES[event.kind], "timestamp": instant(event.at), "data": data_of(event, place.zone)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def headers(delivery: Delivery, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:
    """Id, time and signatures."""
    return {"content-type": "application/json", **signed(delivery, endpoint, now)}


def accepts(status: int) -> bool:
    """Any 2xx."""
    return 200 <= status < 300


def tells(kind: EventKind) -> bool:  # noqa: ARG001 - there are words for all
    """All events."""
    return True


def schedule(configured: Configured) -> Schedule:
    """The specification's: attempts for about three days, Retry-After obeyed, 410 means gone."""
    return Schedule(
        configured.webhook,
        ordered=False,
        jitter=configured.jitter,
        retry_after=configured.retry_after,
        gone=True,
        patience=configured.patience,
    )
