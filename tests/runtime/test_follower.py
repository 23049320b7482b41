"""Following a stream live: each message once and in order, whatever happens to the server and to the consumer."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from libs.runtime import follower as module
from libs.runtime.bus import Outgoing
from libs.runtime.ending import end
from libs.runtime.follower import Follower
from libs.runtime.history import History
from tests.bus import running_bus
from tests.waiting import until

pytestmark = pytest.mark.asyncio


async def publish(bus, *tasks, sn="jueKiUEE"):
    """One message per task on TASKS, without an id."""
    for task in tasks:
        await bus.publish_raw(Outgoing(f"task.new.local.main.{sn}.t{task}", f"{task}".encode(), ""), stream="TASKS")


@asynccontextmanager
async def following(bus, after=0, subject="task.*.local.main.jueKiUEE.>"):
    """What a follower gives, as a list that grows."""
    seen = []
    follower = Follower(bus, "TASKS", [subject], after)

    async def read():
        async for message in follower.messages():
            seen.append(int(message.data))  # noqa: PERF401 - it grows while others look

    reading = asyncio.create_task(read())
    try:
        yield seen
    finally:
        await end(reading)


async def test_it_gives_what_comes_after_a_sequence_and_on_its_subjects_only(tmp_path):
    async with running_bus(tmp_path) as rig:
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        await publish(spooler, 1, 2)
        await publish(spooler, 3, sn="neighBr1")
        async with following(gateway, after=1) as seen:
            await publish(spooler, 4)
            await until(lambda: seen == [2, 4])
        # Also when nobody may be there for a while: the consumer is forgotten by the server, and made anew.
        history = History(gateway, "TASKS")
        assert [int(each.data) for each in await history.after(0, "task.*.local.main.jueKiUEE.>", 10)] == [1, 2, 4]
        assert [each.sequence for each in await history.after(1, "task.new.local.main.*.t3", 10)] == [3]
        assert await history.after(4, "task.>", 10) == []
        first = (await history.after(0, "task.>", 1))[0]
        assert (first.subject, first.sequence) == ("task.new.local.main.jueKiUEE.t1", 1)
        assert abs(first.at - (await history.after(3, "task.>", 1))[0].at) < 10_000


async def test_a_consumer_that_was_taken_away_and_a_server_that_was_away_lose_and_repeat_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "HEARTBEAT_ALONE", 0.3)
    async with running_bus(tmp_path) as rig:
        spooler, gateway, admin = [await rig.connect(user) for user in ("spooler", "gateway", "admin")]
        async with following(gateway) as seen:
            await publish(spooler, 1)
            await until(lambda: seen == [1])
            for name in [each.name for each in await admin.js.consumers_info("TASKS") if each.config.durable_name is None]:
                await admin.js.delete_consumer("TASKS", name)
            await publish(spooler, 2)
            await until(lambda: seen == [1, 2])
            await rig.server.stop()
            await rig.server.start()
            await publish(spooler, 3)
            await until(lambda: seen == [1, 2, 3])


async def test_a_flood_comes_whole_by_flow_control(tmp_path):
    async with running_bus(tmp_path) as rig:
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        async with following(gateway) as seen:
            for start in range(0, 5000, 500):
                batch = [
                    Outgoing(f"task.new.local.main.jueKiUEE.t{each}", f"{each}".encode(), "") for each in range(start, start + 500)
                ]
                await spooler.publish_batch("TASKS", batch)
            await until(lambda: len(seen) == 5000)
            assert seen == list(range(5000))


async def test_a_stream_that_was_made_anew_is_followed_from_its_beginning(tmp_path):
    async with running_bus(tmp_path) as rig:
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        follower = Follower(gateway, "TASKS", ["task.>"], 4711)
        bounds = []
        follower.on_bound = lambda *both: bounds.append(both)
        reading = asyncio.ensure_future(anext(follower.messages()))
        await until(lambda: bounds)
        await publish(spooler, 7)
        assert int((await asyncio.wait_for(reading, 10)).data) == 7
        assert bounds[0][1] == 0
