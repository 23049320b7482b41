"""The requests that come in over one HTTP connection of a fake printer, which reads as slowly as it likes."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

from libs.runtime.ending import end


async def read_post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int = 0) -> tuple[bytes, bool]:
    """The body of the next POST, and whether it came whole; of a longer one than `most` (0: any) so much is read, then no more.

    Raises EOFError when the client has gone.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b"100-continue" in head:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    try:
        return await _body(reader, head, most), True
    except asyncio.IncompleteReadError as broken:
        return broken.partial, False


async def _body(reader: asyncio.StreamReader, head: bytes, most: int) -> bytes:
    length = next((line for line in head.split(b"\r\n") if line.startswith(b"content-length:")), None)
    if length is not None:
        return await _read(reader, int(length.split(b":")[1]), most)
    body = bytearray()
    try:
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            body += await _read(reader, size, most and most - len(body))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
    except asyncio.IncompleteReadError as broken:
        raise asyncio.IncompleteReadError(bytes(body) + broken.partial, None) from None
    return bytes(body)


async def _read(reader: asyncio.StreamReader, size: int, most: int) -> bytes:
    if most and size > most:
        await reader.readexactly(max(most, 0))
        await asyncio.Event().wait()
    return await reader.readexactly(size)


def http(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """An answer that keeps the connection."""
    length = f"Content-Length: {len(body)}\r\nContent-Type: application/ipp\r\n{headers}\r\n"
    return f"HTTP/1.1 {status}\r\n{length}".encode() + body


class Listener:
    """A TCP port of this machine that keeps its number while it is closed and opened again.

    `serve` gets every connection; `window` is how many bytes this machine takes in for it unread (0: as usual).
    """

    def __init__(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], *, window: int = 0) -> None:
        self._serve = serve
        self._window = window
        self._visits: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", 0))
        self.port: int = self._kept.getsockname()[1]

    async def open(self) -> None:
        """Take connections from now on."""
        there = socket.socket()
        there.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._window:
            there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._window)
        there.bind(("127.0.0.1", self.port))
        limit = {"limit": self._window // 2} if self._window else {}
        self._server = await asyncio.start_server(self._visit, sock=there, **limit)

    async def close(self) -> None:
        """As when the power is cut: every connection is gone at once."""
        if self._server:
            self._server.close()
            self._server = None
        await end(*self._visits)

    async def release(self) -> None:
        """Close for good, and let the port go."""
        await self.close()
        self._kept.close()

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = asyncio.current_task()
        assert visit
        self._visits.add(visit)
        try:
            await self._serve(reader, writer)
        except (EOFError, OSError, asyncio.CancelledError, asyncio.LimitOverrunError, ValueError):
            pass  # the client has gone, or the power has
        finally:
            self._visits.discard(visit)
            writer.transport.abort() if self._server is None else writer.close()
