"""Services: where what this server does for printers is found, which is this server (graph-print.md 1.2)."""

from typing import Any

from libs.contracts.ids import guid
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.problem import missing

CONTEXT = "print/services"
#: Endpoint -> what it is called, and where below the version it is.
_ENDPOINTS = {
    "discovery": ("Discovery", "print/shares"),
    "notification": ("Notification", "subscriptions"),
    "ipp": ("IPP", "print/printers"),
    "registration": ("Registration", "print/printers/create"),
}


async def list_services(call: Call) -> Answer:
    """The one that there is."""
    return Collection([_service(call)], CONTEXT)


async def get_service(call: Call) -> Answer:
    """It, by its id."""
    return Reply(body=_of(call), context=f"{CONTEXT}/$entity")


async def list_endpoints(call: Call) -> Answer:
    """Its endpoints."""
    service = _of(call)
    return Collection(_endpoints(call), f"{CONTEXT}('{service['id']}')/endpoints")


async def get_endpoint(call: Call) -> Answer:
    """One of them."""
    service = _of(call)
    for each in _endpoints(call):
        if each["id"].lower() == call.ids["endpoint"].lower():
            return Reply(body=each, context=f"{CONTEXT}('{service['id']}')/endpoints/$entity")
    raise missing(f"endpoint {call.ids['endpoint']}: there are {', '.join(_ENDPOINTS)}")


def _of(call: Call) -> dict[str, Any]:
    service = _service(call)
    if call.ids["service"].lower() != service["id"]:
        raise missing(f"service {call.ids['service']}")
    return service


def _service(call: Call) -> dict[str, Any]:
    service: dict[str, Any] = {"id": guid("service", call.gateway.region)}
    if call.query.expands("endpoints"):
        service["endpoints"] = _endpoints(call)
    return service


def _endpoints(call: Call) -> list[dict[str, Any]]:
    found = []
    for name, (display, path) in _ENDPOINTS.items():
        old = {"name": display} if call.beta else {}
        found.append({"id": name, "displayName": display, "uri": f"{call.base}/{path}", **old})
    return found


_ONE = "print/services/{service}"

ROUTES = (
    Route("GET", "print/services", list_services),
    Route("GET", _ONE, get_service),
    Route("GET", f"{_ONE}/endpoints", list_endpoints),
    Route("GET", f"{_ONE}/endpoints/{{endpoint}}", get_endpoint),
)
