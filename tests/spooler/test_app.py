"""A spooler at work: on a real bus, on SQLite and on PostgreSQL, with the test as door, converter and agent."""

from itertools import pairwise

import pytest

from libs.contracts.queries import CancelTask, ListTasks, Outcome, ResolveTask
from libs.contracts.reports import TaskPrinted, TaskPrinting, TaskSent, TaskTaken, TaskUnknown, TaskWithdrawn
from libs.contracts.states import Status
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Outgoing, Refused
from tests.spooler.making import AGENT, request
from tests.spooler.working import stage
from tests.waiting import until

OWN = {"region": "local", "tenant": "main", "sn": AGENT}


async def test_a_task_goes_from_intake_to_its_end_and_everybody_is_told_in_order(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        one = request(1)
        await world.submit(one)
        order = (await world.convert_orders(1))[0]
        assert (order.task, order.attempt, order.document) == (one.id, 1, one.document)
        await world.convert(one)
        printing = (await world.agent_orders(1))[0]
        assert (printing.task, printing.attempt, printing.printer) == (one.id, 1, one.printer.id)
        for kind in (TaskTaken, TaskPrinting, TaskSent, TaskPrinted):
            await world.tell(kind, one.id)
        events = await world.events_to_the_end()
        assert events[0].kind == "NewTask"
        assert events[-1].kind == "EndTask"
        chain = [(event.old_status, event.new_status) for event in events[1:-1]]
        assert chain[0][0] is Status.SUBMITTED
        assert chain[-1][1] is Status.FINISHED
        assert all(before[1] is after[0] for before, after in pairwise(chain))
        shown = await world.shown(one.id)
        assert (shown.status, shown.attempt, shown.message) == (Status.FINISHED, 1, "")


async def test_who_submits_and_asks_sees_the_task(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        requests = [request(number) for number in range(1, 31)]
        for each in requests:
            await world.submit(each)
            listed = await world.admin.ask(ListTasks(**OWN, limit=1), timeout=5)
            assert listed.tasks[0].id == each.id
        listed = await world.admin.ask(ListTasks(**OWN, start=1_005, end=1_010, statuses=(Status.SUBMITTED,)), timeout=5)
        assert [task.created_at for task in listed.tasks] == [1_010, 1_009, 1_008, 1_007, 1_006, 1_005]
        other = await world.admin.ask(ListTasks(region="local", tenant="main", sn="SOMEBODY"), timeout=5)
        assert other.tasks == ()


async def test_a_printers_orders_are_sent_in_line_order_whatever_the_order_of_conversion(tmp_path):
    async with stage(tmp_path) as world, world.spooler() as spooler:
        await world.ready(spooler)
        first, second, third = (request(number) for number in (1, 2, 3))
        await world.submit(first, second, third)
        await world.convert_orders(3)
        await world.convert(third, second)
        await until(lambda: _says(world, second.id, "It waits in the line of Paper."))
        await world.convert(first)
        assert [order.task for order in await world.agent_orders(3)] == [first.id, second.id, third.id]


async def test_at_most_print_ahead_orders_of_a_printer_are_out_at_once(tmp_path):
    async with stage(tmp_path, print_ahead=2) as world, world.spooler() as spooler:
        await world.ready(spooler)
        requests = [request(number) for number in range(1, 5)]
        await world.submit(*requests)
        await world.convert(*requests)
        assert len(await world.agent_orders(2)) == 2
        await world.tell(TaskPrinted, requests[0].id)
        assert [order.task for order in await world.agent_orders(3)] == [each.id for each in requests[:3]]


async def test_the_same_submission_twice_makes_one_task(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        one = request(1)
        await world.submit(one)
        await world.convert_orders(1)
        again = (await world.admin.js.get_msg(INTAKE, 1)).data
        await world.admin.publish_raw(Outgoing(f"intake.local.main.{AGENT}", again, "another id"), stream=INTAKE)
        await world.submit(request(2))
        assert [order.task for order in await world.convert_orders(2)] == [one.id, request(2).id]


async def test_canceling_is_honest(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        early, late = request(1), request(2)
        await world.submit(early, late)
        answer = await world.admin.ask(CancelTask(**OWN, task=early.id), timeout=5)
        assert answer.task.status is Status.CANCELED
        await world.convert(late)
        await world.agent_orders(1)
        answer = await world.admin.ask(CancelTask(**OWN, task=late.id), timeout=5)
        assert (answer.task.status, answer.task.canceling) == (Status.QUEUED, True)
        assert AGENT in answer.task.message
        withdrawal = (await world.agent_orders(2))[-1]
        assert (withdrawal.kind, withdrawal.task, withdrawal.attempt) == ("WithdrawTask", late.id, 1)
        await world.tell(TaskWithdrawn, late.id)
        await until(lambda: _is(world, late.id, Status.CANCELED))
        with pytest.raises(Refused, match="There is no task"):
            await world.admin.ask(CancelTask(region="local", tenant="main", sn="SOMEBODY", task=late.id), timeout=5)


async def _says(world, task, message) -> bool:
    return (await world.shown(task)).message == message


async def _is(world, task, status) -> bool:
    return (await world.shown(task)).status is status


async def test_an_unknown_outcome_waits_for_a_persons_word(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        one = request(1)
        await world.submit(one)
        await world.convert(one)
        await world.agent_orders(1)
        with pytest.raises(Refused, match="no unknown outcome"):
            await world.admin.ask(ResolveTask(**OWN, task=one.id, outcome=Outcome.REPRINT), timeout=5)
        await world.tell(TaskUnknown, one.id, message="The power was cut.")
        await until(lambda: _is(world, one.id, Status.PARTIAL_PRINTED))
        await world.admin.ask(ResolveTask(**OWN, task=one.id, outcome=Outcome.REPRINT), timeout=5)
        orders = await world.agent_orders(2)
        assert [order.attempt for order in orders] == [1, 2]
        await world.tell(TaskPrinted, one.id, attempt=1)
        await world.tell(TaskPrinted, one.id, attempt=2)
        await until(lambda: _is(world, one.id, Status.FINISHED))


async def test_a_second_journal_is_refused_while_the_first_lives_and_offered_again_what_was_not_taken(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        begin = (await world.admit("first")).sequence  # before any order
        await world.beat("first")
        one, two = request(1), request(2)
        await world.submit(one, two)
        await world.convert(one, two)
        await world.agent_orders(2)
        await world.tell(TaskTaken, one.id)
        await until(lambda: _taken(world, one.id))
        with pytest.raises(Refused, match="Another process prints for the agent"):
            await world.admit("second")
        assert (await world.admit("first")).sequence == begin
        await world.beat("first", leaving=True)
        assert (await world.admit("second")).sequence == begin + 2
        orders = await world.agent_orders(3)
        assert (orders[-1].task, orders[-1].attempt) == (two.id, 2)
        assert (await world.shown(one.id)).status is Status.PARTIAL_PRINTED


async def _taken(world, task) -> bool:
    return "tasks before it" in (await world.shown(task)).message


async def test_another_spooler_takes_over_and_nothing_is_lost_or_said_twice(tmp_path, postgres_url):
    async with stage(tmp_path, postgres_url) as world:
        async with world.spooler() as first:
            await world.ready(first)
            await world.submit(request(1))
            await world.convert_orders(1)
            async with world.spooler() as second:
                await world.ready(second)
                await first.stop()
                await world.submit(request(2))
                orders = await world.convert_orders(2)
        assert [order.task for order in orders] == [request(1).id, request(2).id]
        assert [event.kind for event in await world.events(2)] == ["NewTask", "NewTask"]


async def test_a_message_that_cannot_be_applied_becomes_a_dead_letter_and_holds_nobody(tmp_path, database_url):
    async with stage(tmp_path, database_url) as world, world.spooler() as spooler:
        await world.ready(spooler)
        await world.admin.publish_raw(Outgoing(f"intake.local.main.{AGENT}", b'{"kind":"nonsense"}', "x"), stream=INTAKE)
        await world.submit(request(1))
        assert (await world.convert_orders(1))[0].task == request(1).id
        letter = await world.admin.js.get_msg("DEAD", 1)
        assert b'"stream":"INTAKE"' in letter.data
        assert b"nonsense" not in letter.data


async def test_a_line_is_looked_along_as_far_as_conversions_were_stepped_over(tmp_path):
    async with stage(tmp_path, head_wait=0.0, print_ahead=1) as world, world.spooler() as spooler:
        await world.ready(spooler)
        slow, ready = [request(number) for number in range(1, 30)], [request(30), request(31)]
        await world.submit(*slow, *ready)
        await world.convert(*ready)
        assert [order.task for order in await world.agent_orders(1)] == [ready[0].id]
        await world.tell(TaskPrinted, ready[0].id)
        assert [order.task for order in await world.agent_orders(2)] == [ready[0].id, ready[1].id]
