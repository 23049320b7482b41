"""A printer that answers as a test's script says: raw octets over TCP, for what no real printer does on purpose."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from libs.ipp.attributes import Attributes
from libs.ipp.decoding import decode_request
from libs.ipp.encoding import encode
from libs.ipp.message import Group, Request, Response
from libs.ipp.tags import GroupTag
from libs.ipp.values import Charset, NaturalLanguage
from libs.runtime.ending import end


@dataclass
class Received:
    """One request as the printer got it; `whole` is False where the connection broke within it."""

    head: bytes
    message: Request
    document: bytes
    whole: bool = True


@dataclass
class Scripted:
    """The printer: its address, what it received, how often it was connected to."""

    uri: str = ""
    connections: int = 0
    received: list[Received] = field(default_factory=list)


class Visit:
    """One connection, in the hands of the script."""

    def __init__(self, printer: Scripted, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = printer.connections
        self.printer = printer
        self.reader = reader
        self.writer = writer

    async def receive(self) -> Received:
        """The next request. EOFError when the client closed the connection instead."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), None)
        whole = True
        if length is not None:
            body = await self.reader.readexactly(int(length.split(b":")[1]))
        else:
            body, whole = await self._chunks()
        message, end = decode_request(body)
        received = Received(head, message, body[end:], whole)
        self.printer.received.append(received)
        return received

    async def answer(self, request: Request, status: int = 0, job: dict | None = None) -> None:
        await self.send(http(ipp(request.request_id, status, job)))

    async def send(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def _chunks(self) -> tuple[bytes, bool]:
        body = b""
        try:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                body += (await self.reader.readexactly(size + 2))[:-2]
            await self.reader.readuntil(b"\r\n")
        except asyncio.IncompleteReadError:
            return body, False
        return body, True


Script = Callable[[Visit], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Scripted]:
    """Runs a printer whose every connection is handled by `script`; the connection is closed when it returns."""
    printer = Scripted()
    tasks: set[asyncio.Task] = set()

    async def visit(reader, writer):
        printer.connections += 1
        tasks.add(asyncio.current_task())
        try:
            await script(Visit(printer, reader, writer))
        except (EOFError, OSError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(visit, "127.0.0.1", 0)
    printer.uri = f"ipp://127.0.0.1:{server.sockets[0].getsockname()[1]}/ipp/print"
    try:
        yield printer
    finally:
        server.close()
        await end(*tasks)


async def obliging(visit: Visit) -> None:
    """Answers every request with success."""
    while True:
        received = await visit.receive()
        await visit.answer(received.message)


def ipp(request_id: int, status: int = 0, job: dict | None = None) -> bytes:
    """A response with one job, number 1 when nothing else is said."""
    spoken = {"attributes-charset": Charset("utf-8"), "attributes-natural-language": NaturalLanguage("en")}
    groups = [Group(GroupTag.OPERATION, Attributes(spoken))]
    groups.append(Group(GroupTag.JOB, Attributes({"job-id": 1} if job is None else job)))
    return encode(Response(status, request_id, tuple(groups)))


def http(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body
