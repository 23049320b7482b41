"""The embedded server: every service in one process, beside a nats-server that is started here."""

import asyncio
import os
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import structlog

from libs.runtime import children, crashpoint, interpreter, logs
from libs.runtime.bus import Bus, connect
from libs.runtime.ending import TIDYING, end
from libs.runtime.keys import ADMIN, Keys
from libs.runtime.lease import ALONE
from libs.runtime.machine import bracketed, near
from libs.runtime.natsserver import NatsServer
from libs.runtime.process import stop_signal
from libs.runtime.service import Service
from libs.runtime.settings import Settings, read
from libs.runtime.strokes import stroke
from libs.runtime.traces import Tracing
from services.agent.app import start as start_agent
from services.agent.settings import AgentSettings
from services.converter.app import start as start_converter
from services.converter.settings import ConverterSettings
from services.embedded import provision
from services.embedded.mending import Mending
from services.embedded.standstill import take_lock
from services.gateway.app import start as start_gateway
from services.gateway.settings import GatewaySettings
from services.registry.app import start as start_registry
from services.registry.settings import RegistrySettings
from services.spooler.app import start as start_spooler
from services.spooler.settings import SpoolerSettings
from services.webhooks.app import start as start_webhooks
from services.webhooks.settings import WebhooksSettings

log = structlog.get_logger()

#: Seconds between two looks at the disk and the certificate of nats-server, and before it is started again when it died.
HEED, AGAIN = 1.0, 0.25


@dataclass(frozen=True, slots=True)
class Part:
    """A service in the order of starting: who is asked first, is there first."""

    name: str
    settings: type[Settings]
    start: Callable[[Service, Any], Awaitable[None]]


PARTS = (
    Part("registry", RegistrySettings, start_registry),
    Part("spooler", SpoolerSettings, start_spooler),
    Part("converter", ConverterSettings, start_converter),
    Part("webhooks", WebhooksSettings, start_webhooks),
    Part("agent", AgentSettings, start_agent),
)


