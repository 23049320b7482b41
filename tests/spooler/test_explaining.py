"""What the spooler tells of one task to whoever asks why it is where it is; on both databases."""

from dataclasses import replace

import pytest

from libs.contracts.devices import PrinterState
from libs.contracts.directory import PresenceEntry
from libs.contracts.explaining import ExplainTask
from libs.contracts.ledger import Mismatch
from libs.contracts.message import decode, encode
from libs.contracts.queries import PauseDevice, ResumeDevice
from libs.contracts.reports import TaskTaken, TaskUnknown
from libs.contracts.states import Stage
from libs.runtime.bus import Refused
from services.spooler.explaining import Explaining
from services.spooler.ledger.book import Book
from tests.spooler.deciding import Nearby, deciding, printer
from tests.spooler.making import AGENT, PRINTER, converted, report, request, submission

LINE = {"region": "local", "tenant": "main", "agent": AGENT, "printer": PRINTER}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_task_is_told_with_what_stands_around_it_on_its_way(tmp_path, database_url):
    async with deciding(tmp_path, database_url) as made:
        book = Book()
        explaining = Explaining(made.database, Nearby(), made.desk, book)

        async def explained(task):
            found = await explaining.explain_task(ExplainTask(region="local", task=task))
            return decode(type(found), encode(found))

        low, high, behind = request(1), request(2, priority=90, traceparent=TRACE), request(3)
        await made.ask(PauseDevice(**LINE))
        await made.submit(submission(low, high, behind))
        found = await explained(behind.id)
        assert (found.task.id, found.step, found.lined, found.before) == (behind.id, "convert", True, 2)
        assert (found.paused, found.printer_state, found.agent_online) == (True, "idle", False)
        await made.report(*(converted(each.id) for each in (low, high, behind)))
        made.mirror.put(PresenceEntry(agent=AGENT, online=True))
        assert [(await explained(each.id)).before for each in (high, low, behind)] == [0, 1, 2]
        found = await explained(high.id)
        assert (found.task.stage, found.step, found.agent_online) == (Stage.FETCHABLE, "", True)
        assert found.trace == TRACE.split("-")[1]

        await made.ask(ResumeDevice(**LINE))
        found = await explained(high.id)
        assert (found.step, found.lined, found.taken, found.paused) == ("print", False, False, False)
        assert found.ordered_at > 0
        await made.report(report(TaskTaken, task=high.id))
        assert (await explained(high.id)).taken
        known = printer()
        made.mirror.put(replace(known, device=replace(known.device, state=PrinterState.STOPPED, reasons=("media-empty",))))
        await made.report(report(TaskUnknown, task=high.id, message="The power was cut."))
        found = await explained(high.id)
        assert (found.task.stage, found.unknown) == (Stage.UNKNOWN, "ask")
        assert (found.printer_state, found.printer_reasons) == ("stopped", ("media-empty",))

        book.enter(Mismatch.OVERDUE, [low.id], "Nothing has happened to it for 31 minutes.")
        assert (await explained(low.id)).mismatch == "Nothing has happened to it for 31 minutes."
        assert (await explained(behind.id)).mismatch == ""


async def test_of_a_task_that_is_not_there_it_is_said_whether_it_was_accepted(tmp_path):
    async with deciding(tmp_path) as made:
        book = Book()
        explaining = Explaining(made.database, Nearby(), made.desk, book)
        with pytest.raises(Refused, match="There is no task AGENT001-9: it never was"):
            await explaining.explain_task(ExplainTask(region="local", task="AGENT001-9"))
        book.enter(Mismatch.LOST, ["AGENT001-9"], "The door publishes it again.")
        with pytest.raises(Refused, match="AGENT001-9 was accepted, and is not there"):
            await explaining.explain_task(ExplainTask(region="local", task="AGENT001-9"))
