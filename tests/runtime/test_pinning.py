"""Connections to vetted addresses only, whoever speaks over them."""

import asyncio
from contextlib import asynccontextmanager

import httpcore
import httpx
import pytest

from libs.runtime.pinning import HURRY, Pinned, PinnedTransport


class Known:
    """A guard that has vetted these addresses for every name."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = list(addresses)
        self.asked: list[str] = []

    async def addresses(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        return self._addresses


class Network(httpcore.AsyncNetworkBackend):
    """One on which these addresses swallow everything."""

    def __init__(self, *silent: str) -> None:
        self._silent = silent
        self.tried: list[tuple[str, float | None]] = []

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):  # noqa: ASYNC109
        self.tried.append((host, timeout))
        if host in self._silent:
            raise httpcore.ConnectTimeout
        return f"line to {host}:{port}"


def pinned(network: Network, *addresses: str) -> Pinned:
    made = Pinned(Known(*addresses))
    made._inner = network
    return made


async def test_an_address_that_swallows_everything_leaves_time_for_the_next_one():
    network = Network("2001:db8::1")
    assert await pinned(network, "2001:db8::1", "192.0.2.1").connect_tcp("name.example", 443, 10.0) == "line to 192.0.2.1:443"
    assert network.tried == [("2001:db8::1", HURRY), ("192.0.2.1", 10.0)]


async def test_the_last_address_has_all_of_the_time_and_says_what_is_wrong():
    network = Network("192.0.2.1")
    with pytest.raises(httpcore.ConnectTimeout):
        await pinned(network, "192.0.2.1").connect_tcp("name.example", 443)
    assert network.tried == [("192.0.2.1", None)]


@asynccontextmanager
async def polite():
    """A server that keeps its lines open; its port, and the Host of each request by line."""
    lines: list[list[str]] = []

    async def serve(reader, writer):
        heard: list[str] = []
        lines.append(heard)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                heard += [line.split(": ")[1] for line in head.decode().split("\r\n") if line.lower().startswith("host: ")]
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], lines
    finally:
        server.close()


async def test_a_line_to_one_name_is_kept_for_that_name_alone():
    guard = Known("127.0.0.1")
    async with polite() as (port, lines), httpx.AsyncClient(transport=PinnedTransport(guard), trust_env=False) as client:
        for name in ("one.example", "other.example", "one.example"):
            assert (await client.get(f"http://{name}:{port}/")).text == "ok"
    assert lines == [[f"one.example:{port}"] * 2, [f"other.example:{port}"]]
    assert guard.asked == ["one.example", "other.example"]
