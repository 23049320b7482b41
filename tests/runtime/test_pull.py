"""Pulling many messages at once: all that are there, the first that comes, and what the stream says instead."""

import asyncio

import pytest
from nats.js.errors import APIError

from libs.contracts.streams import ConsumerSpec
from libs.runtime import admin
from libs.runtime.pull import Puller
from tests.runtime.messages import row
from tests.waiting import until

SPEC = ConsumerSpec("DEAD", "test_puller", max_ack_pending=1000)


@pytest.fixture
async def bus(rig):
    bus = await rig.connect("admin")
    await admin.ensure_consumer(bus.js, SPEC)
    return bus


@pytest.fixture
async def puller(bus):
    puller = Puller(bus, SPEC.stream, SPEC.durable)
    await puller.open()
    yield puller
    await puller.close()


async def publish(bus, first: int, last: int) -> None:
    await bus.publish_batch("DEAD", [row(number) for number in range(first, last + 1)])


def numbers(messages) -> list[int]:
    return [message.metadata.sequence.stream for message in messages]


async def test_all_that_are_there_come_at_once_in_their_order_and_no_more_than_asked_for(bus, puller):
    await publish(bus, 1, 25)
    async with asyncio.timeout(10):
        assert numbers(await puller.fetch(10, 30.0)) == list(range(1, 11))
        assert numbers(await puller.fetch(50, 30.0)) == list(range(11, 26))


async def test_the_first_that_comes_ends_the_waiting(bus, puller):
    waiting = asyncio.create_task(puller.fetch(50, 30.0))
    await asyncio.sleep(0)
    await publish(bus, 1, 2)
    async with asyncio.timeout(15):
        found = await waiting
        while len(found) < 2:
            found += await puller.fetch(50, 5.0)
    assert numbers(found) == [1, 2]


async def test_nothing_comes_in_time(puller):
    assert await puller.fetch(10, 0.3) == []


async def test_an_interrupted_fetch_ends_at_once_and_nothing_is_lost_by_it(bus, puller):
    waiting = asyncio.create_task(puller.fetch(1, 30.0))
    await until(lambda: puller._number == 1, what="it asks")
    puller.interrupt()
    async with asyncio.timeout(10):
        assert await waiting == []
    await publish(bus, 1, 2)  # the first of them answers the request that was given up
    found: list[int] = []
    while len(found) < 2:
        found += numbers(await puller.fetch(5, 1.0))
    assert sorted(found) == [1, 2]


async def test_what_comes_for_a_request_that_was_given_up_ends_the_waiting_of_the_next(bus, puller):
    first = asyncio.create_task(puller.fetch(10, 30.0))
    await until(lambda: puller._number == 1, what="it asks")
    puller.interrupt()
    assert await first == []
    waiting = asyncio.create_task(puller.fetch(10, 30.0))
    await until(lambda: puller._number == 2, what="it asks again")
    await publish(bus, 1, 1)  # the server serves the older request
    async with asyncio.timeout(10):
        assert numbers(await waiting) == [1]


async def test_a_new_connection_ends_the_waiting(bus, puller):
    waiting = asyncio.create_task(puller.fetch(10, 30.0))
    await until(lambda: puller._number == 1, what="it asks")
    await bus.client.force_reconnect()
    async with asyncio.timeout(10):
        assert await waiting == []
    await publish(bus, 1, 1)
    async with asyncio.timeout(10):
        assert numbers(await puller.fetch(10, 30.0)) == [1]


async def test_a_consumer_that_is_not_there_is_an_error(bus):
    nobodys = Puller(bus, "DEAD", "nobody")
    await nobodys.open()
    with pytest.raises(APIError):
        await nobodys.fetch(1, 1.0)
    await nobodys.close()


async def test_what_came_and_was_not_fetched_is_given_back_at_the_end(bus, puller):
    await publish(bus, 1, 3)
    asking = asyncio.create_task(puller.fetch(3, 5.0))
    await until(lambda: len(puller._came) == 3 or asking.done(), what="they came")
    asking.cancel()
    left = await puller.close()
    assert numbers(left) in ([1, 2, 3], [])
