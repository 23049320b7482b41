"""Ears on inner addresses: whatever connects to one of them, or sends it a datagram, is a hit."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.waiting import until

#: What is worth reaching from the inside of a network: web, the bus and its monitoring, databases, printers.
PORTS = (80, 443, 631, 4222, 5432, 6222, 8080, 8222, 9100)
#: What a sink answers a request with, so that its words would be found on paper.
TREASURE = "SINK-TREASURE-51d2"
_PATIENCE = 2.0


@dataclass
class Sinks:
    """Running sinks. `hits`: address, port, and the first line that came."""

    places: list[tuple[str, int]] = field(default_factory=list)
    hits: list[tuple[str, int, str]] = field(default_factory=list)

    async def proven(self) -> int:
        """Ask every one of them directly: each has to record its hit, and all are forgotten. How many there are."""
        assert not self.hits, self.hits
        for host, port in self.places:
            _, writer = await asyncio.open_connection(host, port)
            writer.write(b"control\r\n\r\n")
            writer.close()
        await until(lambda: len(self.hits) >= len(self.places), 20, "every sink has recorded its hit")
        assert {hit[:2] for hit in self.hits} == set(self.places)
        self.hits.clear()
        return len(self.places)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("sockname")[:2]
        line = b""
        with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_PATIENCE):
                line = await reader.readline()
            body = f"<h1>{TREASURE}</h1>".encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.hits.append((host, port, line.decode("latin-1").strip()))
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, sinks: Sinks, host: str, port: int) -> None:
        self._sinks, self._host, self._port = sinks, host, port

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._sinks.hits.append((self._host, self._port, f"datagram of {len(data)}"))


@asynccontextmanager
async def sinking(hosts: Iterable[str], ports: Iterable[int] = PORTS) -> AsyncIterator[Sinks]:
    """A sink on each port (TCP, and UDP) of each address."""
    sinks = Sinks()
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        for host in hosts:
            for port in ports:
                server = await asyncio.start_server(sinks.serve, host, port)
                stack.callback(server.close)
                family = socket.AF_INET6 if ":" in host else socket.AF_INET
                listening, _ = await loop.create_datagram_endpoint(
                    lambda at=(host, port): _Datagrams(sinks, *at), local_addr=(host, port), family=family
                )
                stack.callback(listening.close)
                sinks.places.append((host, port))
        yield sinks
