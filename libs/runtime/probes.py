"""`/healthz`, `/readyz` and `/metrics` of one service or of several in one process."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
import uvicorn
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from libs.runtime.service import Service

log = structlog.get_logger()


def routes(services: Sequence[Service]) -> list[Route]:
    """The three routes; `services` may still grow."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        found = {service.name: problems for service in services if (problems := await service.problems())}
        return JSONResponse({"ready": not found, "problems": found}, status_code=503 if found else 200)

    async def metrics(_request: Request) -> Response:
        lines = b"".join(generate_latest(service.metrics) for service in services)
        return Response(lines, media_type="text/plain; version=0.0.4")

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


@asynccontextmanager
async def http_server(
    app: object, host: str, port: int, grace: float = 5.0, protocol: type[asyncio.Protocol] | None = None
) -> AsyncIterator[int]:
    """Serve an ASGI application while the block runs; gives the port, a free one for 0. `protocol`: in uvicorn's place.

    Raises `OSError` when the address is taken.
    """
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=host,
        port=port,
        http=protocol or "auto",
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=int(grace) or 1,
        server_header=False,
        ws="none",
    )
    listener = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)  # says whether the address is free
    free_port: int = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    config.port = port or free_port
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server._serve())  # noqa: SLF001 - without its own signal handlers: signals are ours
    try:
        while not server.started:
            if serving.done():
                serving.result()
                raise OSError(f"the HTTP server did not come up on {host}:{config.port}")
            await asyncio.sleep(0.01)
        yield config.port
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def probe_server(services: Sequence[Service], port: int) -> AsyncIterator[int]:
    """Probes and metrics of a service that has no HTTP of its own; the port is logged."""
    async with http_server(Starlette(routes=list(routes(services))), "0.0.0.0", port) as bound:
        log.info("probes served", port=bound, services=[service.name for service in services])
        yield bound
