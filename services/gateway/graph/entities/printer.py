"""printer, and what it has in common with printerShare: printerBase (graph-print.md 2.1 to 2.3)."""

from collections.abc import Mapping
from typing import Any

from libs.contracts.devices import Device, PrinterState
from libs.contracts.fleet import PrinterView
from services.gateway.graph.http.etags import weak
from services.gateway.graph.odata.query import Query
from services.gateway.graph.words.capabilities import capabilities
from services.gateway.graph.words.defaults import defaults
from services.gateway.graph.words.details import details
from services.gateway.graph.words.locations import location
from services.gateway.graph.words.moments import instant
from services.gateway.graph.words.older import older_capabilities, older_defaults, older_location, older_status

#: A date that must be told and that nobody knows.
NEVER = "0001-01-01T00:00:00Z"
#: Told only when `$select` names them (1.3), and there for a filter that looks at them.
LARGE = ("defaults", "capabilities")
_OLDER = {
    "status": older_status,
    "location": older_location,
    "defaults": older_defaults,
    "capabilities": older_capabilities,
}
_WHOLE = Query(select=LARGE)
_SENTENCES = {
    PrinterState.IDLE: "The printer is ready.",
    PrinterState.PROCESSING: "The printer is printing.",
    PrinterState.STOPPED: "The printer has stopped: somebody must look after it.",
    PrinterState.UNREACHABLE: "The printer does not answer.",
}
_STATES = {
    PrinterState.IDLE: "idle",
    PrinterState.PROCESSING: "processing",
    PrinterState.STOPPED: "stopped",
    PrinterState.UNREACHABLE: "stopped",
}
#: Graph's states as an application says them of the printer that it serves.
STATES = {"idle": PrinterState.IDLE, "processing": PrinterState.PROCESSING, "stopped": PrinterState.STOPPED}


def plain(query: Query) -> bool:
    """Whether nothing large is asked for or looked at."""
    return not any(query.needs(name) for name in LARGE)


def printer_tag(view: PrinterView) -> str:
    """The entity tag of a printer: the same whatever `$select` names, and another one when anything that it could name changes."""
    return weak(printer_entity(view, _WHOLE))


def printer_entity(view: PrinterView, query: Query, *, beta: bool = False) -> dict[str, Any]:
    """A printer; its defaults and capabilities when the query needs them. What is expanded the caller adds."""
    return {
        **base_entity(view, query, beta=beta),
        "hasPhysicalDevice": view.physical,
        "isShared": bool(view.shares),
        "registeredDateTime": instant(view.registered_at) or NEVER,
        "lastSeenDateTime": instant(view.seen_at),
    }


def base_entity(view: PrinterView, query: Query, *, beta: bool = False) -> dict[str, Any]:
    """printerBase; the id is the printer's. In beta with the older members beside the new ones."""
    manufacturer, model = _make(view)
    found: dict[str, Any] = {
        "id": view.id,
        "displayName": view.profile.display or view.device.name,
        "manufacturer": manufacturer,
        "model": model,
        "isAcceptingJobs": view.device.accepting,
        "status": status(view),
        "location": location(view.profile.location),
    }
    if query.needs("defaults"):
        found["defaults"] = defaults(view)
    if query.needs("capabilities"):
        found["capabilities"] = capabilities(view)
    return found | _older(found) if beta else found


def _older(found: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: {**found[name], **older(found[name])} for name, older in _OLDER.items() if name in found}
    return {**told, "name": found["displayName"], "acceptingJobs": found["isAcceptingJobs"]}


def status(view: PrinterView) -> dict[str, Any]:
    """The printerStatus. A printer whose agent is away is as nobody knows."""
    device = view.device
    told = details(device.reasons)
    if view.physical and not view.served_by and not view.online:
        sentence = "The connector of the printer is not connected: its tasks wait."
        return {"state": "unknown", "details": told, "description": sentence}
    return {"state": _STATES[device.state], "details": told, "description": _sentence(device)}


def _sentence(device: Device) -> str:
    if not device.accepting:
        return "The printer takes no tasks at the moment."
    if device.state is PrinterState.STOPPED and device.reasons:
        return f"The printer has stopped: {', '.join(device.reasons)}."
    return _SENTENCES[device.state]


def _make(view: PrinterView) -> tuple[str | None, str | None]:
    """What was said of it, else what the device says: `Brother HL-L2350DW series` is a HL-L2350DW series of Brother."""
    manufacturer, _, model = view.device.capabilities.make_and_model.partition(" ")
    return view.profile.manufacturer or manufacturer or None, view.profile.model or model or None
