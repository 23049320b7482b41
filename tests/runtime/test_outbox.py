"""What is saved is published: in order, once, whatever dies in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from libs.runtime import crashpoint as crashpoint_module
from libs.runtime import outbox as outbox_module
from libs.runtime.bus import Bus, Unanswered
from tests.bus import running_bus
from tests.runtime.decider import Decider, outbox, rows, store
from tests.runtime.messages import row, stored
from tests.waiting import until


@asynccontextmanager
async def deciding(opened, bus: Bus) -> AsyncIterator[Decider]:
    decider = Decider(opened, bus)
    await decider.hold()
    try:
        yield decider
    finally:
        await decider.end()


async def save(decider: Decider, first: int, last: int, size: int = 0) -> None:
    async def change(_connection):
        return [("DEAD", row(number, size=size)) for number in range(first, last + 1)]

    await decider.commit(change)


async def test_rows_are_published_in_their_order_and_then_deleted(database_url, tmp_path):
    async with running_bus(tmp_path) as rig, store(database_url, tmp_path) as opened:
        bus = await rig.connect("admin")
        async with deciding(opened, bus) as decider:
            await asyncio.gather(*(save(decider, 10 * each, 10 * each + 9) for each in range(1, 30)))
            decider.run(decider.outbox.publish("DEAD"))
            await decider.outbox.drained("DEAD")
            assert len(await stored(bus, "DEAD")) == 290
            first = [bytes(each)[:80] for each in await stored(bus, "DEAD")]
            groups = [[row(10 * each + number).data[:80] for number in range(10)] for each in range(1, 30)]
            assert sorted(first[at : at + 10] for at in range(0, 290, 10)) == sorted(groups), "each once, transactions in one piece"

            async def empty() -> bool:
                return await rows(opened, outbox) == 0

            await until(empty, what="acknowledged rows go although nothing else is committed")


async def test_what_was_published_before_a_crash_is_published_again_and_stored_once(rig, tmp_path, monkeypatch):
    bus = await rig.connect("admin")

    class Killed(BaseException):
        pass

    def die(name: str) -> None:
        if name == "outbox-after-published":
            raise Killed

    async with store("", tmp_path) as opened:
        async with deciding(opened, bus) as decider:
            await save(decider, 1, 3)
            monkeypatch.setattr(outbox_module, "crashpoint", die)
            with pytest.raises(Killed):
                await decider.outbox.publish("DEAD")
            assert await rows(opened, outbox) == 3
        monkeypatch.setattr(outbox_module, "crashpoint", crashpoint_module.crashpoint)
        async with deciding(opened, bus) as again:
            await save(again, 4, 5)
            again.run(again.outbox.publish("DEAD"))
            await again.outbox.drained("DEAD")
        assert await stored(bus, "DEAD") == [row(number).data for number in range(1, 6)]


async def test_a_transaction_that_fails_publishes_nothing_and_keeps_what_it_would_have_deleted(rig, tmp_path):
    bus = await rig.connect("admin")
    async with store("", tmp_path) as opened, deciding(opened, bus) as decider:
        decider.run(decider.outbox.publish("DEAD"))
        await save(decider, 1, 2)
        await decider.outbox.drained("DEAD")

        async def fail(connection):
            await decider.outbox.stage(connection, [("DEAD", row(3))])
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await decider.commit(fail)
        await save(decider, 4, 4)
        await decider.outbox.drained("DEAD")
        assert await stored(bus, "DEAD") == [row(number).data for number in (1, 2, 4)]


async def test_more_than_a_batch_and_more_than_a_batchs_bytes_go_in_several(rig, tmp_path, monkeypatch):
    monkeypatch.setattr(outbox_module, "BATCH_BYTES", 20_000)
    sizes = []
    bus = await rig.connect("admin")
    publish = bus.publish_batch

    async def watched(stream, batch, **options):
        sizes.append((len(batch), sum(len(out.data) for out in batch)))
        await publish(stream, batch, **options)

    bus.publish_batch = watched
    async with store("", tmp_path) as opened, deciding(opened, bus) as decider:
        await save(decider, 1, 600)
        await save(decider, 601, 610, size=9_000)
        decider.run(decider.outbox.publish("DEAD"))
        await decider.outbox.drained("DEAD")
    assert sum(count for count, _ in sizes) == 610
    assert all(size <= 20_000 for _, size in sizes)


async def test_publishing_waits_for_a_bus_that_is_away(rig, tmp_path):
    bus = await rig.connect("admin")
    async with store("", tmp_path) as opened, deciding(opened, bus) as decider:
        decider.run(decider.outbox.publish("DEAD"))
        await decider.outbox.drained("DEAD")
        await rig.server.stop()
        await save(decider, 1, 2)
        with pytest.raises(Unanswered, match="DEAD still has unpublished messages"):
            await decider.outbox.drained("DEAD", within=0.3)
        await rig.server.start()
        await decider.outbox.drained("DEAD", within=15)
        assert await stored(bus, "DEAD") == [row(1).data, row(2).data]


async def test_who_waits_within_a_transaction_is_not_held_up_by_a_publisher_that_wants_to_delete(rig, tmp_path):
    """Both want the lock: the transaction has it and waits for the publisher, which then must not wait for the lock."""
    bus = await rig.connect("admin")
    async with store("", tmp_path) as opened, deciding(opened, bus) as decider:
        decider.run(decider.outbox.publish("DEAD"))
        await save(decider, 1, 1)
        await decider.outbox.drained("DEAD")
        asked = asyncio.Event()
        flush = decider.outbox._flush

        async def flushing(stream: str) -> None:
            asked.set()
            await flush(stream)

        decider.outbox._flush = flushing

        async def wait_inside(_connection):
            await asked.wait()
            await decider.outbox.drained("DEAD", within=15)
            waited.append(await stored(bus, "DEAD"))
            return []

        waited = []
        await decider.commit(wait_inside)
        assert waited == [[row(1).data]], "the transaction ends, and what it waited for is published"


async def test_what_is_saved_while_its_publisher_keeps_up_is_not_read_again(rig, tmp_path):
    bus = await rig.connect("admin")
    async with store("", tmp_path) as opened, deciding(opened, bus) as decider:
        decider.run(decider.outbox.publish("DEAD"))
        await decider.outbox.drained("DEAD")
        read, looks = decider.outbox._read, []

        async def reading(stream, after):
            looks.append(after)
            return await read(stream, after)

        decider.outbox._read = reading
        for number in range(1, 6):
            await save(decider, number, number)
        await decider.outbox.drained("DEAD")
        assert looks == []
        assert await stored(bus, "DEAD") == [row(number).data for number in range(1, 6)]


async def test_a_publisher_that_is_behind_reads_the_table_and_loses_nothing(rig, tmp_path, monkeypatch):
    monkeypatch.setattr(outbox_module, "IN_MEMORY", 5)
    monkeypatch.setattr(outbox_module, "BATCH", 4)
    bus = await rig.connect("admin")
    async with store("", tmp_path) as opened, deciding(opened, bus) as decider:
        decider.run(decider.outbox.publish("DEAD"))
        await decider.outbox.drained("DEAD")
        for first in range(1, 60, 7):
            await save(decider, first, first + 6)
        await decider.outbox.drained("DEAD")
        await save(decider, 64, 65)
        await decider.outbox.drained("DEAD")
        assert await stored(bus, "DEAD") == [row(number).data for number in range(1, 66)]


async def test_a_commit_whose_answer_was_lost_is_published_before_what_came_later(rig, tmp_path):
    bus = await rig.connect("admin")
    async with store("", tmp_path) as opened, deciding(opened, bus) as decider:
        decider.run(decider.outbox.publish("DEAD"))
        await decider.outbox.drained("DEAD")
        await save(decider, 1, 1)
        async with decider.lock, opened.transaction() as connection:
            await decider.outbox.stage(connection, [("DEAD", row(2))])  # saved, and nobody hears of it
        await save(decider, 3, 3)
        await decider.outbox.drained("DEAD")
        assert await stored(bus, "DEAD") == [row(number).data for number in (1, 2, 3)]
