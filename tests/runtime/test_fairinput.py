"""A flood is applied beside the others: what overtakes it is saved once, and nothing is lost when the process dies between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import insert, select

from libs.contracts.streams import ConsumerSpec
from libs.runtime import admin, backlog
from libs.runtime.bus import Bus, Outgoing
from libs.runtime.fairinput import FairInput, ahead
from tests.runtime.decider import Decider, cursors, fact, rows, store
from tests.runtime.messages import stored
from tests.waiting import until

SPEC = ConsumerSpec("TASKS", "test_input", max_ack_pending=1000, in_order=True)


class Applying:
    """Numbers that become rows, once each; those of flow `f` fail before `go`."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.poison: set[int] = set()
        self.go = asyncio.Event()

    async def apply(self, connection, messages):
        for message in messages:
            number, flow = int(message.data), message.subject.split(".")[-1]
            if number in self.poison or (flow == "f" and not self.go.is_set()):
                raise RuntimeError("poison")
            if (await connection.execute(select(fact.c.number).where(fact.c.number == number))).first() is None:
                self.seen.append(number)
                await connection.execute(insert(fact).values(number=number, word="w"))
        return [("DEAD", Outgoing("dead.local.NEXT", message.data, f"next-{message.sequence}")) for message in messages]

    async def give_up(self, _connection, message, _cause):
        return f"task-{message.sequence}", []


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(backlog, "SHARED", 1)
    monkeypatch.setattr(backlog, "TOGETHER", 1e9)


@pytest.fixture
async def bus(rig) -> Bus:
    bus = await rig.connect("admin")
    await admin.ensure_consumer(bus.js, SPEC)
    return bus


async def publish(bus: Bus, flow: str, *numbers: int, size: int = 1) -> None:
    for number in numbers:
        body = (b"%d" % number).ljust(size)
        await bus.publish_raw(Outgoing(f"task.end.local.main.agentAAA.{flow}", body, ""), stream="TASKS")


async def places(opened) -> dict[str, int]:
    async with opened.reading() as connection:
        return {row.stream: row.sequence for row in await connection.execute(select(cursors))}


@asynccontextmanager
async def working(opened, bus: Bus, applying: Applying) -> AsyncIterator[tuple[Decider, FairInput]]:
    decider = Decider(opened, bus)
    await decider.hold()
    decider.run(decider.outbox.publish("DEAD"))
    source = decider.fair_input(SPEC.stream, SPEC.durable, lambda message: {message.subject})
    decider.task = decider.run(source.run(applying.apply, applying.give_up, region="local", maximum=20))
    try:
        yield decider, source
    finally:
        await decider.end()


async def test_others_are_applied_while_a_flood_is_and_the_cursor_waits_for_it(database_url, tmp_path, rig, bus):
    applying = Applying()
    async with store(database_url, tmp_path) as opened:
        await publish(bus, "f", *range(1, 11))
        await publish(bus, "a", 11, 12)
        async with working(opened, bus, applying) as (decider, source):
            applying.go.set()
            assert await source.wait_for(12, 10)
            await decider.outbox.drained("DEAD")
            assert applying.seen.index(11) < 4, "its turn comes with the flood's first messages"
            assert applying.seen.index(11) < applying.seen.index(12)
            assert [number for number in applying.seen if number < 11] == list(range(1, 11)), "each flow in its order"

            async def acknowledged() -> bool:
                return (await bus.js.consumer_info(SPEC.stream, SPEC.durable)).ack_floor.stream_seq == 12

            await until(acknowledged)
        assert len(await stored(bus, "DEAD")) == 12


async def test_what_overtook_is_applied_once_though_the_process_dies_before_the_flood_is(tmp_path, rig, bus):
    first, second = Applying(), Applying()
    async with store("", tmp_path) as opened:
        await publish(bus, "f", 1, size=1000)
        await publish(bus, "a", 2)

        async def away() -> bool:
            return False

        opened.healthy = away  # so that what fails is tried for ever
        async with working(opened, bus, first) as (_, source):
            await until(lambda: source._furthest == 2)
            assert source.applied == 0
            assert await places(opened) == {"TASKS": 0, ahead("TASKS"): 2}
        second.go.set()
        async with working(opened, bus, second) as (_, source):
            assert await source.wait_for(2, 10)
        assert (first.seen, second.seen) == ([2], [1])
        assert await places(opened) == {"TASKS": 2, ahead("TASKS"): 2}
        assert await rows(opened, fact) == 2


async def test_a_message_that_is_given_up_holds_up_nobody(tmp_path, rig, bus):
    applying = Applying()
    applying.poison = {1}
    async with store("", tmp_path) as opened:
        await publish(bus, "x", 1)
        await publish(bus, "y", 2)
        async with working(opened, bus, applying) as (_, source):
            assert await source.wait_for(2, 15)
        assert (await places(opened))["TASKS"] == 2
    assert applying.seen == [2]


async def test_a_stream_that_was_made_anew_is_read_from_its_beginning(tmp_path, rig, bus):
    applying = Applying()
    applying.go.set()
    async with store("", tmp_path) as opened:
        await publish(bus, "a", 1, 2, 3)
        async with working(opened, bus, applying) as (_, source):
            assert await source.wait_for(3, 5)
            await bus.js.delete_stream(SPEC.stream)
            await admin.provision(bus, "local")
            await admin.ensure_consumer(bus.js, SPEC)
            await publish(bus, "a", 4, 5)
            await until(lambda: applying.seen == [1, 2, 3, 4, 5])


async def test_a_stop_ends_it_after_its_portion(tmp_path, rig, bus):
    async with store("", tmp_path) as opened, working(opened, bus, Applying()) as (decider, source):
        await until(lambda: source.bound)
        source.stop()
        await asyncio.wait_for(decider.task, 5)


async def test_what_waits_so_long_that_the_server_brings_it_again_is_applied_once(tmp_path, rig):
    hasty = ConsumerSpec("TASKS", "test_input", ack_wait=0.2, max_ack_pending=1000, in_order=True)
    bus = await rig.connect("admin")
    await admin.ensure_consumer(bus.js, hasty)
    applying, batches = Applying(), []
    applying.go.set()
    apply = applying.apply

    async def slow(connection, messages):
        batches.append(len(messages))
        await asyncio.sleep(0.1)  # what applying takes
        return await apply(connection, messages)

    applying.apply = slow
    async with store("", tmp_path) as opened:
        await publish(bus, "f", *range(1, 13))
        async with working(opened, bus, applying) as (_, source):
            assert await source.wait_for(12, 15)
            await publish(bus, "f", 13)
            assert await source.wait_for(13, 15)
        info = await bus.js.consumer_info(hasty.stream, hasty.durable)
        assert info.delivered.consumer_seq > info.delivered.stream_seq, "it did bring some again"
    assert applying.seen == list(range(1, 14))
    assert sum(batches) == 13
