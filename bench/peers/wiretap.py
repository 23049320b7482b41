"""A wire to a printer on which one sees when a document's first byte passes."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: What every PDF begins with; nothing else in a print request does.
_BEGINNING = b"%PDF-"


class Wire:
    """`port` leads to the printer; `passed` are the moments (perf_counter) at which documents began."""

    def __init__(self, printer: int) -> None:
        self._printer = printer
        self._news = asyncio.Event()
        self.port = 0
        self.passed: list[float] = []

    async def next(self, after: int, within: float = 60.0) -> float:
        """When the document number `after` (from 0) began. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while len(self.passed) <= after:
                self._news.clear()
                await self._news.wait()
        return self.passed[after]

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways, until either side ends it."""
        there, back = await asyncio.open_connection("localhost", self._printer)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, back, look=True), self._pump(there, writer, look=False))
        for end in (writer, back):
            end.close()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, look: bool) -> None:
        tail = b""
        while data := await source.read(65536):
            if look and _BEGINNING in tail + data:
                self.passed.append(time.perf_counter())
                self._news.set()
            tail = data[-len(_BEGINNING) + 1 :]
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()


@asynccontextmanager
async def wire(printer: int) -> AsyncIterator[Wire]:
    """A wire to the printer at this port of localhost."""
    made = Wire(printer)
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
