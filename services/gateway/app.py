"""Wires the gateway: bus, directory, document store, doors, probes, and the HTTP server."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import cast

import structlog
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from libs.contracts.directory import BUCKET, Entry
from libs.contracts.message import decode
from libs.contracts.metrics import COMMANDS, DIRECTORY_FRESH
from libs.contracts.streams import IDEMPOTENCY
from libs.runtime.addresses import Addresses
from libs.runtime.bucket import Bucket
from libs.runtime.bus import connect
from libs.runtime.discovery import discover
from libs.runtime.documents import Documents
from libs.runtime.links import linked
from libs.runtime.metrics import counter, looked_up
from libs.runtime.mirror import Mirror
from libs.runtime.probes import Manner, http_server, routes
from libs.runtime.room import Room
from libs.runtime.seal import Sealer
from libs.runtime.service import Service
from libs.runtime.timings import Timings
from services.gateway import auth
from services.gateway.auth import Scheme
from services.gateway.canary import Canaries
from services.gateway.directory import Directory
from services.gateway.documents import DocumentRoute
from services.gateway.enrolment import EnrolRoute
from services.gateway.files import file_routes
from services.gateway.gateway import Gateway
from services.gateway.graph.wiring import graph_routes
from services.gateway.handover import Straight
from services.gateway.ids import TaskIds
from services.gateway.issuer.routes import issuer_routes
from services.gateway.oidc.bearers import Bearers
from services.gateway.pace import Pace
from services.gateway.receipts import Receipts
from services.gateway.receiving import patient
from services.gateway.regions.far import Far, far, tell
from services.gateway.regions.front import Front, Known
from services.gateway.settings import OFF, GatewaySettings
from services.gateway.throttle import Throttle
from services.gateway.tls import Certificate, certificate_route
from services.gateway.virtual_urls import VirtualUrls
from services.gateway.webapi.door import WebApi
from services.gateway.webprinter.door import NOWHERE, Door, Guard, UploadDoor

log = structlog.get_logger()

USER = "gateway"
#: Python's names of systems -> Webprinter's.
SYSTEMS = {"linux": "linux", "win32": "windows", "darwin": "mac os"}


async def start(service: Service, settings: GatewaySettings, services: Sequence[Service] | None = None) -> None:
    """Start the gateway; `services` are the ones that its probes speak for, by default itself alone."""
    bus = await connect(settings.nats_url, USER, settings.credentials(USER), timings=Timings(USER, service.metrics))
    service.on_stop(bus.close)
    mirror = Mirror(bus, BUCKET, partial(decode, Entry))
    service.loop("directory", mirror.follow)
    receipts = Receipts(bus, settings.region, service.metrics)
    gateway = Gateway(
        region=settings.region,
        bus=bus,
        directory=Directory(bus, mirror, settings.region),
        documents=Documents(settings.documents_url, settings.data_dir),
        sealer=Sealer(settings.seal_public_key),
        ids=TaskIds(settings.worker),
        reservations=Bucket(bus, IDEMPOTENCY.name),
        virtual_urls=VirtualUrls(settings.upload_key),
        receipts=receipts,
        handover=Straight(bus, receipts),
        room=Room(settings.data_dir / "nats" / "jetstream", settings.min_free),
        zone=settings.zone,
        from_os=SYSTEMS.get(sys.platform, sys.platform),
        max_body=settings.max_body,
        extended=settings.extended_view,
        max_document=settings.max_job_document,
        max_piece=settings.max_piece,
    )
    service.loop("receipts", gateway.receipts.confirm)
    _check(service, mirror)
    canaries = Canaries(gateway, mirror, settings.canary_period, settings.canary_patience, service.metrics)
    service.loop("canaries", canaries.run)
    pages = WebApi(gateway, settings, service.tracing, service.metrics)
    service.loop("sessions", pages.sessions.watch)
    service.loop("relays", pages.relays.follow)
    graph = graph_routes(gateway, settings, Bearers.of(settings, gateway.directory, bus), service)
    others = [far(link, gateway, settings, service) for link in linked(settings.links)]
    pace = Pace("addresses", service.metrics)
    more = [*graph, *issuer_routes(gateway, settings, pace, [each.known for each in others]), *pages.routes()]
    alone = () if settings.metrics_port else (service,)  # probes with a port of their own are not let out with the doors
    app: ASGIApp = web(service, gateway, settings, alone if services is None else services, more)
    if others:
        app = _joined(app, Known(settings.region, mirror, gateway.directory), others, service)
    manner = Manner(patient(settings.receive_timeout), settings.webapi_max_message)
    port = await service.enter(http_server(app, settings.http_host, settings.http_port, settings.shutdown_grace, manner))
    await _secure(service, app, settings, manner)
    service.on_stop(pages.sessions.close)  # before the servers: they wait for whoever is still there
    log.info("gateway listening", address=settings.public_url or f"http://{settings.http_host}:{port}")


def _joined(own: ASGIApp, here: Known, regions: Sequence[Far], service: Service) -> Front:
    """The doors of this region and of others as one application."""
    tell(regions, service)
    others: list[tuple[Known, ASGIApp]] = []
    for each in regions:
        bearers = Bearers.of(each.settings, each.gateway.directory, each.gateway.bus, each.signers, each.known.region)
        graph = graph_routes(each.gateway, each.settings, bearers, service)
        others.append((each.known, web(service, each.gateway, each.settings, [], graph)))
    return Front(own, here, others)


async def _secure(service: Service, app: ASGIApp, settings: GatewaySettings, manner: Manner) -> None:
    """The same over HTTPS. What was not asked for by a setting is not worth failing for."""
    if settings.https_port == OFF:
        return
    certificate = Certificate(settings.keys_dir, settings.http_names)
    try:
        manner = replace(manner, tls=await certificate.context())
        port = await service.enter(http_server(app, settings.http_host, settings.https_port, settings.shutdown_grace, manner))
    except OSError as error:
        if "https_port" in settings.model_fields_set:
            raise
        log.warning("no https: its port is taken, or its key cannot be kept", port=settings.https_port, cause=error.strerror)
        return
    service.loop("certificate", certificate.renew)
    log.info("gateway listening", address=f"https://{settings.http_host}:{port}")


def web(
    service: Service, gateway: Gateway, settings: GatewaySettings, services: Sequence[Service], pages: Sequence[BaseRoute] = ()
) -> Starlette:
    """The ASGI application: doors, documents, probes; `pages` are Graph's door and the one for pages."""
    commands, pace = counter(COMMANDS, service.metrics), Pace("webprinter", service.metrics)
    schemes = [Throttle([cast(Scheme, module) for module in discover(auth).values()], settings.token_tries)]
    guard = Guard(gateway.directory, schemes, enabled=settings.openapi_enabled)
    door = Door(gateway, guard, service.tracing, commands, pace, max_body=settings.max_body)
    documents, others = DocumentRoute(gateway.documents, Addresses(settings.document_key)), Pace("addresses", service.metrics)
    upload_door = UploadDoor(gateway, guard, service.tracing, commands, pace, max_upload=settings.max_upload)
    return Starlette(
        routes=[
            Route("/openapi", door),
            Route("/openapi/", door),  # a redirect would be lost on most programs that send with POST
            Route("/openapi/sendTmpFile", upload_door),
            Route("/openapi/sendTmpFile/", upload_door),
            Route("/openapi/{rest:path}", NOWHERE.response()),
            Route("/documents/{token}", others.of("documents", documents.__call__)),
            Route("/enrol", others.of("enrol", EnrolRoute(gateway, settings.token_tries).__call__), methods=["POST"]),
            *pages,
            *file_routes(),
            certificate_route(settings.keys_dir),
            *(routes(services) if services else ()),
        ]
    )


def _check(service: Service, mirror: Mirror) -> None:
    async def directory() -> str:
        return "" if mirror.fresh else "the directory is not loaded, or no tick of the registry comes"

    service.check("directory", directory)
    looked_up(DIRECTORY_FRESH, service.metrics, lambda: float(mirror.fresh))
