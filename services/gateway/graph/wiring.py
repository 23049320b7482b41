"""Makes the door of all resources that there are."""

from starlette.routing import BaseRoute, Route

from libs.contracts.metrics import GRAPH_REQUESTS
from libs.runtime.discovery import discover
from libs.runtime.metrics import counter
from libs.runtime.service import Service
from services.gateway.gateway import Gateway
from services.gateway.graph import resources
from services.gateway.graph.door import Door, Identifying, routes_of
from services.gateway.graph.signed import downloads, uploading
from services.gateway.pace import Pace
from services.gateway.settings import GatewaySettings


def graph_routes(gateway: Gateway, settings: GatewaySettings, bearers: Identifying, service: Service) -> list[BaseRoute]:
    """The door and the addresses that it hands out, as routes of the ASGI application; none when it is switched off."""
    if not settings.graph_enabled:
        return []
    requests, pace = counter(GRAPH_REQUESTS, service.metrics), Pace("graph", service.metrics)
    routes = routes_of(discover(resources).values())
    door = Door(gateway, bearers, routes, settings, tracing=service.tracing, requests=requests, pace=pace)
    return [door, *outside_routes(gateway, Pace("addresses", service.metrics))]


def outside_routes(gateway: Gateway, pace: Pace) -> list[BaseRoute]:
    """The addresses of upload sessions and of documents' bytes."""
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return [
        Route(uploading.PATH, pace.of("uploads", uploading.UploadUrl(gateway).serve), methods=methods),
        Route(downloads.PATH, pace.of("downloads", downloads.DownloadUrl(gateway).serve), methods=methods),
    ]
