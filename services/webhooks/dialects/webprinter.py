"""Webprinter's callback (webprinter.md 1.6): exactly these keys, three attempts, and only status 200 counts."""

import json
from collections.abc import Mapping
from datetime import datetime

from standardwebhooks import Webhook

from libs.contracts.webprinter import event_body
from services.webhooks.dialects import Place
from services.webhooks.domain import Delivery, Endpoint, Event

#: Three attempts in all (webprinter.md 1.7, decision 26).
PAUSES = 2


def shape(event: Event, endpoint: Endpoint, place: Place) -> str:
    """The event's JSON, keys in the protocol's order."""
    body = event_body(event, endpoint.sn, place.ips, place.zone)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def headers(delivery: Delivery, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:
    """Id and time by the names of Standard Webhooks, the attempt's number, and a signature if there is a secret."""
    found = {
        "content-type": "application/json",
        "webhook-id": delivery.event,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-attempt": str(delivery.attempts + 1),
    }
    if endpoint.secret:
        found["webhook-signature"] = Webhook(endpoint.secret).sign(delivery.event, now, delivery.body)
    return found


def accepts(status: int) -> bool:
    """200 and nothing else: the protocol's word."""
    return status == 200


def pauses(configured: tuple[float, ...]) -> tuple[float, ...]:
    """As configured, two of them."""
    return configured[:PAUSES]
