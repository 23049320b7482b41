"""A spooler at work with tasks that wait: for a time, for a release, for a printer that is paused."""

import time

import pytest

from libs.contracts.documents import Engine, Format, Inline
from libs.contracts.queries import (
    CancelTask,
    GetMaterial,
    GetTask,
    ListLines,
    ListTasks,
    PauseDevice,
    ReleaseTask,
    ResumeDevice,
)
from libs.contracts.reports import TaskPrinted, TaskPrinting, TaskTaken, TaskTooLate, TaskWithdrawn
from libs.contracts.states import Stage, Status
from libs.contracts.tasks import PrinterRef
from libs.contracts.tickets import Ticket
from libs.runtime.bus import Refused
from tests.spooler.making import AGENT, PRINTER, converted, request
from tests.spooler.working import stage
from tests.waiting import until

OWN = {"region": "local", "tenant": "main", "sn": AGENT}
LINE = {"region": "local", "tenant": "main", "agent": AGENT, "printer": PRINTER}
VIRTUAL = PrinterRef(agent=AGENT, id="virtual00001", name="Collect")
REAL = PrinterRef(agent=AGENT, id=PRINTER, name="Paper")


def now() -> int:
    return int(time.time() * 1000)


async def _stage_is(world, task, wanted) -> bool:
    return (await world.shown(task)).stage is wanted


async def _line(world):
    return (await world.admin.ask(ListLines(region="local", tenant="main", printers=((AGENT, PRINTER),)), timeout=5)).lines[0]


