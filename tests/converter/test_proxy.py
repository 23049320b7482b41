"""The filtering proxy, spoken to directly."""

import asyncio
import socket
from ipaddress import ip_network

import pytest

from libs.runtime.vetting import Forbidden, Guard
from services.converter.proxy import Gate, Visit
from tests.converter.servers import serving


@pytest.fixture
async def gate():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    made = Gate(listener, Guard([ip_network("127.0.0.1/32")]))
    await made.start()
    yield made
    await made.close()


async def ask(gate: Gate, request: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
    try:
        writer.write(request.encode())
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def get(url: str, *fields: str) -> str:
    return "\r\n".join([f"GET {url} HTTP/1.1", "Host: x", *fields, "", ""])


async def test_without_a_visit_nobody_passes(gate):
    async with serving({"/": b"x"}) as server:
        assert await ask(gate, get(f"{server.url}/")) == b""
    assert server.seen == []


async def test_the_document_itself_is_served_and_nothing_beside_it(gate):
    async with gate.open(Visit(1000, b"<p>document", "text/html; charset=utf-8")):
        answer = await ask(gate, get("http://document.invalid/"))
        assert answer.endswith(b"<p>document")
        assert b"charset=utf-8" in answer
        assert b"404" in await ask(gate, get("http://document.invalid/favicon.ico"))


async def test_a_request_is_passed_on_without_what_concerns_the_proxy(gate):
    async with serving({"/a": b"answer"}) as server, gate.open(Visit(1000)):
        fields = ("Proxy-Connection: keep-alive", "Proxy-Authorization: secret", "X-Kept: yes", "Connection: keep-alive")
        answer = await ask(gate, get(f"{server.url}/a?q=1", *fields))
    assert answer.endswith(b"answer")
    assert b"Connection: close" in answer
    assert server.seen[0].path == "/a?q=1"
    assert server.seen[0].headers["x-kept"] == "yes"
    assert server.seen[0].headers["connection"] == "close"
    assert not any(name.startswith("proxy") for name in server.seen[0].headers)


async def test_a_second_request_on_the_same_connection_goes_to_nobody(gate):
    """It may be meant for another host, and carry that one's cookies."""
    async with serving({"/a": b"answer"}) as server, gate.open(Visit(1000)):
        await ask(gate, get(f"{server.url}/a") + get("http://other.test/b", "Cookie: secret"))
    assert server.paths == ["/a"]


async def test_inner_addresses_are_refused_for_requests_and_tunnels(gate):
    visit = Visit(1000)
    async with serving({"/": b"secret"}, host="127.0.0.2") as inner, gate.open(visit):
        assert b"403" in await ask(gate, get(f"{inner.url}/"))
        assert b"403" in await ask(gate, f"CONNECT 127.0.0.2:{inner.port} HTTP/1.1\r\n\r\n")
    assert inner.seen == []
    assert isinstance(visit.refused["127.0.0.2"], Forbidden)


async def test_a_tunnel_carries_bytes_both_ways(gate):
    async with serving({"/t": b"through"}) as server, gate.open(Visit(1000)):
        answer = await ask(gate, f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n\r\n" + get("/t"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"through")


async def test_a_body_is_passed_on(gate):
    got = asyncio.get_running_loop().create_future()

    async def serve(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        got.set_result((head, await reader.readexactly(5)))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with gate.open(Visit(1000)):
        await ask(gate, f"POST http://127.0.0.1:{port}/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello")
    assert (await got)[1] == b"hello"
    server.close()


async def test_what_a_document_loads_is_limited(gate):
    async with serving({"/big": bytes(100_000)}) as server, gate.open(Visit(1000)):
        assert len(await ask(gate, get(f"{server.url}/big"))) < 90_000


async def test_connections_end_with_the_document(gate):
    async with serving({}) as server:
        async with gate.open(Visit(1000)):
            reader, writer = await asyncio.open_connection("127.0.0.1", gate.port)
            writer.write(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


@pytest.mark.parametrize(
    "request_", ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET http://[::1 HTTP/1.1\r\n\r\n", "CONNECT x:y HTTP/1.1\r\n\r\n"]
)
async def test_nonsense_ends_the_connection_and_nothing_else(gate, request_):
    async with gate.open(Visit(1000, b"still here")):
        await ask(gate, request_)
        assert (await ask(gate, get("http://document.invalid/"))).endswith(b"still here")
