"""Dispatchers that end, by kill -9 or when they are asked to (each single step: tests/faults/crashes)."""

import pytest

from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.dispatching import dispatcher, process
from tests.webhooks.events import news, publish
from tests.webhooks.receivers import receiver

pytestmark = pytest.mark.timeout(120)


async def test_another_replica_takes_over_from_a_killed_one(tmp_path):
    async with running_bus(tmp_path) as rig, receiver() as there:
        spooler = await rig.connect("spooler")
        async with process(rig, there.url) as first:
            ids = await publish(spooler, news(3))
            await until(lambda: len(there.requests) == 3)
            async with dispatcher(rig, there.url):
                first.kill()
                await first.ended()
                ids += await publish(spooler, news(3, start=3))
                await until(lambda: there.ids[-1] == ids[-1], what="the claims of the killed one run out")
        assert list(dict.fromkeys(there.ids)) == ids


async def test_sigterm_ends_a_process_in_time(tmp_path):
    async with running_bus(tmp_path) as rig, receiver() as there, process(rig, there.url) as running:
        ids = await publish(await rig.connect("spooler"), news(1))
        await until(lambda: there.ids == ids, 60)
        running.terminate()
        assert await running.ended() == 0
