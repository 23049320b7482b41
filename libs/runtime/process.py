"""One service as a process: logs, traces, signals, probes, and a stop that ends in time."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
import uvloop

from libs.runtime import crashpoint, logs
from libs.runtime.probes import probe_server
from libs.runtime.service import Service
from libs.runtime.settings import Settings, SettingsError, read
from libs.runtime.traces import Tracing

log = structlog.get_logger()
S = TypeVar("S", bound=Settings)


def main(name: str, kind: type[S], start: Callable[[Service, S], Awaitable[None]], *, probes: bool = True) -> None:
    """Run one service until SIGTERM or SIGINT. A wrong setting ends it with a sentence and code 2."""
    try:
        settings = read(kind)
    except SettingsError as error:
        sys.exit(f"{name}: {error}")
    logs.configure(settings.log_format, settings.log_level)
    crashpoint.arm(settings.crashpoint)
    uvloop.run(_run(name, settings, start, probes=probes))


async def _run(name: str, settings: S, start: Callable[[Service, S], Awaitable[None]], *, probes: bool) -> None:
    structlog.contextvars.bind_contextvars(service=name)
    tracing = Tracing(name, settings.otlp_endpoint, settings.trace_ratio)
    service = Service(name, tracing, settings.shutdown_grace)
    asked = stop_signal()
    try:
        if probes:
            await service.enter(probe_server([service], settings.metrics_port))
        await start(service, settings)
        log.info("service started")
        await asked.wait()
    finally:
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