class Embedded:
    """One installation in one process. `tracing` lets a test hear the spans."""

    def __init__(self, tracing: Callable[[str], Tracing] | None = None, **given: object) -> None:
        self._given = given
        self._own = read(RegistrySettings, **given)
        self._tracing = tracing or self._exporting
        self._record = children.ChildRecord(self._own.data_dir / "children.json")
        self._services: list[Service] = []
        self._lock = -1
        self._server: NatsServer | None = None
        self._watching: asyncio.Task[None] | None = None
        self._mending: asyncio.Task[None] | None = None
        self._office: Bus | None = None
        self.identity: provision.Identity
        self.address = ""

    def _exporting(self, service: str) -> Tracing:
        return Tracing(service, self._own.otlp_endpoint, self._own.trace_ratio, region=self._own.region)

    @property
    def services(self) -> list[Service]:
        """The running services, for the probes."""
        return self._services

    async def start(self) -> None:
        """Start everything. Raises `SettingsError`, `AlreadyRunning`, or what kept a service from starting."""
        self._check_settings()
        self._lock = take_lock(self._own.data_dir)
        if left := self._record.clear():
            log.warning("cleared what a killed server left", processes=left)
        self.identity = provision.make_identity(self._own)
        keys = provision.make_keys(self._own, self.identity.sn)
        url = self._own.nats_url or await self._start_server(keys)
        await provision.make_streams(url, keys, self._own, self.identity.sn)
        self._office = await connect(url, ADMIN, keys.path(f"{ADMIN}.creds"))
        mending = Mending(self._office, self._own.region, self._own.replicas, provision.others(self._own))
        self._mending = asyncio.create_task(mending.run())
        await self._start_services(url)

    async def stop(self) -> None:
        """Stop everything, children included; the last one started first, all together within the grace.

        Raises what a part of it raises, when all others are stopped.
        """
        await end(*(task for task in (self._watching, self._mending) if task))
        deadline = time.monotonic() + self._own.shutdown_grace
        async with AsyncExitStack() as parts:
            if self._lock >= 0:
                parts.callback(os.close, self._lock)
            if self._server:
                parts.push_async_callback(self._server.stop)
            if self._office:
                parts.push_async_callback(self._office.close)
            for service in self._services:
                parts.push_async_callback(_end, service, deadline)

    async def wait_ready(self, within: float = 120.0) -> dict[str, dict[str, str]]:
        """Wait until every service is ready; returns what still keeps which from it after so many seconds."""
        deadline = asyncio.get_running_loop().time() + within
        while True:
            problems = {service.name: found for service in self._services if (found := await service.problems())}
            if not problems or asyncio.get_running_loop().time() > deadline:
                return problems
            await asyncio.sleep(0.1)

    def _check_settings(self) -> None:
        """Read every service's settings before anything is touched: a wrong one stops the start with its sentence."""
        kinds: list[type[Settings]] = [*(part.settings for part in PARTS), GatewaySettings]
        for kind in kinds:
            read(kind, **self._given)

    async def _start_server(self, keys: Keys) -> str:
        """A nats-server of our own, unless PRINTBUS_NATS_URL names one; its address."""
        folder, port = self._own.data_dir.absolute() / "nats", self._own.nats_port
        outside = provision.outside(self._own, **self._given)
        links = provision.links(self._own, keys)
        self._server = NatsServer(keys, folder, port=port, record=self._record, outside=outside, links=links)
        await self._server.start()
        self._watching = asyncio.create_task(self._watch_server(self._server))
        return self._server.url

    async def _start_services(self, url: str) -> None:
        given: dict[str, Any] = {**self._given, "nats_url": url, "nats_creds": None, "sn": self.identity.sn}
        gateway = read(GatewaySettings, **given)
        given["http_port"] = gateway.http_port or _free_port(gateway.http_host)
        if not self._own.database_url:
            given["spooler_holder"] = given["webhooks_holder"] = ALONE  # so says the data folder's lock
        self.address = f"http://{bracketed(gateway.http_host)}:{given['http_port']}"
        # Its own agent is beside it: others' way to it may not be open from here, or not be there.
        beside = {"gateway_url": f"http://{near(gateway.http_host)}:{given['http_port']}"}
        for part in PARTS:
            await part.start(self._add(part.name), read(part.settings, **{**beside, **given}))
        await start_gateway(self._add("gateway"), read(GatewaySettings, **given), self._services)

    def _add(self, name: str) -> Service:
        service = Service(name, self._tracing(name), self._own.shutdown_grace)
        self._services.append(service)
        return service

    async def _watch_server(self, server: NatsServer) -> None:
        """Start the bus again when it died: its clients find it on the same port. Renew its certificate."""
        while True:
            if server.ended:
                log.error("nats-server ended, it is started again")
                try:
                    await server.start()
                except (RuntimeError, OSError) as error:  # a disk that is full has room again one day
                    log.error("nats-server not started", error=str(error))  # noqa: TRY400 - its own log says more
            over = asyncio.create_task(server.over())
            try:
                while not over.done():
                    await self._heed(server)
                    await asyncio.wait([over], timeout=stroke(HEED))
            finally:
                await end(over)
            await asyncio.sleep(AGAIN)

    @staticmethod
    async def _heed(server: NatsServer) -> None:
        try:
            await server.heed()
        except (OSError, ValueError) as error:
            log.warning("nats-server's certificate not looked at", error=str(error))


async def _end(service: Service, deadline: float) -> None:
    """Within what is left of the grace; then its spans are sent."""
    service.grace = max(0.5, deadline - time.monotonic())
    try:
        await service.stop()
    finally:
        await asyncio.to_thread(service.tracing.close)


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


async def serve() -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    own = read(RegistrySettings)
    logs.configure(own.log_format, own.log_level)
    crashpoint.arm(own.crashpoint)
    server = Embedded()
    asked = stop_signal()
    starting = asyncio.create_task(server.start())
    stopping = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            interpreter.settle()
            _greet(server)
            await asked.wait()
        return 0
    finally:
        await end(starting, again=TIDYING)
        await server.stop()


def _greet(server: Embedded) -> None:
    """The token itself is for a terminal alone: what goes elsewhere is kept, and read by others."""
    identity = server.identity
    token = "as before" if not identity.fresh else identity.token if sys.stdout.isatty() else "made"
    lines = [
        "",
        f"Printbus listens on {server.address}/openapi",
        f"  SN     {identity.sn}",
        f"  token  {token} (kept in {identity.token_file}, readable by its owner only)",
        f"  ready? {server.address}/readyz     stop: Ctrl-C",
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