async def test_a_scheduled_task_waits_for_its_time_and_holds_nobody(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        later, behind = request(1, start_at=now() + 2_500, priority=90), request(2)
        await world.submit(later, behind)
        await world.convert(later, behind)
        assert [order.task for order in await world.agent_orders(1)] == [behind.id]
        shown = await world.shown(later.id)
        assert (shown.stage, shown.status, shown.start_at) == (Stage.HELD, Status.QUEUED, later.start_at)
        assert [order.task for order in await world.agent_orders(2)] == [behind.id, later.id]
        assert now() >= later.start_at


async def test_a_held_task_is_rendered_released_finished_and_printed(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world:
        async with world.spooler() as spooler:
            await world.ready(spooler)
            one = request(1, printer=VIRTUAL, hold=True, created_at=now())
            await world.submit(one, request(2))
            orders = await world.convert_orders(2)
            assert (orders[0].finish, orders[0].name, orders[0].client, orders[1].finish) == (False, "task 1", AGENT, True)
            await world.convert(one)
            await until(lambda: _stage_is(world, one.id, Stage.RELEASE_WAIT))
            listed = await world.admin.ask(ListTasks(**OWN, stages=(Stage.RELEASE_WAIT,)), timeout=5)
            assert [task.id for task in listed.tasks] == [one.id]
            assert listed.tasks[0].expires_at > one.created_at
            held = await world.admin.ask(GetMaterial(**OWN, task=one.id), timeout=5)
            assert (held.request.printer, held.printable) == (VIRTUAL, None)
        async with world.spooler() as spooler:
            await world.ready(spooler)
            ticket = Ticket(copies=2)
            release = ReleaseTask(**OWN, task=one.id, printer=REAL, ticket=ticket)
            answer = await world.admin.ask(release, timeout=5)
            assert (answer.task.stage, answer.task.device, answer.task.expires_at) == (Stage.FINISHING, "Paper", 0)
            with pytest.raises(Refused, match="not held for release"):
                await world.admin.ask(release, timeout=5)
            finish = (await world.convert_orders(3))[2]
            assert (finish.engine, finish.finish, finish.attempt, finish.ticket) == (Engine.PDF, True, 2, ticket)
            assert (finish.document.format, finish.document.content) == (Format.PDF, Inline(b"%PDF"))
            await world.admin.publish(converted(one.id, attempt=2), stream="REPORTS")
            order = (await world.agent_orders(1))[0]
            assert (order.task, order.printer) == (one.id, PRINTER)
            await world.tell(TaskPrinted, one.id)
            await until(lambda: _stage_is(world, one.id, Stage.COMPLETED))
            done = await world.admin.ask(GetMaterial(**OWN, task=one.id), timeout=5)
            assert (done.request.printer, done.request.ticket, done.request.hold) == (REAL, ticket, False)
            assert done.printable is not None


async def test_a_held_task_that_nobody_collects_expires(tmp_path, database_url):
    async with stage(tmp_path, database_url, hold_limit=1.0) as world, world.spooler() as spooler:
        await world.ready(spooler)
        one = request(1, printer=VIRTUAL, hold=True, created_at=now())
        await world.submit(one)
        await world.convert(one)
        await until(lambda: _stage_is(world, one.id, Stage.CANCELED))
        assert (await world.shown(one.id)).reason == "expired"


async def test_a_paused_printer_is_sent_nothing_and_gives_back_what_it_has_not_begun_in_order(tmp_path, database_url):
    async with stage(tmp_path, database_url, print_ahead=3) as world:
        async with world.spooler() as spooler:
            await world.ready(spooler)
            requests = [request(number) for number in range(1, 6)]
            ids = [each.id for each in requests]
            await world.submit(*requests)
            await world.convert(*requests)
            await world.agent_orders(3)
            await world.tell(TaskTaken, ids[0])
            await world.tell(TaskPrinting, ids[0])
            await until(lambda: _stage_is(world, ids[0], Stage.OUTGOING))
            answer = await world.admin.ask(PauseDevice(**LINE), timeout=5)
            assert answer.lines[0].paused
            assert (answer.lines[0].waiting, answer.lines[0].sent) == (2, 3)
            recalls = (await world.agent_orders(5))[3:]
            assert [(order.kind, order.task) for order in recalls] == [("WithdrawTask", ids[1]), ("WithdrawTask", ids[2])]
            assert (await world.shown(ids[4])).message == "Paper is paused."
            again = await world.admin.ask(PauseDevice(**LINE), timeout=5)
            assert again.lines == answer.lines
        async with world.spooler() as spooler:
            await world.ready(spooler)
            assert (await _line(world)).paused
            assert (await world.shown(ids[3])).message == "Paper is paused."
            await world.admin.ask(ResumeDevice(**LINE), timeout=5)
            await world.tell(TaskTooLate, ids[1])
            assert (await _line(world)).waiting == 2  # nobody overtakes what is still wanted back
            await world.tell(TaskWithdrawn, ids[2])
            orders = (await world.agent_orders(6))[5:]
            assert [(order.task, order.attempt) for order in orders] == [(ids[2], 2)]
            await world.tell(TaskPrinted, ids[0])
            await world.tell(TaskPrinted, ids[1])
            orders = (await world.agent_orders(8))[6:]
            assert [order.task for order in orders] == [ids[3], ids[4]]


async def test_whose_printer_it_is_may_see_cancel_and_resolve_what_others_print_on_it(tmp_path):
    async with stage(tmp_path) as world, world.spooler() as spooler:
        await world.ready(spooler)
        elsewhere = PrinterRef(agent="OWNER001", id="printer00009", name="Theirs")
        one = request(1, printer=elsewhere)
        await world.submit(one)
        owner = {**OWN, "sn": "OWNER001"}
        assert (await world.admin.ask(GetTask(**owner, task=one.id), timeout=5)).task.id == one.id
        with pytest.raises(Refused, match="There is no task"):
            await world.admin.ask(GetMaterial(**owner, task=one.id), timeout=5)
        for stranger in ({**OWN, "sn": "STRANGER"}, {**owner, "tenant": "other"}):
            with pytest.raises(Refused, match="There is no task"):
                await world.admin.ask(CancelTask(**stranger, task=one.id), timeout=5)
        assert (await world.admin.ask(CancelTask(**owner, task=one.id), timeout=5)).task.status is Status.CANCELED
