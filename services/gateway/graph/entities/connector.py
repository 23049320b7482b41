"""printConnector: the agent through which a site's printers are reached (graph-print.md 2.12)."""

from typing import Any

from libs.contracts.fleet import ConnectorView
from services.gateway.graph.entities.printer import NEVER
from services.gateway.graph.words.locations import location
from services.gateway.graph.words.moments import instant
from services.gateway.graph.words.older import older_location


def connector_entity(view: ConnectorView, *, beta: bool = False) -> dict[str, Any]:
    """A connector; `isOnline` is ours: whether it is connected now."""
    place = location(view.location)
    name = view.name or view.sn
    old = {"name": name, "deviceHealth": {"lastConnectionTime": instant(view.seen_at)}} if beta else {}
    return {
        "id": view.id,
        "appVersion": view.version,
        "displayName": name,
        "fullyQualifiedDomainName": view.host,
        "location": {**place, **older_location(place)} if beta else place,
        "operatingSystem": view.system,
        "registeredDateTime": instant(view.registered_at) or NEVER,
        "isOnline": view.online,
        **old,
    }
