"""printConnector: the agent through which a site's printers are reached (graph-print.md 2.12)."""

from typing import Any

from libs.contracts.fleet import ConnectorView
from services.gateway.graph.entities.printer import NEVER
from services.gateway.graph.words.locations import location
from services.gateway.graph.words.moments import instant


def connector_entity(view: ConnectorView) -> dict[str, Any]:
    """A connector; `isOnline` is ours: whether it is connected now."""
    return {
        "id": view.id,
        "appVersion": view.version,
        "displayName": view.name or view.sn,
        "fullyQualifiedDomainName": view.host,
        "location": location(view.location),
        "operatingSystem": view.system,
        "registeredDateTime": instant(view.registered_at) or NEVER,
        "isOnline": view.online,
    }
