"""The body that registers a printer, read (graph-print.md 1.3)."""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.gateway.graph.call import Call
from services.gateway.graph.http.members import flag, text
from services.gateway.graph.problem import bad

_ARMOUR = re.compile(r"-----(?:BEGIN|END)[^-]*-----|\s+")


@dataclass(frozen=True, slots=True)
class Registration:
    """`request` is a PKCS#10 request in base64 without line ends, empty: no certificate is wanted."""

    display: str
    manufacturer: str
    model: str
    physical: bool
    device_id: str
    connector: str
    request: str


def registration(call: Call) -> Registration:
    """What a printer is registered with. Raises `Problem` 400 that names the member."""
    body = call.body
    physical = flag(body.get("hasPhysicalDevice", True), "hasPhysicalDevice")
    return Registration(
        _needed(body, "displayName"),
        _needed(body, "manufacturer"),
        _needed(body, "model"),
        physical,
        _device_id(body.get("physicalDeviceId"), physical=physical),
        _guid(body["connectorId"], "connectorId") if body.get("connectorId") else "",
        _request(body.get("certificateSigningRequest"), physical=physical),
    )


def _needed(body: Mapping[str, Any], name: str) -> str:
    given = body.get(name)
    value = "" if given is None else text(given, name).strip()
    if not value:
        raise bad(f"{name} is needed: write what people know the printer by.", name)
    return value


def _device_id(value: Any, *, physical: bool) -> str:
    if not value:
        if physical:
            sentence = "physicalDeviceId is needed, a GUID, unless hasPhysicalDevice is false."
            raise bad(sentence, "physicalDeviceId")
        return ""
    if not physical:
        raise bad("physicalDeviceId is only for a printer with hasPhysicalDevice true: leave it out.", "physicalDeviceId")
    return _guid(value, "physicalDeviceId")


def _guid(value: Any, name: str) -> str:
    try:
        return str(UUID(text(value, name)))
    except ValueError:
        raise bad(f"{name} must be a GUID, as 6f1d2c1e-5a0b-4c57-9a3e-0d1f7f3b9c11.", name) from None


def _request(value: Any, *, physical: bool) -> str:
    if value is None and not physical:
        return ""
    if not isinstance(value, Mapping):
        sentence = "certificateSigningRequest is needed: an object with content (PKCS#10) and transportKey, both base64."
        raise bad(sentence, "certificateSigningRequest")
    found = {name: _base64(value.get(name), f"certificateSigningRequest.{name}") for name in ("content", "transportKey")}
    return found["content"]


def _base64(value: Any, name: str) -> str:
    bare = _ARMOUR.sub("", value) if isinstance(value, str) and len(value) <= 65_536 else ""
    try:
        found = base64.b64decode(bare, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise bad(f"{name} must be base64 of DER, without the lines of PEM.", name)
    return bare
