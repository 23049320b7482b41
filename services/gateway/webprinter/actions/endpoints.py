"""`addEndpoint` and what follows: addresses that hear over HTTP what becomes of a client's tasks (webprinter.md 3.4)."""

from typing import Any
from urllib.parse import urlsplit

from libs.contracts.endpoints import (
    AddEndpoint,
    DeviceFilter,
    EndpointAnswer,
    EndpointList,
    EndpointView,
    EventKind,
    ListEndpoints,
    RemoveEndpoint,
    RotateSecret,
    UpdateEndpoint,
)
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.recording import record
from services.gateway.webprinter.envelope import NOTHING, Rejected
from services.gateway.webprinter.reading.fields import Fields, shown

#: A new address is looked up before the answer.
PATIENCE = 10.0
LONGEST_URL = 2048
MOST_DEVICES = 100
DIALECTS = {"STANDARD": "standard", "CLOUDEVENTS": "cloudevents", "WEBPRINTER": "webprinter"}
MODES = {"STRUCTURED": False, "BINARY": True}
EVENTS = {
    "NEW": EventKind.NEW,
    "NEWTASKEVENT": EventKind.NEW,
    "PRINTBUS.TASK.NEW": EventKind.NEW,
    "STATUS": EventKind.STATUS,
    "UPDATETASKSTATUSEVENT": EventKind.STATUS,
    "PRINTBUS.TASK.STATUS": EventKind.STATUS,
    "END": EventKind.END,
    "ENDTASKEVENT": EventKind.END,
    "PRINTBUS.TASK.END": EventKind.END,
    "DEVICE": EventKind.DEVICE,
    "PRINTBUS.DEVICE.CHANGED": EventKind.DEVICE,
}


async def add_endpoint(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """A new endpoint, with the secret that is shown this once. Raises `Rejected`, and the bus's `Refused` and `Unanswered`."""
    query = AddEndpoint(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        url=_url(data),
        name=data.text("name") or "",
        dialect=data.word("dialect", DIALECTS, "standard, cloudevents and webprinter") or "standard",
        binary=_binary(data) or False,
        kinds=_kinds(data) or (),
        devices=_devices(data) or (),
    )
    made: EndpointAnswer = await gateway.bus.ask(query, timeout=PATIENCE)
    await _record(gateway, identity, "endpoint added", made)
    return _told(made)


async def list_endpoints(gateway: Gateway, identity: Identity, _data: Fields) -> list[dict[str, Any]]:
    """The client's endpoints, oldest first."""
    query = ListEndpoints(region=gateway.region, tenant=identity.tenant, sn=identity.sn)
    found: EndpointList = await gateway.bus.ask(query)
    return [endpoint_row(each) for each in found.endpoints]


async def update_endpoint(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Change what is given; what is missing or null stays."""
    query = UpdateEndpoint(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        endpoint=endpoint_id(data),
        url=_url(data) if data.raw("url") else None,
        name=data.text("name") or "" if data.raw("name") is not None else None,
        binary=_binary(data),
        kinds=_kinds(data),
        devices=_devices(data),
        enabled=data.flag("enabled"),
    )
    changed: EndpointAnswer = await gateway.bus.ask(query, timeout=PATIENCE)
    names = ("url", "name", "binary", "kinds", "devices", "enabled")
    await _record(
        gateway,
        identity,
        "endpoint changed",
        changed,
        fields=" ".join(name for name in names if getattr(query, name) is not None),
    )
    return _told(changed)


async def remove_endpoint(gateway: Gateway, identity: Identity, data: Fields) -> Any:
    """Tell it nothing any more."""
    query = RemoveEndpoint(region=gateway.region, tenant=identity.tenant, sn=identity.sn, endpoint=endpoint_id(data))
    await _record(gateway, identity, "endpoint removed", await gateway.bus.ask(query))
    return NOTHING


async def rotate_secret(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """A new secret, shown this once; for a while deliveries carry both signatures."""
    query = RotateSecret(region=gateway.region, tenant=identity.tenant, sn=identity.sn, endpoint=endpoint_id(data))
    changed: EndpointAnswer = await gateway.bus.ask(query)
    await _record(gateway, identity, "endpoint secret rotated", changed)
    return _told(changed)


async def _record(gateway: Gateway, identity: Identity, action: str, answer: EndpointAnswer, **details: str) -> None:
    """Have it in the audit log, with where it leads; not the rest of the address, which may hold a secret."""
    host = urlsplit(answer.endpoint.url).hostname or ""
    await record(gateway, identity, action, answer.endpoint.id, host=host, **{key: text for key, text in details.items() if text})


def endpoint_id(data: Fields) -> str:
    """The id of the endpoint that is meant. Raises `Rejected`."""
    given = data.text("endpointId", 64)
    if given is None:
        raise Rejected("endpointId is missing: write the id of an endpoint as listEndpoints shows it.")
    return given


def endpoint_row(one: EndpointView) -> dict[str, Any]:
    """An endpoint as it is shown; times are ms since 1970, null: none."""
    return {
        "endpointId": one.id,
        "name": one.name,
        "url": one.url,
        "dialect": one.dialect,
        "mode": ("binary" if one.binary else "structured") if one.dialect == "cloudevents" else None,
        "events": [str(kind) for kind in one.kinds],
        "devices": [{"controlSn": each.agent, "deviceName": each.name} for each in one.devices],
        "enabled": one.enabled,
        "reason": one.reason,
        "configured": one.settled,
        "createTimestamp": one.created_at,
        "changeTimestamp": one.changed_at,
        "failingSince": one.failing_since or None,
        "overlapUntil": one.overlap_until or None,
        "provenTimestamp": one.proven_at or None,
        "allowedRate": one.allowed_rate or None,
        "unprovenReason": one.unproven,
    }


def _told(answer: EndpointAnswer) -> dict[str, Any]:
    row = endpoint_row(answer.endpoint)
    return {**row, "secret": answer.secret} if answer.secret else row


def _url(data: Fields) -> str:
    url = data.text("url", LONGEST_URL)
    if url is None:
        raise Rejected("url is missing: write the address that is to hear of events, such as https://example.org/printing.")
    return url


def _binary(data: Fields) -> bool | None:
    return data.word("mode", MODES, "structured and binary")


def _kinds(data: Fields) -> tuple[EventKind, ...] | None:
    return data.words("events", EVENTS, "new, status, end and device")


def _devices(data: Fields) -> tuple[DeviceFilter, ...] | None:
    given = data.raw("devices")
    if given is None:
        return None
    listed = given if isinstance(given, list) else [given] if given != "" else []
    if len(listed) > MOST_DEVICES:
        raise Rejected(f"devices must name at most {MOST_DEVICES}; it names {len(listed)}. Leave it out to hear of all.")
    return tuple(dict.fromkeys(_device(each) for each in listed))


def _device(given: Any) -> DeviceFilter:
    """A device by its name, or as an object with the client that has it."""
    one = Fields(given if isinstance(given, dict) else {"deviceName": given}, "devices")
    name = one.text("deviceName")
    if name is None:
        raise Rejected(f"devices must be names of devices as listDevices shows them; one is {shown(given)}.")
    return DeviceFilter(name, one.text("controlSn") or "")
