"""A flood for one printer is taken in beside the others: nobody waits behind it, and nobody's own order changes."""

import asyncio
from dataclasses import replace

from libs.contracts.queries import CancelTask, ListTasks
from libs.contracts.states import Status
from libs.contracts.tasks import PrinterRef
from services.spooler import handlers
from tests.spooler.making import AGENT, request
from tests.spooler.working import stage
from tests.waiting import until

OTHER = PrinterRef(agent=AGENT, id="printer00002", name="Other")


async def test_a_task_for_another_printer_is_ordered_before_the_flood_is_taken_in(tmp_path, database_url):
    flood, others = [request(number) for number in range(600)], [replace(request(700 + each), printer=OTHER) for each in range(3)]
    async with stage(tmp_path, database_url) as world:
        for start in range(0, len(flood), 20):
            await world.submit(*flood[start : start + 20])
        for each in others:
            await world.submit(each)
        async with world.spooler() as spooler:
            await world.ready(spooler)
            assert (await world.shown(flood[-1].id)).status is Status.SUBMITTED

            async def all_of_the_others() -> list[str]:
                found = [order.task for order in await world.convert_orders(1)]
                return found if {each.id for each in others} <= set(found) else []

            ordered = await until(all_of_the_others)
    places = [ordered.index(each.id) for each in others]
    assert places == sorted(places)
    assert places[-1] < 100, "they waited for one portion of it, not for all"
    mine = [task for task in ordered if task not in {each.id for each in others}]
    assert mine == [each.id for each in flood[: len(mine)]]


async def test_a_task_that_is_known_is_shown_and_canceled_while_others_are_still_taken_in(tmp_path, monkeypatch):
    go, apply = asyncio.Event(), handlers.Handlers.on_intake

    async def slow(self, connection, messages):
        if any(b"000000000009" in message.data for message in messages):
            await go.wait()
        return await apply(self, connection, messages)

    monkeypatch.setattr(handlers.Handlers, "on_intake", slow)
    async with stage(tmp_path) as world, world.spooler() as spooler:
        await world.ready(spooler)
        await world.submit(request(1))
        await world.shown(request(1).id)
        await world.submit(request(9))
        assert (await world.shown(request(1).id)).status is Status.SUBMITTED, "nothing that comes later concerns it"
        others = await world.admin.ask(ListTasks(region="local", tenant="main", sn="OTHER001"), timeout=5)
        assert others.tasks == (), "nor does it concern what another client lists"
        go.set()
        canceled = await world.admin.ask(CancelTask(region="local", tenant="main", sn=AGENT, task=request(1).id), timeout=5)
        assert canceled.task.status is Status.CANCELED
        assert (await world.shown(request(9).id)).status is Status.SUBMITTED
