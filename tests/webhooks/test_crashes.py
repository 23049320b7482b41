"""kill -9 of a dispatcher of its own at each of its steps (faults.md, A7): the same event again with the same id, in order."""

import pytest

from services.webhooks.crashpoints import TELLING
from services.webhooks.history import Wanted
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.dispatching import dispatcher, process, stored
from tests.webhooks.events import news, publish
from tests.webhooks.receivers import receiver, statuses

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("point", TELLING)
async def test_a_kill_at_any_step_loses_nothing_and_keeps_the_order(tmp_path, point):
    async with running_bus(tmp_path) as rig, receiver(statuses(500)) as there:
        spooler = await rig.connect("spooler")
        async with process(rig, there.url, CRASHPOINT=point, WEBHOOKS_HOLDER="only") as first:
            ids = await publish(spooler, news(4))
            assert await first.ended() == -9
        before = there.ids
        async with dispatcher(rig, there.url, webhooks_holder="only"):
            await until(lambda: there.ids[-1:] == ids[-1:], 20, "the last event arrives")
        assert list(dict.fromkeys(there.ids)) == ids
        if point == "webhooks-before-ack":
            after = there.ids[len(before) :]
            assert before[-1] == after[0] == ids[0]  # told, not written down: told again under the same id
        async with stored(rig) as (_, _, history):
            assert {(each.event, each.state) for each in await history.deliveries(Wanted("callback"), 1000)} == {
                (id_, "delivered") for id_ in ids
            }


async def test_another_replica_takes_over_from_a_killed_one(tmp_path):
    async with running_bus(tmp_path) as rig, receiver() as there:
        spooler = await rig.connect("spooler")
        async with process(rig, there.url) as first:
            ids = await publish(spooler, news(3))
            await until(lambda: len(there.requests) == 3, 20)
            async with dispatcher(rig, there.url):
                first.kill()
                await first.ended()
                ids += await publish(spooler, news(3, start=3))
                await until(lambda: there.ids[-1] == ids[-1], 20, "the claims of the killed one run out")
        assert list(dict.fromkeys(there.ids)) == ids


async def test_sigterm_ends_a_process_in_time(tmp_path):
    async with running_bus(tmp_path) as rig, receiver() as there, process(rig, there.url) as running:
        ids = await publish(await rig.connect("spooler"), news(1))
        await until(lambda: there.ids == ids, 20)
        running.terminate()
        assert await running.ended() == 0
