"""Rows of the life cycle about waiting: for a time, for a release, for a paused printer."""

import pytest

from libs.contracts.devices import UnknownPolicy
from libs.contracts.reports import TaskPrinting, TaskTaken, TaskTooLate, TaskUnknown, TaskWithdrawn
from libs.contracts.states import STATUS, Reason, Stage, State, Status
from libs.contracts.tasks import PrinterRef
from services.spooler.domain import advance
from services.spooler.sentences import sentence
from services.spooler.task import Accepted, Ask, Cancel, Dispatched, Due, Recall, Release, Step
from services.spooler.views import view
from tests.spooler.making import at_agent, converted, report, task

NOW = 1_000_000
LATER = NOW + 60_000
ID = "AGENT001-000000000001"
REAL = PrinterRef(agent="AGENT002", id="printer00002", name="Real", shard=3)


def scheduled(**changes):
    return task(start_at=LATER, lined=False, **changes)


def held(**changes):
    return task(hold=True, lined=False, **changes)


def after(start, *history, now=NOW):
    current, asks = start, ()
    for happened in history:
        current, asks = advance(current, happened, now)
    return current, asks


def test_a_scheduled_task_is_converted_at_once_and_then_waits_for_its_time():
    waiting, asks = after(scheduled(), Accepted(), converted(ID))
    assert (waiting.stage, waiting.due_at, waiting.lined, asks) == (Stage.HELD, LATER, False, ())
    shown = view(waiting)
    assert (shown.state, shown.reason, shown.status) == (State.PENDING_HELD, Reason.JOB_HOLD_UNTIL_SPECIFIED, Status.QUEUED)
    assert (shown.start_at, shown.message) == (LATER, "It waits for its time, 1970-01-01 00:17:40 UTC.")
    early, _ = advance(waiting, Due(NOW), NOW)
    assert early is waiting
    ready, _ = advance(waiting, Due(LATER), LATER)
    assert (ready.stage, ready.lined, ready.place, ready.due_at) == (Stage.FETCHABLE, True, 1, 0)


def test_a_task_whose_time_came_while_it_was_converted_joins_the_line_at_once():
    ready, _ = after(scheduled(), Accepted(), converted(ID), now=LATER)
    assert (ready.stage, ready.lined, ready.version) == (Stage.FETCHABLE, True, 2)


@pytest.mark.parametrize("history", [(Accepted(),), (Accepted(), converted(ID))])
def test_a_task_that_waits_for_its_time_expires_and_is_canceled_like_any_other(history):
    waiting, _ = after(scheduled(expires_at=NOW + 5), *history)
    assert waiting.due_at == NOW + 5
    assert advance(waiting, Due(NOW + 5), NOW + 5)[0].reason == Reason.EXPIRED
    assert advance(waiting, Cancel(), NOW)[0].stage is Stage.CANCELED


def test_a_held_task_is_rendered_only_and_waits_for_its_release():
    rendering, asks = after(held(), Accepted())
    assert (rendering.stage, rendering.rendering, rendering.step, asks) == (Stage.TRANSFORMING, True, Step.CONVERT, (Ask.CONVERT,))
    waiting, asks = advance(rendering, converted(ID, pages=3), NOW)
    assert (waiting.stage, waiting.hold, waiting.pages, asks) == (Stage.RELEASE_WAIT, True, 3, ())
    assert view(waiting).reason == Reason.JOB_RELEASE_WAIT
    assert sentence(waiting) == "It waits until somebody releases it to a printer."


def test_a_released_task_is_finished_for_its_printer_and_joins_that_line():
    waiting, _ = after(held(expires_at=LATER), Accepted(), converted(ID))
    released, asks = advance(waiting, Release(REAL, UnknownPolicy.REPRINT), NOW)
    assert (released.stage, released.step, released.conversions, asks) == (Stage.FINISHING, Step.CONVERT, 2, (Ask.CONVERT,))
    assert (released.agent, released.printer, released.device, released.shard) == ("AGENT002", "printer00002", "Real", 3)
    assert (released.hold, released.rendering, released.lined, released.expires_at) == (False, False, True, 0)
    assert released.unknown is UnknownPolicy.REPRINT
    assert STATUS[released.stage] is Status.QUEUED
    ready, _ = advance(released, converted(ID, attempt=2), NOW)
    assert (ready.stage, ready.step) == (Stage.FETCHABLE, Step.NONE)
    assert advance(ready, Release(REAL), NOW) == (ready, ())


