"""Makes the door of all resources that there are."""

from prometheus_client import Counter

from libs.runtime.discovery import discover
from libs.runtime.service import Service
from services.gateway.gateway import Gateway
from services.gateway.graph import resources
from services.gateway.graph.door import Door, Identifying, routes_of
from services.gateway.settings import GatewaySettings


def graph_routes(gateway: Gateway, settings: GatewaySettings, bearers: Identifying, service: Service) -> list[Door]:
    """The door as a route of the ASGI application; nowhere when it is switched off."""
    if not settings.graph_enabled:
        return []
    counter = Counter(
        "gateway_graph_requests", "Requests by method, route and status", ["method", "route", "status"], registry=service.metrics
    )
    routes = routes_of(discover(resources).values())
    return [Door(gateway, bearers, routes, settings, tracing=service.tracing, requests=counter)]
