"""A line that a test can spoil: a TCP proxy that delays, goes silent in one direction or both, cuts, and counts who comes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_PIECE = 64 * 1024


class Relay:
    """One listener in front of `host:port`. What is silenced is kept and goes on when the line speaks again, as TCP has it.

    `delay` seconds and `rate` bytes per second (0: no limit) hold for both directions. `came` has when each connection came, by
    the monotonic clock, also those that were turned away.
    """

    def __init__(self, host: str, port: int) -> None:
        self.delay = 0.0
        self.rate = 0.0
        self.came: list[float] = []
        self.port = 0
        self._there = (host, port)
        self._open = True
        self._inward = asyncio.Event()
        self._outward = asyncio.Event()
        self._lines: set[asyncio.Task[None]] = set()
        self.heal()

    def silence(self, *, inward: bool = True, outward: bool = True) -> None:
        """Let nothing through: `inward` is from who connected to the server, `outward` the way back."""
        if inward:
            self._inward.clear()
        if outward:
            self._outward.clear()

    def cut(self) -> None:
        """Break every connection, and turn away whoever comes."""
        self._open = False
        for line in self._lines:
            line.cancel()

    def heal(self) -> None:
        """Let everything through again."""
        self._open = True
        self._inward.set()
        self._outward.set()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as long as it lasts."""
        self.came.append(time.monotonic())
        line = asyncio.current_task()
        assert line
        self._lines.add(line)
        back: asyncio.StreamWriter | None = None
        try:
            if self._open:
                there, back = await asyncio.open_connection(*self._there)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._carry(reader, back, self._inward))
                    group.create_task(self._carry(there, writer, self._outward))
        except (*(OSError, ExceptionGroup), asyncio.CancelledError):
            pass  # a line that broke: both ends are told below
        finally:
            self._lines.discard(line)
            for end in (writer, back):
                if end:
                    with suppress(OSError, RuntimeError):
                        end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, may: asyncio.Event) -> None:
        while data := await reader.read(_PIECE):
            if self.delay or self.rate:
                await asyncio.sleep(self.delay + (len(data) / self.rate if self.rate else 0.0))  # a line as slow as that
            await may.wait()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError  # one end has closed: so does the other


@asynccontextmanager
async def relaying(port: int, *, host: str = "127.0.0.1", at: str = "127.0.0.1") -> AsyncIterator[Relay]:
    """A line to `host:port`, listening on a free port of the address `at`."""
    relay = Relay(host, port)
    server = await asyncio.start_server(relay.take, at, 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.cut()
        await server.wait_closed()
