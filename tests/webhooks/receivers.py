"""Real HTTP receivers with scripted faults: each remembers what it was sent, in order, and answers as its script says."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from libs.runtime.ending import end

Headers = dict[str, str]


@dataclass
class Request:
    """One request as it came, and when (monotonic seconds)."""

    path: str
    headers: Headers
    body: bytes
    at: float
    connection: int
    method: str = "POST"

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def attempt(self) -> int:
        return int(self.headers["webhook-attempt"])

    @property
    def json(self):
        return json.loads(self.body)


def answer(status: int = 200, body: bytes = b"ok", *extra: str) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(body)}", *extra, "", ""]
    return "\r\n".join(lines).encode() + body


Script = Callable[[Request, asyncio.StreamWriter], Awaitable[bytes | None]]


def always(status: int, *extra: str) -> Script:
    async def script(request: Request, writer: asyncio.StreamWriter) -> bytes:
        return answer(status, b"", *extra)

    return script


def statuses(*codes: int) -> Script:
    """These statuses one after another, then 200."""
    left = list(codes)

    async def script(request: Request, writer: asyncio.StreamWriter) -> bytes:
        return answer(left.pop(0) if left else 200)

    return script


async def never(request: Request, writer: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing for ever."""
    await asyncio.Event().wait()


@dataclass
class Receiver:
    """A server on a port of its own; `willing`: it allows whoever asks (CloudEvents, HTTP 1.1 Web Hooks) to tell it events."""

    script: Script
    willing: bool = True
    handshakes: int = 0
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    connections: int = 0
    rate: str = "WebHook-Allowed-Rate: *"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [request.id for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while request := await _read(reader, connection):
                if "webhook-request-origin" in request.headers and request.method == "OPTIONS":
                    self.handshakes += 1
                    writer.write(answer(200, b"", *(["WebHook-Allowed-Origin: *", self.rate] if self.willing else [])))
                    continue
                self.requests.append(request)
                reply = await self.script(request, writer)
                if reply is None:
                    break
                writer.write(reply)
                await writer.drain()
        writer.close()


async def _read(reader: asyncio.StreamReader, connection: int) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    except asyncio.IncompleteReadError:
        return None
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    method, path, _ = head[0].split(" ")
    return Request(path, headers, body, time.monotonic(), connection, method)


@asynccontextmanager
async def receiver(
    script: Script | None = None, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, willing: bool = True
) -> AsyncIterator[Receiver]:
    """A receiver while the block runs; answers 200 unless a script says otherwise, and allows us to ask it."""
    made = Receiver(script or always(200), willing)
    open_connections: set[asyncio.Task] = set()

    async def serve(reader, writer):
        open_connections.add(asyncio.current_task())
        with suppress(asyncio.CancelledError):  # by the end of the block, and by nothing else
            await made.serve(reader, writer)
        open_connections.discard(asyncio.current_task())

    server = await asyncio.start_server(serve, host, 0, backlog=512, ssl=tls)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await end(*open_connections)
