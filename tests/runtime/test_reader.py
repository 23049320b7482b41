"""Reading a durable in order, whatever happens to the server, the line and the acknowledgements."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from nats.aio.msg import Msg
from structlog.testing import capture_logs

from libs.contracts.streams import ConsumerSpec
from libs.runtime import admin, children
from libs.runtime.bus import Bus
from libs.runtime.reader import Batch, OrderedReader
from tests.runtime.messages import row
from tests.waiting import until

SPEC = ConsumerSpec("DEAD", "test_reader", max_ack_pending=1000)


class Reading:
    """A reader at work. `seen` are the sequences in the order in which they came; `on_batch` says what becomes of a batch."""

    def __init__(self, bus: Bus, on_batch: Callable[[Batch], Awaitable[None]] | None = None) -> None:
        self.reader = OrderedReader(bus, SPEC.stream, SPEC.durable)
        self.seen: list[int] = []
        self._on_batch = on_batch or (lambda batch: batch.ack())
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for batch in self.reader.batches(maximum=10, wait=1.0):
            self.seen += [message.sequence for message in batch.messages]
            await self._on_batch(batch)

    async def end(self) -> None:
        self.reader.stop()
        await asyncio.wait_for(self.task, 5)


@pytest.fixture
async def bus(rig) -> AsyncIterator[Bus]:
    bus = await rig.connect("admin")
    await admin.ensure_consumer(bus.js, SPEC)
    return bus


async def test_one_acknowledgement_is_enough_for_a_batch_of_a_consumer_that_is_read_in_order(bus, monkeypatch):
    await admin.ensure_consumer(bus.js, replace(SPEC, in_order=True))
    told: list[str] = []
    acknowledge = Msg.ack

    async def counted(message: Msg) -> None:
        told.append(message.reply)
        await acknowledge(message)

    monkeypatch.setattr(Msg, "ack", counted)
    await publish(bus, 1, 10)
    reading = Reading(bus)
    await until(lambda: len(reading.seen) == 10)
    await reading.end()
    await until(lambda: _done(bus), what="all are acknowledged")
    assert len(told) < 10


async def publish(bus: Bus, first: int, last: int) -> None:
    for number in range(first, last + 1):
        await bus.publish_raw(row(number), stream="DEAD")


async def _done(bus: Bus) -> bool:
    return await unacknowledged(bus) == 0


async def unacknowledged(bus: Bus) -> int:
    info = await bus.js.consumer_info(SPEC.stream, SPEC.durable)
    return int(info.num_ack_pending or 0) + int(info.num_pending or 0)


async def test_messages_come_in_order_with_where_and_when_they_were_stored(bus):
    await publish(bus, 1, 25)
    got: list = []

    async def keep(batch: Batch) -> None:
        got.extend(batch.messages)
        await batch.ack()

    reading = Reading(bus, keep)
    await until(lambda: len(reading.seen) == 25)
    assert reading.seen == list(range(1, 26))
    assert got[3].data == row(4).data
    assert got[3].subject == "dead.local.TEST"
    assert got[3].headers["Nats-Msg-Id"] == "row-4"
    assert abs(got[3].at - got[0].at) < 60_000
    await reading.end()
    assert await unacknowledged(bus) == 0


async def test_order_holds_over_a_kill_of_the_server(rig, bus):
    await publish(bus, 1, 30)
    reading = Reading(bus)
    await until(lambda: len(reading.seen) >= 10)
    children.kill_group(rig.server.pid)
    await until(lambda: rig.server.ended)
    await rig.server.start()
    await publish(bus, 31, 60)
    await until(lambda: reading.seen[-1] == 60, what="the last one is read")
    kept = list(dict.fromkeys(reading.seen))
    assert kept == list(range(1, 61)), "each came, and its first coming in order"
    await reading.end()


async def test_what_was_not_acknowledged_comes_again_first_after_a_new_start(bus):
    await publish(bus, 1, 3)

    async def forget(_batch: Batch) -> None:
        return

    first = Reading(bus, forget)
    await until(lambda: first.seen == [1, 2, 3])
    await first.end()
    await publish(bus, 4, 6)
    second = Reading(bus)
    await until(lambda: len(second.seen) >= 6)
    assert second.seen == [1, 2, 3, 4, 5, 6]
    await second.end()


async def test_a_gap_makes_the_reader_bind_anew_and_loses_nothing(bus):
    """Somebody else took messages from the same durable: the reader notices by the consumer's own numbers."""
    reading = Reading(bus)
    await until(lambda: reading.reader.bound)
    thief = await bus.js.pull_subscribe_bind(SPEC.durable, SPEC.stream)
    stealing = asyncio.create_task(thief.fetch(5, timeout=20))
    await until(lambda: _waiting(bus, 2), what="both pulls wait")
    with capture_logs() as logs:
        await publish(bus, 1, 12)
        await asyncio.wait([stealing])
        await until(lambda: set(reading.seen) == set(range(1, 13)), what="all came to the reader")
    assert "gap in a consumer's sequence" in [entry["event"] for entry in logs]
    assert list(dict.fromkeys(reading.seen)) == list(range(1, 13))
    await reading.end()


async def _waiting(bus: Bus, count: int) -> bool:
    return int((await bus.js.consumer_info(SPEC.stream, SPEC.durable)).num_waiting or 0) >= count


async def test_a_deleted_consumer_unbinds_the_reader_until_it_is_made_again(bus):
    reading = Reading(bus)
    await until(lambda: reading.reader.bound)
    await bus.js.delete_consumer(SPEC.stream, SPEC.durable)
    await until(lambda: not reading.reader.bound, what="the reader knows")
    await admin.ensure_consumer(bus.js, SPEC)
    await publish(bus, 1, 2)
    await until(lambda: reading.seen == [1, 2])
    await reading.end()


async def test_a_stop_ends_a_waiting_reader_at_once_and_leaves_no_subscription(bus):
    reading = Reading(bus)
    await until(lambda: reading.reader.bound)
    await reading.end()
    assert not reading.reader.bound
    assert len(bus.client._subs) <= 1, "only the inbox for answers is left"


async def test_reconnects_leave_no_subscriptions_behind(rig, bus):
    reading = Reading(bus)
    for _ in range(3):
        await until(lambda: reading.reader.bound)
        before = bus.reconnected
        await rig.server.stop()
        await rig.server.start()
        await until(before.is_set)
    await until(lambda: reading.reader.bound)
    assert len(bus.client._subs) <= 2, "the inbox for answers, and the one pull"
    await reading.end()


async def test_an_acknowledgement_on_a_closed_line_is_not_an_error(bus):
    await publish(bus, 1, 1)

    async def close_before(batch: Batch) -> None:
        reading.reader.stop()
        await bus.close()
        await batch.ack()

    reading = Reading(bus, close_before)
    await asyncio.wait_for(reading.task, 5)
    assert reading.seen == [1]
