"""The filtering forward proxy: everything a page loads passes a gate, and each gate belongs to one document at a time."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from libs.runtime.ending import end
from libs.runtime.vetting import Forbidden, Guard, Unknown, Unreachable

log = structlog.get_logger()

#: Where a gate serves the document itself; the name is reserved (RFC 6761) and never resolved.
DOCUMENT_HOST = "document.invalid"
_HEAD, _CHUNK, _PATIENCE = 256 * 1024, 64 * 1024, 60.0
#: RFC 9110 section 7.6.1, and what concerns the way to the proxy.
_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"proxy-authorization",
    b"proxy-authenticate",
    b"te",
    b"trailer",
    b"upgrade",
}


class Spent(Exception):
    """A document has loaded more than it may."""


@dataclass(slots=True)
class Visit:
    """One document's passage: what it serves at `DOCUMENT_HOST`, how many bytes it may still load, which hosts were refused."""

    budget: int
    document: bytes = b""
    content_type: str = "text/html"
    refused: dict[str, Exception] = field(default_factory=dict)

    def spend(self, count: int) -> None:
        """Count bytes that were loaded. Raises `Spent`."""
        self.budget -= count
        if self.budget < 0:
            raise Spent


class Gate:
    """One listening socket of the proxy. Without a visit it lets nobody through."""

    def __init__(self, listener: socket.socket, guard: Guard) -> None:
        self.port: int = listener.getsockname()[1]
        self._listener, self._guard = listener, guard
        self._server: asyncio.Server | None = None
        self._visit: Visit | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._listener.setblocking(False)
        self._server = await asyncio.start_server(self._accept, sock=self._listener, limit=_HEAD)

    async def close(self) -> None:
        if self._server:
            self._server.close()
        await self._end_connections()

    @asynccontextmanager
    async def open(self, visit: Visit) -> AsyncIterator[None]:
        """Let one document pass; with it end its connections."""
        self._visit = visit
        try:
            yield
        finally:
            self._visit = None
            await self._end_connections()

    async def _end_connections(self) -> None:
        await end(*self._tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server's callback runs in one
        self._tasks.add(task)
        try:
            if self._visit:
                await self._serve(self._visit, _Side(reader, writer))
        except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, Spent) as error:
            log.debug("page connection ended", cause=type(error).__name__)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, visit: Visit, client: "_Side") -> None:
        async with asyncio.timeout(_PATIENCE):
            head = await client.reader.readuntil(b"\r\n\r\n")
        line, *fields = head[:-4].split(b"\r\n")
        method, target, _ = line.split(b" ", 2)
        if method == b"CONNECT":
            await self._tunnel(visit, client, _authority(target, 443))
            return
        if not target.lower().startswith(b"http://"):
            raise ValueError("not a request for a proxy")
        authority, slash, path = target[7:].partition(b"/")
        where = _authority(authority.rpartition(b"@")[2].partition(b"?")[0], 80)
        if where[0] == DOCUMENT_HOST:
            _answer(client.writer, visit.document if path == b"" else None, visit.content_type)
            await client.writer.drain()
            return
        if _field(fields, b"transfer-encoding"):
            raise ValueError("a page's request of unknown length")
        request = _message(method + b" " + (slash + path or b"/") + b" HTTP/1.1", fields)
        await self._forward(visit, client, where, request, int(_field(fields, b"content-length") or 0))

    async def _connect(self, visit: Visit, client: "_Side", where: tuple[str, int]) -> "_Side | None":
        """A vetted connection; None after the client was told that there is none."""
        try:
            return _Side(*await self._guard.connect(*where))
        except (Forbidden, Unknown, Unreachable) as error:
            visit.refused[where[0]] = error
            status = b"403 Forbidden" if isinstance(error, Forbidden) else b"502 Bad Gateway"
            client.writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await client.writer.drain()
            return None

    async def _tunnel(self, visit: Visit, client: "_Side", where: tuple[str, int]) -> None:
        far = await self._connect(visit, client, where)
        if far is not None:
            with contextlib.closing(far.writer):
                client.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _first(_pump(visit, far.reader, client.writer), _pump(visit, client.reader, far.writer))

    async def _forward(self, visit: Visit, client: "_Side", where: tuple[str, int], request: bytes, length: int) -> None:
        """One plain request. The connection ends with its answer: the next request may be for somebody else."""
        far = await self._connect(visit, client, where)
        if far is None:
            return
        with contextlib.closing(far.writer):
            far.writer.write(request)
            while length > 0:
                piece = await client.reader.read(min(_CHUNK, length))
                if not piece:
                    return
                length -= len(piece)
                far.writer.write(piece)
                await far.writer.drain()
            await _first(_reply(visit, far.reader, client.writer), _gone(client.reader))


@dataclass(frozen=True, slots=True)
class _Side:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


def _authority(text: bytes, default: int) -> tuple[str, int]:
    """Host and port of an authority (RFC 3986 section 3.2)."""
    name = text.decode("ascii")
    if name.startswith("["):
        host, _, rest = name[1:].partition("]")
        return host, int(rest[1:] or default)
    host, _, port = name.partition(":")
    return host.lower().rstrip("."), int(port or default)


def _field(fields: Iterable[bytes], wanted: bytes) -> bytes:
    for entry in fields:
        name, _, value = entry.partition(b":")
        if name.strip().lower() == wanted:
            return value.strip()
    return b""


def _message(start: bytes, fields: Iterable[bytes]) -> bytes:
    """A head without what concerns only one connection, and with the wish to end it."""
    kept = [entry for entry in fields if entry.partition(b":")[0].strip().lower() not in _HOP]
    return b"\r\n".join([start, *kept, b"Connection: close", b"", b""])


def _answer(writer: asyncio.StreamWriter, body: bytes | None, content_type: str) -> None:
    status = "404 Not Found" if body is None else "200 OK"
    body = body or b""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)


async def _reply(visit: Visit, far: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
    while True:
        head = await far.readuntil(b"\r\n\r\n")
        start, *fields = head[:-4].split(b"\r\n")
        if start.split(b" ", 2)[1][:1] != b"1":
            break
    client.write(_message(start, fields))
    await _pump(visit, far, client)


async def _pump(visit: Visit, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while piece := await source.read(_CHUNK):
        visit.spend(len(piece))
        sink.write(piece)
        await sink.drain()


async def _gone(reader: asyncio.StreamReader) -> None:
    """Returns when the other side has closed; what it still sends is not ours to pass on."""
    while await reader.read(_CHUNK):
        continue


async def _first(*works: Coroutine[object, object, None]) -> None:
    """Run all; when one ends, so do the others."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end(*tasks)
