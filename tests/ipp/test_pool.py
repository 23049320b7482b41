"""libs/ipp/pool.py: connections are kept, and a request is made twice only where that can do no harm."""

import asyncio

import pytest

from libs.ipp.client import Client
from libs.ipp.connection import Patience
from libs.ipp.errors import HttpError, IppConnectionError, IppTimeoutError
from tests.ipp.scripted import http, obliging, scripted
from tests.waiting import until


async def test_requests_share_a_connection():
    async with scripted(obliging) as printer, Client(printer.uri) as client:
        for _ in range(5):
            await client.print_job(b"%PDF", name="a")
        assert printer.connections == 1
        assert [received.message.request_id for received in printer.received] == [1, 2, 3, 4, 5]


async def test_requests_at_one_time_use_as_many_connections_as_allowed():
    async with scripted(obliging) as printer, Client(printer.uri, connections=3) as client:
        await asyncio.gather(*(client.get_printer_attributes() for _ in range(20)))
        assert 1 < printer.connections <= 3
        assert len(printer.received) == 20


async def test_a_connection_that_was_closed_while_idle_is_replaced():
    async def one_each(visit):
        await visit.answer((await visit.receive()).message)

    async with scripted(one_each) as printer, Client(printer.uri) as client:
        await client.print_job(b"%PDF")
        await until(lambda: not client._pool._idle[0].usable, what="the end of the connection was seen")
        await client.print_job(b"%PDF")
        assert printer.connections == 2
        assert len(printer.received) == 2


async def test_a_connection_that_was_idle_for_long_is_not_trusted():
    async with scripted(obliging) as printer, Client(printer.uri, keep=0.0) as client:
        await client.print_job(b"%PDF")
        await client.print_job(b"%PDF")
        assert printer.connections == 2


async def dies_at_the_second(visit):
    """Answers a connection's first request; closes it, without an answer, when the second has come."""
    await visit.answer((await visit.receive()).message)
    await visit.receive()


async def test_a_question_is_asked_again_when_a_kept_connection_breaks():
    async with scripted(dies_at_the_second) as printer, Client(printer.uri) as client:
        await client.get_printer_attributes()
        await client.get_printer_attributes()
        assert printer.connections == 2
        assert len(printer.received) == 3


async def test_a_job_is_not_printed_again_when_a_kept_connection_breaks():
    async with scripted(dies_at_the_second) as printer, Client(printer.uri) as client:
        await client.print_job(b"%PDF")
        with pytest.raises(IppConnectionError) as caught:
            await client.print_job(b"%PDF")
        assert caught.value.sent is True
        assert len(printer.received) == 2


async def test_a_question_is_not_asked_for_ever():
    async def never(visit):
        await visit.receive()

    async with scripted(never) as printer, Client(printer.uri) as client:
        with pytest.raises(IppConnectionError) as caught:
            await client.get_printer_attributes()
        assert caught.value.sent is True
        assert len(printer.received) == 1


async def test_a_server_that_gave_up_an_idle_connection_is_asked_again():
    async def impatient(visit):
        await visit.answer((await visit.receive()).message)
        if visit.number == 1:
            await visit.send(http(b"", "408 Request Timeout", "Connection: close\r\n"))

    async with scripted(impatient) as printer, Client(printer.uri) as client:
        await client.print_job(b"%PDF")
        await client.print_job(b"%PDF")
        assert printer.connections == 2


@pytest.mark.parametrize(
    ("status", "sent"), [("301 Moved", False), ("401 Unauthorized", False), ("404 Not Found", False), ("500 Oh", True)]
)
async def test_an_http_status_says_whether_ipp_saw_the_request(status, sent):
    async def refuse(visit):
        await visit.receive()
        await visit.send(http(b"<html>", status))

    async with scripted(refuse) as printer, Client(printer.uri) as client:
        with pytest.raises(HttpError, match=status[:3]) as caught:
            await client.print_job(b"%PDF")
        assert (caught.value.status, caught.value.sent) == (int(status[:3]), sent)


async def test_a_slow_printer_holds_up_only_its_own_request():
    async def slow_at_first(visit):
        received = await visit.receive()
        if visit.number == 1:
            await asyncio.Event().wait()
        await visit.answer(received.message)

    async with scripted(slow_at_first) as printer, Client(printer.uri, patience=Patience(answer=0.3)) as client:
        slow = asyncio.create_task(client.print_job(b"%PDF"))
        await until(lambda: printer.received)
        await client.get_printer_attributes()
        with pytest.raises(IppTimeoutError) as caught:
            await slow
        assert caught.value.sent is True


async def test_an_answer_never_goes_to_another_request():
    async def late(visit):
        received = await visit.receive()
        if visit.number == 1:
            await asyncio.sleep(0.2)  # it answers when nobody waits for that any more
        await visit.answer(received.message, job={"job-id": visit.number})

    async with scripted(late) as printer, Client(printer.uri, connections=1) as client:
        given_up = asyncio.create_task(client.print_job(b"%PDF"))
        await until(lambda: printer.received)
        given_up.cancel()
        assert (await client.print_job(b"%PDF")).id == 2
        assert given_up.cancelled()


async def test_credentials_are_sent_as_basic():
    async with scripted(obliging) as printer:
        async with Client(printer.uri.replace("ipp://", "ipp://ann:secret@")) as client:
            await client.get_printer_attributes()
        assert b"Authorization: Basic YW5uOnNlY3JldA==\r\n" in printer.received[0].head
        assert printer.received[0].message.group(1).string("printer-uri") == printer.uri
