"""One service as a process: logs, traces, signals, probes, and a stop that ends in time."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
import uvloop

from libs.runtime import crashpoint, interpreter, logs
from libs.runtime.bus import Unanswered
from libs.runtime.ending import TIDYING, end
from libs.runtime.probes import probe_server
from libs.runtime.service import Service
from libs.runtime.settings import Settings, SettingsError, read
from libs.runtime.traces import Tracing

log = structlog.get_logger()
S = TypeVar("S", bound=Settings)


def main(name: str, kind: type[S], start: Callable[[Service, S], Awaitable[None]], *, probes: bool = True) -> None:
    """Run one service until SIGTERM or SIGINT. Without `probes` it answers them itself, unless a port is set for them.

    A wrong setting ends it with a sentence and code 2; a bus or an address that cannot be had with a sentence and code 1.
    """
    interpreter.share()
    try:
        settings = _with_server(read(kind))
        logs.configure(settings.log_format, settings.log_level)
        crashpoint.arm(settings.crashpoint)
        uvloop.run(_run(name, settings, start, probes=probes))
    except SettingsError as error:
        sys.stderr.write(f"{name}: {error}\n")
        sys.exit(2)
    except (Unanswered, OSError) as error:
        sys.stderr.write(f"{name}: {error}\n")
        sys.exit(1)


def _with_server(settings: S) -> S:
    if not settings.nats_url:
        raise SettingsError("PRINTBUS_NATS_URL is missing: write the server's address, such as nats://127.0.0.1:4222.")
    return settings


async def _run(name: str, settings: S, start: Callable[[Service, S], Awaitable[None]], *, probes: bool) -> None:
    structlog.contextvars.bind_contextvars(service=name)
    tracing = Tracing(name, settings.otlp_endpoint, settings.trace_ratio, region=settings.region)
    service = Service(name, tracing, settings.shutdown_grace)
    asked = stop_signal()
    there = asyncio.Event()

    async def started() -> str:
        return "" if there.is_set() else "it has not started yet"

    async def begin() -> None:
        service.check("start", started)  # its probes answer before its parts have said what is to be looked at
        if probes or settings.metrics_port:
            await service.enter(probe_server([service], settings.metrics_port))
        await start(service, settings)
        interpreter.settle()
        there.set()
        log.info("service started")

    starting = asyncio.create_task(begin())
    stopping = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stopping
    finally:
        await end(starting, again=TIDYING)  # asked to stop before it was there
        await service.stop()
        tracing.close()


def stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; a second one of them ends the process at once."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> None:
        asked.set()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, ask)
    return asked
