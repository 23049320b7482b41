"""`/healthz`, `/readyz` and `/metrics` of one service or of several in one process."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from libs.runtime.metrics import written
from libs.runtime.service import Service
from libs.runtime.sockets import Sockets
from libs.runtime.strokes import stroke

log = structlog.get_logger()


def routes(services: Sequence[Service]) -> list[Route]:
    """The three routes; `services` may still grow."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        found = {service.name: problems for service in services if (problems := await service.problems())}
        return JSONResponse({"ready": not found, "problems": found}, status_code=503 if found else 200)

    async def metrics(request: Request) -> Response:
        lines, kind = written([service.metrics for service in services], request.headers.get("accept", ""))
        return Response(lines, headers={"Content-Type": kind})

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


@dataclass(frozen=True, slots=True)
class Manner:
    """How HTTP is spoken: by which protocol in uvicorn's place, with WebSockets up to which message size (0: none), and TLS."""

    protocol: type[asyncio.Protocol] | None = None
    websocket_size: int = 0
    tls: ssl.SSLContext | None = None


#: Seconds between pings of a WebSocket, and within which one must be answered: a line that is cut is noticed.
PING = 25.0
#: Seconds that a line stays open after an answer: longer than clients and load balancers keep theirs (60), as who closes it first
#: may cross a request that is on its way, and that one gets no answer.
KEPT = 75


class Server(uvicorn.Server):
    """Uvicorn's, which looks at its clock ten times a second: once is enough for a header, and the end need not wait for it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Take nothing new, and stop."""
        self.should_exit = True
        self._ended.set()

    async def main_loop(self) -> None:
        """Until the end."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                async with asyncio.timeout(stroke(1.0)):
                    await self._ended.wait()


@asynccontextmanager
async def http_server(app: object, host: str, port: int, grace: float = 5.0, manner: Manner = Manner()) -> AsyncIterator[int]:
    """Serve an ASGI application while the block runs; gives the port, a free one for 0.

    Raises `OSError` when the address is taken or is none of this machine. What proxies say about a peer is never believed.
    """
    listener = await _listener(host, port)
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=manner.protocol or "auto",
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_keep_alive=KEPT,
        timeout_graceful_shutdown=int(grace) or 1,
        server_header=False,
        proxy_headers=False,
        ws=Sockets if manner.websocket_size else "none",
        ws_max_size=manner.websocket_size,
        ws_ping_interval=PING,
        ws_ping_timeout=PING,
        ws_per_message_deflate=False,  # messages are small, and a deflated bomb is not
        ssl_context_factory=(lambda _config, _default: context) if (context := manner.tls) else None,
    )
    bound: int = listener.getsockname()[1]
    server = Server(config)
    serving = asyncio.create_task(server._serve([listener]))  # noqa: SLF001 - without its own signal handlers: signals are ours
    try:
        while not server.started:
            if serving.done():
                serving.result()
                raise OSError(f"the HTTP server did not come up on {host}:{bound}")
            await asyncio.sleep(0.01)
        yield bound
    finally:
        server.end()
        await serving


async def _listener(host: str, port: int) -> socket.socket:
    """A socket that listens: bound before uvicorn starts, which would end the process where the address is taken."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


@asynccontextmanager
async def probe_server(services: Sequence[Service], port: int) -> AsyncIterator[int]:
    """Probes and metrics of a service that has no HTTP of its own; the port is logged."""
    async with http_server(Starlette(routes=list(routes(services))), "0.0.0.0", port) as bound:
        log.info("probes served", port=bound, services=[service.name for service in services])
        yield bound
