"""CloudEvents 1.0 over HTTP, structured or binary, signed as Standard Webhooks has it and told on the same schedule."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from services.webhooks.dialects import Place
from services.webhooks.dialects.standard import accepts, schedule, tells
from services.webhooks.domain import Delivery, Endpoint, Event, OfTask
from services.webhooks.payload import TYPES, data_of, instant, type_of
from services.webhooks.signing import signed

__all__ = ["accepts", "headers", "schedule", "shape", "tells"]

_STRUCTURED = "application/cloudevents+json; charset=utf-8"
_JSON = "application/json"
#: What a header may hold as it is; the binding escapes all else (CloudEvents, HTTP Protocol Binding 1.0, section 3.1.3.2).
_PLAIN = "!#$&'()*+,/:;<=>?@[\\]^_`{|}~-."


def shape(event: Event, endpoint: Endpoint, place: Place) -> str:
    """The event's JSON: its data alone in binary mode, with all attributes in structured mode."""
    data: dict[str, Any] = data_of(event, place.zone)
    if not endpoint.binary:
        about = event.task.id if isinstance(event, OfTask) else ""
        attributes = _attributes(event.id, TYPES[event.kind], about, event.at, _tenant(event))
        data = {**attributes, "datacontenttype": _JSON, "data": data}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def headers(delivery: Delivery, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:
    """Id, time and signatures; in binary mode the attributes as well."""
    if delivery.body.startswith('{"specversion"'):  # as it was shaped: the mode of an endpoint may change meanwhile
        return {"content-type": _STRUCTURED, **signed(delivery, endpoint, now)}
    attributes = _attributes(delivery.event, type_of(delivery), delivery.task, delivery.at, endpoint.tenant)
    escaped = {f"ce-{name}": quote(value, safe=_PLAIN) for name, value in attributes.items()}
    return {"content-type": _JSON, **escaped, **signed(delivery, endpoint, now)}


def _attributes(event: str, kind: str, subject: str, at: int, tenant: str) -> dict[str, str]:
    """The context attributes; `subject` is the task, where there is one."""
    found = {"specversion": "1.0", "id": event, "source": f"/printbus/{quote(tenant)}", "type": kind}
    return {**found, **({"subject": subject} if subject else {}), "time": instant(at)}


def _tenant(event: Event) -> str:
    return event.task.tenant if isinstance(event, OfTask) else event.tenant
