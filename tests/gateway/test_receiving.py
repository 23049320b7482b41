"""Clients that send too much or too slowly lose their connection, and nobody else notices."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from libs.runtime.probes import Manner, http_server
from services.gateway import receiving
from services.gateway.receiving import MAX_HEAD, TooLarge, drop_rest, patient, receive
from tests.waiting import Leap, until

ASK = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


LARGE = "x" * 8_000_000


async def echo(request: Request):
    if "large" in request.url.path:
        return PlainTextResponse(LARGE)
    if "refuse" in request.url.path:
        await receive(request, 10_000_000)
        await drop_rest(request)
        return PlainTextResponse("no", 400)
    try:
        return PlainTextResponse(str(len(await receive(request, 10_000_000))))
    except TooLarge:
        await drop_rest(request)
        return PlainTextResponse("too large", 413)


@asynccontextmanager
async def server(seconds):
    app = Starlette(routes=[Route("/{path:path}", echo, methods=["POST"])])
    async with http_server(app, "127.0.0.1", 0, 1, Manner(patient(seconds))) as port:
        yield port


@asynccontextmanager
async def line(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer(reader):
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


async def closed(reader, within=5.0):
    """Whether the server ends the connection without an answer."""
    try:
        return await asyncio.wait_for(reader.read(), within) == b""
    except ConnectionResetError:
        return True


async def test_a_refusal_after_all_was_read_waits_for_nothing():
    async with server(5) as port, line(port) as (reader, writer):
        writer.write(ASK.replace(b"/", b"/refuse", 1).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") % 4 + b"body")
        assert await answer(reader) == (400, b"no")


async def test_a_request_is_answered_and_the_line_stays():
    async with server(5) as port, line(port) as (reader, writer):
        for size in (0, 7, 500_000):
            writer.write(ASK % size + b"x" * size)
            assert await answer(reader) == (200, str(size).encode())


async def test_several_requests_in_one_piece_are_answered():
    async with server(5) as port, line(port) as (reader, writer):
        writer.write((ASK % 3 + b"abc") * 3)
        assert [await answer(reader) for _ in range(3)] == [(200, b"3")] * 3


@pytest.mark.parametrize(
    "beginning",
    [b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: x\r\nX: ", ASK % 100 + b"abc"],
    ids=["nothing", "line", "head", "body"],
)
async def test_who_never_ends_is_cut_off(beginning):
    async with server(0.3) as port, line(port) as (reader, writer):
        writer.write(beginning)
        assert await closed(reader)


async def test_a_byte_now_and_then_does_not_help():
    async with server(10) as port, line(port) as (reader, writer):
        clock = Leap()
        writer.write(ASK % 0)
        assert (await answer(reader))[0] == 200  # the line is there
        reading = asyncio.create_task(closed(reader, within=200))
        writer.write(ASK % 1_000_000)
        for _ in range(60):
            writer.write(b"x")
            await clock.ahead(1)
        assert reading.done()
        assert await reading


async def test_a_large_body_at_a_fair_rate_may_take_longer_than_the_deadline():
    async with server(10) as port, line(port) as (reader, writer):
        clock = Leap()
        writer.write(ASK % 200_000)
        for _ in range(20):
            writer.write(b"x" * 10_000)
            await clock.ahead(1)
        assert await answer(reader) == (200, b"200000")


async def test_who_does_not_read_its_answer_is_cut_off(monkeypatch):
    monkeypatch.setattr(receiving, "SLOWEST", 1_000_000_000)
    cut = []
    monkeypatch.setattr(receiving.Patient, "connection_lost", lambda self, exc: cut.append(exc))
    async with server(0.2) as port, line(port) as (_, writer):
        writer.transport.pause_reading()
        writer.write(b"POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        await until(lambda: cut, what="the line is cut")


async def test_who_reads_in_time_gets_everything():
    async with server(0.5) as port, line(port) as (reader, writer):
        writer.write(b"POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        status, body = await answer(reader)
        assert (status, len(body)) == (200, len(LARGE))


async def test_the_deadline_starts_anew_with_each_request():
    async with server(10) as port, line(port) as (reader, writer):
        clock = Leap()
        for _ in range(4):
            writer.write(ASK % 3 + b"abc")
            assert (await answer(reader))[0] == 200
            await clock.ahead(6)
        reading = asyncio.create_task(closed(reader, within=200))
        writer.write(ASK % 3)
        for _ in range(5):
            await clock.ahead(11)
        assert await reading


async def test_a_head_without_end_is_cut_off():
    async with server(30) as port, line(port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\n")
        for _ in range(MAX_HEAD // 1000 + 300):
            writer.write(b"X-Filler: " + b"x" * 1000 + b"\r\n")
        assert await closed(reader)


async def test_hundreds_of_slow_clients_do_not_hold_up_a_quick_one():
    async with server(60) as port:
        clock = Leap()
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(300)]
        for _, writer in slow:
            writer.write(b"POST / HTTP/1.1\r\nX: ")
        async with line(port) as (reader, writer):
            writer.write(ASK % 3 + b"abc")
            assert await answer(reader) == (200, b"3")
            assert not any(reader.at_eof() for reader, _ in slow), "they have their time"
        await clock.ahead(61)
        for reader, writer in slow:
            assert await closed(reader)
            writer.close()


async def test_a_length_that_is_announced_too_large_is_refused_at_once():
    async with server(5) as port, line(port) as (reader, writer):
        writer.write(ASK % 99_999_999)
        assert (await answer(reader))[0] == 413


async def test_who_sends_too_much_hears_why_when_all_is_sent_and_may_go_on():
    async with server(5) as port, line(port) as (reader, writer):
        writer.write(ASK % 30_000_000)
        for _ in range(30):
            writer.write(bytes(1_000_000))
            await writer.drain()  # fails if the line is cut
        assert (await answer(reader))[0] == 413
        writer.write(ASK % 3 + b"abc")
        assert await answer(reader) == (200, b"3")


async def test_who_sends_too_much_and_wants_the_line_closed_hears_why_too():
    async with server(5) as port, line(port) as (reader, writer):
        writer.write((ASK % 30_000_000).replace(b"Host: x", b"Host: x\r\nConnection: close"))
        for _ in range(30):
            writer.write(bytes(1_000_000))
            await writer.drain()
        assert (await answer(reader))[0] == 413
