"""libs/ipp/connection.py: documents of any length over a wire that may break anywhere, and what `sent` then says."""

import asyncio

import pytest

from demo.printers.port import Port
from libs.ipp.client import Client
from libs.ipp.connection import Patience
from libs.ipp.enums import Status
from libs.ipp.errors import IppAnswerError, IppConnectionError, IppError, IppTimeoutError
from tests.ipp.scripted import http, ipp, obliging, scripted
from tests.waiting import until

LARGE = bytes(range(256)) * 40_000  # 10 MB: more than the buffers of a socket


async def pieces(count, size=10_000):
    for number in range(count):
        yield bytes([number % 256]) * size
        yield b""


async def failed(error, script, document=b"%PDF", **options):
    """The error of a Print-Job to a scripted printer."""
    async with scripted(script) as printer, Client(printer.uri, **options) as client:
        with pytest.raises(error) as caught:
            await client.print_job(document)
        return caught.value


async def test_nobody_listens():
    with Port() as port:
        async with Client(f"ipp://127.0.0.1:{port.number}/") as client:
            with pytest.raises(IppConnectionError, match="no connection") as caught:
                await client.print_job(b"%PDF")
    assert caught.value.sent is False


async def test_a_name_that_does_not_exist():
    async with Client("ipp://printer.invalid/") as client:
        with pytest.raises(IppConnectionError, match=r"no connection to printer\.invalid:631") as caught:
            await client.print_job(b"%PDF")
    assert caught.value.sent is False


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, len(LARGE)])
async def test_a_document_of_any_length_arrives_whole(size):
    async with scripted(obliging) as printer, Client(printer.uri) as client:
        assert (await client.print_job(LARGE[:size])).id == 1
        assert printer.received[0].document == LARGE[:size]
        await client.print_job(b"next")
        assert printer.connections == 1


async def test_a_document_in_pieces_arrives_whole():
    async with scripted(obliging) as printer, Client(printer.uri) as client:
        await client.print_job(pieces(300))
        assert printer.received[0].document == b"".join([piece async for piece in pieces(300)])
        assert b"Transfer-Encoding: chunked" in printer.received[0].head
        await client.print_job(pieces(0))
        assert printer.received[1].document == b""
        assert printer.connections == 1


async def test_a_document_is_read_only_as_fast_as_the_printer_takes_it():
    drawn = 0

    async def source():
        nonlocal drawn
        for _ in range(1000):
            drawn += 1
            yield bytes(65_536)

    async def deaf(visit):
        await asyncio.Event().wait()

    error = await failed(IppTimeoutError, deaf, source(), patience=Patience(stall=0.3))
    assert error.sent is True
    assert drawn < 500


async def test_an_error_of_the_document_is_the_callers_own():
    async def source():
        yield b"%PDF"
        raise OSError("the disk is gone")

    async with scripted(obliging) as printer, Client(printer.uri) as client:
        with pytest.raises(OSError, match="the disk is gone"):
            await client.print_job(source())
        await client.print_job(b"next")
        assert [received.whole for received in printer.received] == [False, True]


@pytest.mark.parametrize("document", [LARGE, b"%PDF"])
async def test_a_printer_may_refuse_a_document_before_it_has_it(document):
    async def refuse(visit):
        await visit.reader.readuntil(b"\r\n\r\n")
        await visit.send(http(ipp(1, Status.SERVER_ERROR_BUSY)))
        await visit.reader.read(100_000)

    error = await failed(IppError, refuse, document)
    assert error.keyword == "server-error-busy"


async def test_a_printer_that_accepts_early_still_gets_the_whole_document():
    got = bytearray()

    async def eager(visit):
        head = await visit.reader.readuntil(b"\r\n\r\n")
        await visit.send(http(ipp(1)))
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        got.extend(await visit.reader.readexactly(length))

    async with scripted(eager) as printer, Client(printer.uri) as client:
        await client.print_job(LARGE)
        await until(lambda: got.endswith(LARGE))


async def test_the_connection_breaks_within_the_document():
    async def leave(visit):
        await visit.reader.readexactly(100_000)
        visit.writer.transport.abort()

    assert (await failed(IppConnectionError, leave, LARGE)).sent is True


async def test_the_connection_ends_before_the_answer():
    async def leave(visit):
        await visit.receive()

    assert (await failed(IppConnectionError, leave)).sent is True


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        http(b"<html>It works!</html>"),
        http(ipp(999)),
        http(b""),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + bytes(65_536) + b"\r\nfffff\r\n",
    ],
    ids=["not HTTP", "not IPP", "of another request", "empty", "too long", "chunks too long"],
)
async def test_an_answer_that_is_none(answer):
    async def mislead(visit):
        await visit.receive()
        await visit.send(answer)

    assert (await failed(IppAnswerError, mislead, max_response=100_000)).sent is True


async def test_an_answer_that_never_ends():
    async def endless(visit):
        await visit.receive()
        await visit.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await visit.send(bytes(65_536))

    assert (await failed(IppAnswerError, endless)).sent is True


async def test_an_answer_that_drips():
    async def drip(visit):
        await visit.receive()
        for octet in http(ipp(1)):
            await visit.send(bytes([octet]))
            await asyncio.sleep(0.05)  # the pace of its drops

    error = await failed(IppTimeoutError, drip, patience=Patience(answer=0.4))
    assert error.sent is True


async def test_no_answer_to_a_long_document():
    async def silent(visit):
        await visit.receive()
        await asyncio.Event().wait()

    assert (await failed(IppTimeoutError, silent, LARGE, patience=Patience(answer=0.3))).sent is True


async def test_a_single_request_may_have_a_patience_of_its_own():
    async def silent(visit):
        await visit.receive()
        await asyncio.Event().wait()

    async with scripted(silent) as printer, Client(printer.uri) as client:
        with pytest.raises(IppTimeoutError, match=r"0\.2 s"):
            await client.request(0x000B, timeout=0.2)
