"""The agent is killed at each step before a document's data leave: what it left at the printer is taken back."""

import pytest

from libs.ipp.client import Client
from libs.ipp.enums import JobState
from tests.agent.orders import task
from tests.faults.crashes.agentlife import TASKS, crash_and_recover, names
from tests.faults.crashes.agentpoints import BEFORE, params
from tests.faults.crashes.devices import device
from tests.faults.rig.ears import listening
from tests.faults.rig.load import client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_eve
from tests.integration.installation import installation
from tests.printers import eve_printer


@pytest.mark.parametrize(("kind", "point"), params(5, BEFORE))
async def test_row_05_each_task_is_on_paper_once_and_in_order(row, kind, point):
    async with device(kind, row.folder) as printer:
        kinds = await crash_and_recover(row.folder, point, printer.name, printer.uri)
        paper = printer.paper()
    assert kinds[task(2)][-1] == "TaskPrinted"
    unknown = sum(each[-1] == "TaskUnknown" for each in kinds.values())  # its neighbours may have been on their way
    if kind == "socket":
        assert TASKS - unknown <= len(paper) <= TASKS
    else:
        assert (paper, unknown) == (names(), 0)
    row.did(f"{TASKS} tasks for a printer of the kind {kind}; the agent killed itself at `{point}` and was started again.")
    row.saw(f"{len(paper)} on paper, none twice, in order; {unknown} of its neighbours told as unknown.")


@pytest.mark.row(5)
@pytest.mark.timeout(120)
async def test_row_05_an_empty_job_is_canceled_at_the_printer_and_the_task_printed_once(row):
    async with (
        eve_printer(row.folder) as printer,
        listening(row.history("receiver")) as ears,
        installation(row.folder, [f"{printer.uri}?name=Office"], CALLBACK_URL=ears.url, CONVERTER_ENGINES='["text"]') as server,
        Client(printer.uri) as ipp,
    ):
        await server.start(CRASHPOINT="agent-before-releasing")
        await server.device("Office")
        async with client([server.url], server.token, row.history("client")) as sender:
            await sender.submit("Office", "once")
            await server.died()
            (empty,) = await ipp.get_jobs("not-completed")
            assert "job-data-insufficient" in empty.reasons
            await server.start()
            assert dict(await settled([sender])) == {"FINISHED": 1}
            await ears.all_ended(set(sender.accepted))
            assert note_eve(row.history("paper"), printer) == sender.accepted
        states = {job.id: job.state for job in await ipp.get_jobs("completed")}
        assert states.pop(empty.id) in (JobState.CANCELED, JobState.ABORTED)
        assert list(states.values()) == [JobState.COMPLETED]
    row.did("A whole server with an ippeveprinter; the agent killed itself after Create-Job and before Send-Document.")
    row.check()
    row.saw("The empty job was canceled at the printer after the start, a second one printed the task: once.")
