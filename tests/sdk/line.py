"""A line between a page and a server that a test can cut and mend: what a cable, a sleeping computer or a switch does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Line:
    """Forwards a port to another one while it is whole."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._writers: set[asyncio.StreamWriter] = set()
        self._whole = True

    def cut(self) -> None:
        """End every connection now, and let no new one through."""
        self._whole = False
        for writer in self._writers:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        there, out = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, out}
        try:
            await asyncio.gather(self._copy(reader, out), self._copy(there, writer))
        finally:
            self._writers -= {writer, out}

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
        target.transport.abort()


@asynccontextmanager
async def line(port: int, to: int) -> AsyncIterator[Line]:
    """A line from a port of loopback to another one."""
    made = Line(to)
    server = await asyncio.start_server(made.connect, "127.0.0.1", port)
    async with server:
        yield made
        made.cut()