def test_a_task_that_is_released_while_it_is_rendered_goes_on_by_itself():
    released, asks = after(held(), Accepted(), Release(REAL))
    assert (released.stage, released.step, released.device, asks) == (Stage.TRANSFORMING, Step.CONVERT, "Real", ())
    finishing, asks = advance(released, converted(ID), NOW)
    assert (finishing.stage, finishing.conversions, finishing.rendering, asks) == (Stage.FINISHING, 2, False, (Ask.CONVERT,))


def test_what_passes_through_untouched_needs_no_rendering_to_be_held():
    waiting, asks = after(held(), Accepted(raw=True))
    assert (waiting.stage, waiting.step, asks) == (Stage.RELEASE_WAIT, Step.NONE, ())
    released, asks = advance(waiting, Release(REAL), NOW)
    assert (released.stage, released.conversions, asks) == (Stage.FINISHING, 1, (Ask.CONVERT,))


def test_a_held_task_expires_and_is_canceled():
    waiting, _ = after(held(expires_at=LATER), Accepted(), converted(ID))
    assert waiting.due_at == LATER
    assert advance(waiting, Due(LATER), LATER)[0].reason == Reason.EXPIRED
    assert advance(waiting, Cancel(), NOW)[0].stage is Stage.CANCELED


def test_a_release_does_not_forget_the_time_that_a_task_has_to_wait_for():
    waiting, _ = after(held(start_at=LATER), Accepted(), converted(ID), Release(REAL), converted(ID, attempt=2))
    assert (waiting.stage, waiting.lined, waiting.due_at) == (Stage.HELD, False, LATER)


def test_what_was_sent_and_not_begun_is_wanted_back_when_its_line_is_paused():
    sent, _ = after(task(stage=Stage.FETCHABLE), Dispatched(NOW), report(TaskTaken))
    recalled, asks = advance(sent, Recall(), NOW)
    assert (recalled.stage, recalled.recalled, asks) == (Stage.FETCHABLE, True, (Ask.WITHDRAW,))
    assert advance(recalled, Recall(), NOW) == (recalled, ())
    assert "paused" in sentence(recalled)
    again, _ = advance(recalled, report(TaskWithdrawn), NOW)
    assert (again.stage, again.step, again.lined, again.place, again.recalled) == (Stage.FETCHABLE, Step.NONE, True, 0, False)
    assert sentence(again, paused=True) == "Paper is paused."
    assert advance(again, Recall(), NOW) == (again, ())


def test_what_has_begun_goes_on_to_its_end():
    recalled = at_agent(Stage.FETCHABLE, recalled=True)
    late, _ = advance(recalled, report(TaskTooLate), NOW)
    assert (late.stage, late.recalled, late.message, late.step) == (Stage.FETCHABLE, False, "", Step.PRINT)
    printing = at_agent(Stage.OUTGOING)
    assert advance(printing, Recall(), NOW) == (printing, ())
    begun, _ = advance(recalled, report(TaskPrinting), NOW)
    assert advance(begun, report(TaskTooLate), NOW)[0].recalled is False


def test_a_cancel_of_what_is_wanted_back_is_a_cancel():
    recalled = at_agent(Stage.FETCHABLE, recalled=True)
    canceling, asks = advance(recalled, Cancel(), NOW)
    assert asks == (Ask.WITHDRAW,)
    assert advance(canceling, report(TaskWithdrawn), NOW)[0].stage is Stage.CANCELED


def test_an_unknown_outcome_is_not_waited_for_by_a_paused_line():
    lost, _ = advance(at_agent(Stage.FETCHABLE, recalled=True), report(TaskUnknown, message="power cut"), NOW)
    assert (lost.stage, lost.recalled) == (Stage.UNKNOWN, False)
