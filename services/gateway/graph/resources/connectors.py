"""Connectors: the agents of a tenant (graph-print.md 1.2)."""

from collections.abc import Mapping
from typing import Any

from libs.contracts.fleet import ChangeConnector, ConnectorList, ConnectorView, ListConnectors, RemoveConnector
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.connector import connector_entity
from services.gateway.graph.http.members import text
from services.gateway.graph.problem import bad, missing
from services.gateway.graph.words.locations import read_location

CONTEXT = "print/connectors"
#: Member -> the field of `ChangeConnector`.
_FIELDS = {
    "displayName": "name",
    "fullyQualifiedDomainName": "host",
    "operatingSystem": "system",
    "appVersion": "version",
}


async def list_connectors(call: Call) -> Answer:
    """All, by name."""
    return Collection([connector_entity(each, beta=call.beta) for each in await _found(call)], CONTEXT)


async def get_connector(call: Call) -> Answer:
    """One of them."""
    found = await _found(call, call.ids["connector"])
    if not found:
        raise missing(f"connector {call.ids['connector']}")
    return Reply(body=connector_entity(found[0], beta=call.beta), context=f"{CONTEXT}/$entity")


async def change_connector(call: Call) -> Answer:
    """What people call it, and where it stands."""
    wanted = _changes(call.body)
    region, who = call.gateway.region, call.who
    connector = call.ids["connector"]
    answer: ConnectorList = await call.ask(
        ChangeConnector(region=region, tenant=who.tenant, connector=connector, by=who.by, **wanted)
    )
    return Reply(body=connector_entity(answer.connectors[0], beta=call.beta), context=f"{CONTEXT}/$entity")


async def remove_connector(call: Call) -> Answer:
    """Refused while it has printers."""
    region, who = call.gateway.region, call.who
    await call.ask(RemoveConnector(region=region, tenant=who.tenant, connector=call.ids["connector"], by=who.by))
    return Reply(status=204)


async def _found(call: Call, connector: str = "") -> tuple[ConnectorView, ...]:
    answer: ConnectorList = await call.ask(ListConnectors(region=call.gateway.region, tenant=call.who.tenant, connector=connector))
    return answer.connectors


def _changes(body: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {field: text(body[name], name) for name, field in _FIELDS.items() if name in body}
    if not found.get("name", "x").strip():
        raise bad("displayName must not be empty.", "displayName")
    if "location" in body:
        found["location"] = read_location(body["location"])
    if not found:
        raise bad(f"The body names nothing to change; write one of {', '.join((*_FIELDS, 'location'))}.")
    return found


_ONE = "print/connectors/{connector}"

ROUTES = (
    Route("GET", "print/connectors", list_connectors),
    Route("GET", _ONE, get_connector),
    Route("PATCH", _ONE, change_connector),
    Route("DELETE", _ONE, remove_connector),
)
