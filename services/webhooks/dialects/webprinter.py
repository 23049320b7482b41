"""Webprinter's callback (webprinter.md 1.6): exactly these keys, three attempts in order, and only status 200 counts."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from libs.contracts.endpoints import EventKind
from libs.contracts.events import DeviceChanged
from libs.contracts.webprinter import event_body
from services.webhooks.dialects import Configured, Place
from services.webhooks.domain import Delivery, Endpoint, Event, Trial
from services.webhooks.signing import signed
from services.webhooks.verdict import Schedule

#: The name of an event that says that it is a test (ours).
TEST = "TestEvent"
#: Three attempts in all (webprinter.md 1.7, decision 26).
PAUSES = 2


def shape(event: Event, endpoint: Endpoint, place: Place) -> str:
    """The event's JSON, keys in the protocol's order."""
    return json.dumps(_body(event, endpoint, place), ensure_ascii=False, separators=(",", ":"))


def _body(event: Event, endpoint: Endpoint, place: Place) -> dict[str, Any]:
    if isinstance(event, Trial | DeviceChanged):  # the protocol has no word for devices, and `tells` says so
        return {"ips": place.ips, "sn": event.sn if isinstance(event, Trial) else event.agent, "name": TEST}
    return event_body(event, endpoint.sn or event.task.sn, place.ips, place.zone)


def headers(delivery: Delivery, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:
    """Id and time by the names of Standard Webhooks, the attempt's number, and a signature if there is a secret."""
    return {"content-type": "application/json", **signed(delivery, endpoint, now)}


def accepts(status: int) -> bool:
    """200 and nothing else: the protocol's word."""
    return status == 200


def tells(kind: EventKind) -> bool:
    """The three events of tasks."""
    return kind is not EventKind.DEVICE


def schedule(configured: Configured) -> Schedule:
    """In order, with two pauses as configured; what a receiver wishes beyond that the protocol does not know."""
    return Schedule(configured.callback[:PAUSES])
