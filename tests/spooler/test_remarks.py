"""What a document had to do without is told to whoever asks for its task."""

from dataclasses import replace

from libs.contracts.reports import TaskPrinted
from libs.contracts.states import Stage
from libs.contracts.streams import REPORTS
from tests.spooler.making import converted, request
from tests.spooler.working import stage
from tests.waiting import until

SAID = "The pages 2-9 were asked for, but the document has 2 pages."


async def test_who_asks_for_a_printed_task_is_told_which_pages_there_were_not(tmp_path):
    async with stage(tmp_path) as world, world.spooler() as spooler:
        await world.ready(spooler)
        short, whole = request(1), request(2)
        await world.submit(short, whole)
        await world.shown(short.id)
        await world.admin.publish(replace(converted(short.id), warnings=(SAID,)), stream=REPORTS)
        await world.admin.publish(converted(whole.id), stream=REPORTS)
        await world.agent_orders(2)
        assert (await world.shown(short.id)).message != SAID  # that it waits for its printer matters more
        for task in (short, whole):
            await world.tell(TaskPrinted, task.id)

        async def both() -> list:
            shown = [await world.shown(task.id) for task in (short, whole)]
            return shown if all(each.stage is Stage.COMPLETED for each in shown) else []

        assert [each.message for each in await until(both, what="both are printed")] == [SAID, ""]
