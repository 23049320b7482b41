"""Save, publish, acknowledge: each message's consequences once, and no message that stops the others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import insert, select, update

from libs.contracts.dead import DeadLetter
from libs.contracts.events import EndTask
from libs.contracts.message import decode
from libs.contracts.streams import ConsumerSpec
from libs.runtime import admin, inputs
from libs.runtime.bus import Bus, Outgoing
from libs.runtime.lease import LeaseLost
from libs.runtime.reader import Incoming
from tests.runtime.decider import Decider, fact, lease, rows, store
from tests.runtime.messages import letter, stored
from tests.waiting import until

SPEC = ConsumerSpec("TASKS", "test_input", max_ack_pending=1000)
SUBJECT = "task.end.local.main.agentAAA.x"


class Applying:
    """What a service does with its messages: each is a number that becomes a row; `poison` numbers cannot be applied."""

    def __init__(self) -> None:
        self.poison: set[int] = set()
        self.batches: list[list[int]] = []
        self.given_up: list[int] = []
        self.stubborn = False

    async def apply(self, connection, messages):
        numbers = [int(message.data) if message.data.isdigit() else decode(EndTask, message.data) for message in messages]
        self.batches.append(numbers)
        for number in numbers:
            if number in self.poison:
                raise RuntimeError("poison")
            await connection.execute(insert(fact).values(number=number, word="w"))
        return [("DEAD", Outgoing("dead.local.NEXT", b"%d" % number, f"next-{number}")) for number in numbers]

    async def give_up(self, _connection, message, cause):
        if self.stubborn:
            raise RuntimeError("not even that")
        self.given_up.append(message.sequence)
        return f"task-{message.sequence}", [("DEAD", Outgoing("dead.local.GIVEN", cause.encode(), f"given-{message.sequence}"))]


def test_large_messages_are_applied_in_portions(monkeypatch):
    monkeypatch.setattr(inputs, "PORTION", 100)
    messages = [Incoming(sequence, "x", b"x" * size, {}, 0) for sequence, size in enumerate((40, 60, 1, 300, 99, 2), 1)]
    assert [[each.sequence for each in portion] for portion in inputs.portions(messages)] == [[1, 2], [3], [4], [5], [6]]
    assert list(inputs.portions([])) == []


@asynccontextmanager
async def working(opened, bus: Bus, applying: Applying, nobody=None, **changes) -> AsyncIterator[tuple[Decider, object]]:
    decider = Decider(opened, bus, **changes)
    await decider.hold()
    decider.run(decider.outbox.publish("DEAD"))
    source = decider.input(SPEC.stream, SPEC.durable)
    task = decider.run(source.run(applying.apply, applying.give_up, region="local", maximum=50, nobody=nobody))
    decider.task = task
    try:
        yield decider, source
    finally:
        await decider.end()


@pytest.fixture
async def bus(rig) -> Bus:
    bus = await rig.connect("admin")
    await admin.ensure_consumer(bus.js, SPEC)
    return bus


async def publish(bus: Bus, *bodies: int | bytes) -> None:
    for body in bodies:
        data = body if isinstance(body, bytes) else b"%d" % body
        await bus.publish_raw(Outgoing(SUBJECT, data, ""), stream="TASKS")


async def numbers(opened) -> list[int]:
    async with opened.reading() as connection:
        return [row[0] for row in await connection.execute(select(fact.c.number).order_by(fact.c.number))]


async def letters(bus: Bus) -> list[DeadLetter]:
    found = [body for body in await stored(bus, "DEAD") if body.startswith(b'{"kind":"DeadLetter"')]
    return [decode(DeadLetter, body) for body in found]


async def test_each_message_is_applied_once_with_what_follows_from_it(database_url, tmp_path, rig, bus):
    async with store(database_url, tmp_path) as opened:
        await publish(bus, *range(120))
        async with working(opened, bus, Applying()) as (_, source):
            assert await source.wait_for(120, 10)
            await publish(bus, 120)
            assert await source.wait_for(121, 5)
        assert await numbers(opened) == list(range(121))
        async with working(opened, bus, Applying()) as (decider, source):
            await until(lambda: source.bound)
            await decider.outbox.drained("DEAD")
            assert source.applied == 121
        assert await stored(bus, "DEAD") == [b"%d" % number for number in range(121)]


async def test_what_was_saved_but_not_acknowledged_changes_nothing_when_it_comes_again(tmp_path, rig, bus):
    async with store("", tmp_path) as opened:
        await publish(bus, 1, 2, 3)
        async with working(opened, bus, Applying()) as (_, source):
            assert await source.wait_for(3, 5)
        await bus.js.delete_consumer(SPEC.stream, SPEC.durable)
        await admin.ensure_consumer(bus.js, SPEC)  # at the beginning of the stream: it is led to where the database is
        await publish(bus, 4)
        applying = Applying()
        async with working(opened, bus, applying) as (_, source):
            assert await source.wait_for(4, 5)
        assert applying.batches == [[4]]


async def test_one_message_that_cannot_be_applied_is_given_up_after_five_tries_alone(tmp_path, rig, bus):
    applying = Applying()
    applying.poison = {2}
    async with store("", tmp_path) as opened:
        await publish(bus, 1, 2, 3)
        async with working(opened, bus, applying) as (decider, source):
            assert await source.wait_for(3, 15)
            await decider.outbox.drained("DEAD")
        assert await numbers(opened) == [1, 3]
    assert applying.batches.count([2]) == 5
    assert applying.given_up == [2]
    (dead,) = await letters(bus)
    assert (dead.stream, dead.sequence, dead.tries, dead.task) == ("TASKS", 2, 5, "task-2")
    assert dead.cause == "RuntimeError in TASKS"
    assert b"RuntimeError in TASKS" in await stored(bus, "DEAD"), "what giving up asked for is published too"


async def test_a_message_that_cannot_be_read_is_given_up_at_once(tmp_path, rig, bus):
    applying = Applying()
    async with store("", tmp_path) as opened:
        await publish(bus, b"garbage", 1)
        async with working(opened, bus, applying) as (decider, source):
            assert await source.wait_for(2, 15)
            await decider.outbox.drained("DEAD")
        assert await numbers(opened) == [1]
    (dead,) = await letters(bus)
    assert (dead.sequence, dead.tries, dead.cause) == (1, 1, "Undecodable in TASKS")


async def test_a_message_that_cannot_even_be_given_up_holds_up_nobody(tmp_path, rig, bus):
    applying = Applying()
    applying.stubborn = True
    async with store("", tmp_path) as opened:
        await publish(bus, b"garbage", 1)
        async with working(opened, bus, applying) as (decider, source):
            assert await source.wait_for(2, 15)
            await decider.outbox.drained("DEAD")
    (dead,) = await letters(bus)
    assert (dead.sequence, dead.task) == (1, "")


async def test_nothing_is_given_up_while_the_database_is_away(tmp_path, rig, bus):
    applying = Applying()
    async with store("", tmp_path) as opened:
        async with working(opened, bus, applying) as (_, source):
            await until(lambda: source.bound)
            back, asked = asyncio.Event(), []
            commit = source._commit

            async def away(change):
                if not back.is_set():
                    raise OSError("the database is away")
                await commit(change)

            async def answers() -> bool:
                asked.append(1)
                return back.is_set()

            source._commit, opened.healthy = away, answers
            await publish(bus, 1)
            await until(lambda: len(asked) >= 2)
            assert source.applied == 0
            back.set()
            assert await source.wait_for(1, 5)
        assert await numbers(opened) == [1]
    assert not applying.given_up


async def test_a_lost_lease_ends_the_input_and_saves_nothing(tmp_path, rig, bus):
    async with store("", tmp_path) as opened:
        async with working(opened, bus, Applying()) as (decider, source):
            await until(lambda: source.bound)
            async with opened.transaction() as connection:
                await connection.execute(update(lease).values(holder="thief", epoch=99, until=time.time() + 60))
            await publish(bus, 1)
            with pytest.raises(LeaseLost):
                await asyncio.wait_for(decider.task, 5)
        assert await rows(opened, fact) == 0
    info = await bus.js.consumer_info(SPEC.stream, SPEC.durable)
    assert info.ack_floor.stream_seq == 0, "nothing was acknowledged"


async def test_a_stream_that_was_made_anew_is_read_from_its_beginning(tmp_path, rig, bus):
    """Its sequences begin at 1 again: taken for the old ones, its messages would be acknowledged and never applied."""
    async with store("", tmp_path) as opened:
        await publish(bus, 1, 2, 3)
        async with working(opened, bus, Applying()) as (_, source):
            assert await source.wait_for(3, 5)
            await bus.js.delete_stream(SPEC.stream)
            await admin.provision(bus, "local")
            await admin.ensure_consumer(bus.js, SPEC)
            await publish(bus, 4, 5)

            async def both() -> bool:
                return await numbers(opened) == [1, 2, 3, 4, 5]

            await until(both)


async def test_a_stream_that_was_made_anew_is_noticed_also_when_it_has_as_many_messages_by_then(tmp_path, rig, bus):
    """By when the message was stored at which we stopped: a sequence alone would call the new ones seen."""
    async with store("", tmp_path) as opened:
        await publish(bus, 1, 2, 3)
        async with working(opened, bus, Applying()) as (_, source):
            assert await source.wait_for(3, 5)
        await bus.js.delete_stream(SPEC.stream)
        await admin.provision(bus, "local")
        await admin.ensure_consumer(bus.js, SPEC)
        await publish(bus, 4, 5, 6, 7)
        async with working(opened, bus, Applying()):

            async def all_of_them() -> bool:
                return await numbers(opened) == [1, 2, 3, 4, 5, 6, 7]

            await until(all_of_them)


async def test_what_concerns_nobody_is_passed_over_unread_until_somebody_comes(tmp_path, rig, bus, monkeypatch):
    monkeypatch.setattr(inputs, "GATHERING", 0.0)
    monkeypatch.setattr(inputs, "MANY", 10)
    there, gathered = False, asyncio.Event()

    async def nobody() -> bool:
        await gathered.wait()
        return not there

    async with store("", tmp_path) as opened:
        applying = Applying()
        async with working(opened, bus, applying, nobody=nobody) as (_, source):
            await publish(bus, 1)
            await until(lambda: applying.batches == [[1]])
            await publish(bus, *range(2, 40))
            gathered.set()
            assert await source.wait_for(39, 10)
            assert applying.batches == [[1]], "nobody has read them"
            there = True
            await publish(bus, 40)
            assert await source.wait_for(40, 10)
            await publish(bus, *range(41, 60))
            assert await source.wait_for(59, 10)
        assert await numbers(opened) == [1, *range(40, 60)]
        async with working(opened, bus, applying) as (_, source):
            await until(lambda: source.bound)
            assert source.applied == 59


async def test_a_stop_ends_the_input_after_its_batch(tmp_path, rig, bus):
    async with store("", tmp_path) as opened, working(opened, bus, Applying()) as (decider, source):
        await until(lambda: source.bound)
        source.stop()
        await asyncio.wait_for(decider.task, 3)


async def test_who_waits_for_what_never_comes_is_told_so(tmp_path, rig, bus):
    async with store("", tmp_path) as opened, working(opened, bus, Applying()) as (_, source):
        assert not await source.wait_for(5, 0.05)
        assert await source.wait_for(0, 0)


def test_a_letter_has_one_id_whoever_writes_it():
    assert letter(7).id == letter(7, "another cause").id == "TEST:7:nobody"
