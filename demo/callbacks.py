"""A receiver of Webprinter callbacks: what the demo knows of its tasks' states, it knows from here."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

END = {"FINISHED", "ERROR", "CANCELED"}


@dataclass
class Callbacks:
    """The events that came, in their order; `show` is told of each."""

    show: Callable[[dict[str, Any]], None]
    url: str = ""
    ended: dict[str, str] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, event: dict[str, Any]) -> None:
        """One event."""
        self.show(event)
        if event["name"] == "EndTaskEvent":
            self.ended[event["task"]["taskId"]] = event["task"]["status"]
            self._news.set()

    async def wait_for(self, tasks: set[str], within: float) -> set[str]:
        """Wait until these tasks have ended; returns those that have not within so many seconds."""
        deadline = asyncio.get_running_loop().time() + within
        while missing := tasks - self.ended.keys():
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), deadline - asyncio.get_running_loop().time())
            except TimeoutError:
                return missing
        return set()


@asynccontextmanager
async def receiving(show: Callable[[dict[str, Any]], None]) -> AsyncIterator[Callbacks]:
    """Listen on a free port of loopback while the block runs."""
    callbacks = Callbacks(show)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lengths = [line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length:")]
                callbacks.take(json.loads(await reader.readexactly(int(lengths[0]))))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    callbacks.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/callback"
    try:
        yield callbacks
    finally:
        server.close()
