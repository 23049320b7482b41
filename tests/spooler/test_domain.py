"""The life cycle: every row of the table, and what no row may do."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.devices import PartialPolicy, UnknownPolicy
from libs.contracts.documents import Inline, Printable
from libs.contracts.jobs import Service
from libs.contracts.queries import Outcome
from libs.contracts.reports import (
    DocumentConverted,
    DocumentRejected,
    TaskExpired,
    TaskFailed,
    TaskPrinted,
    TaskPrinting,
    TaskSent,
    TaskStopped,
    TaskTaken,
    TaskTooLate,
    TaskUnknown,
    TaskWithdrawn,
)
from libs.contracts.states import TERMINAL, Reason, Stage, Status
from libs.contracts.tasks import PrinterRef
from libs.contracts.tickets import Ticket
from services.spooler.domain import AT_AGENT, LIFECYCLE, advance
from services.spooler.rules.line import VALID_FOR
from services.spooler.rules.printing import RETRIES
from services.spooler.task import (
    Abort,
    Accepted,
    Amended,
    Ask,
    Begin,
    Cancel,
    Dispatched,
    Due,
    GivenUp,
    Holding,
    Interrupted,
    JournalReplaced,
    Recall,
    Redirect,
    Release,
    Reminded,
    Resolve,
    Restored,
    Served,
    Step,
    Task,
    Unhooked,
)
from services.spooler.views import status_of
from tests.spooler.making import at_agent, converted, report, task

NOW = 1_000_000
REAL = PrinterRef(agent="AGENT002", id="printer00002", name="Real", shard=3)
HOLDING = Holding(NOW + 60_000, "It waits for Watermarks to do its work.")
#: The arrows of webprinter.md 3.1, and the two that design.md adds below its table of states.
ARROWS = {
    Status.SUBMITTED: {Status.QUEUED, Status.ERROR, Status.CANCELED},
    Status.QUEUED: {Status.PRINTING, Status.CANCELED, Status.ERROR},
    Status.PRINTING: {Status.PRINTED, Status.QUEUED, Status.PARTIAL_PRINTED, Status.ERROR, Status.CANCELED},
    Status.PARTIAL_PRINTED: {Status.PRINTING, Status.CANCELED, Status.ERROR, Status.FINISHED},
    Status.PRINTED: {Status.FINISHED, Status.ERROR, Status.PARTIAL_PRINTED},
}


CONVERTING = {"step": Step.CONVERT, "conversions": 1}


def reachable(start: Status) -> set[Status]:
    found, frontier = {start}, [start]
    while frontier:
        for following in ARROWS.get(frontier.pop(), set()) - found:
            found.add(following)
            frontier.append(following)
    return found


def sample_events() -> list[object]:
    document = Printable(content=Inline(b"x"), pages=3)
    return [
        Accepted(), Accepted(raw=True), Dispatched(NOW), Cancel(), Due(NOW), GivenUp("it was given up"), JournalReplaced(),
        Recall(), Release(REAL),
        *(Resolve(outcome) for outcome in Outcome), Resolve(Outcome.REPRINT, ready=False, room=1000), Restored(NOW),
        converted("AGENT001-000000000001"),
        DocumentConverted(region="local", task="AGENT001-000000000001", attempt=1, document=document, ticket=Ticket()),
        DocumentRejected(region="local", task="AGENT001-000000000001", attempt=1, reason="document-format-error", message="no"),
        report(TaskTaken), report(TaskPrinting), report(TaskSent), report(TaskPrinted), report(TaskWithdrawn), report(TaskTooLate),
        report(TaskStopped, reason="media-empty", message="no paper"),
        report(TaskStopped, reason="media-jam", message="jam", pages_done=2, resumes=False),
        report(TaskFailed, reason="document-format-error", message="no"),
        report(TaskFailed, reason="printer-stopped", message="busy", transient=True),
        report(TaskFailed, reason="job-canceled-at-device", message="canceled", canceled=True),
        *(Interrupted(report(TaskFailed, reason="aborted-by-system", message="jam", pages_sure=1), each) for each in PartialPolicy),
        report(TaskUnknown, message="who knows"), report(TaskExpired), report(TaskExpired, stale=True),
        Begin(7, 1 << 40), Begin(7, 1 << 40, served="app-1"), Accepted(hook=HOLDING), Accepted(ready=True), Amended(), Abort("no"),
        Unhooked(), Unhooked(raw=True), Unhooked(hook=HOLDING), Unhooked(ready=True), Redirect(REAL), Redirect(REAL, hold=True),
        Reminded(1 << 40), Redirect(REAL, served="app-1"), Release(REAL, hook=HOLDING), Release(REAL, served="app-1"),
        *(Served(state) for state in Service),
    ]  # fmt: skip


def test_the_way_of_a_task_that_goes_well():
    steps = [
        (Accepted(), Stage.TRANSFORMING),
        (converted("AGENT001-000000000001", pages=2), Stage.FETCHABLE),
        (Dispatched(NOW), Stage.FETCHABLE),
        (report(TaskTaken), Stage.FETCHABLE),
        (report(TaskPrinting), Stage.OUTGOING),
        (report(TaskSent), Stage.PRINTING),
        (report(TaskPrinted, pages_done=2), Stage.COMPLETED),
    ]
    current = task()
    for happened, stage in steps:
        moved, _ = advance(current, happened, NOW)
        assert (moved.stage, moved.version) == (stage, current.version + 1)
        current = moved
    assert (current.pages, current.pages_done, current.ended_at, current.step) == (2, 2, NOW, Step.NONE)


@pytest.mark.parametrize("stage", sorted(TERMINAL))
def test_no_way_leads_out_of_an_end(stage):
    assert not [event for at, event in LIFECYCLE if at is stage]
    for happened in sample_events():
        assert advance(at_agent(stage), happened, NOW) == (at_agent(stage), ())


@pytest.mark.parametrize(
    ("stage", "happened"), list(product(Stage, sample_events())), ids=lambda value: getattr(value, "name", type(value).__name__)
)
def test_every_move_follows_arrows_that_clients_know(stage, happened):
    early = {Stage.AWAITING_DATA: {"idx": -1}, Stage.HOOKED: {}, **dict.fromkeys((Stage.INCOMING, Stage.TRANSFORMING), CONVERTING)}
    waiting, served = {Stage.RELEASE_WAIT: {"hold": True}}, {"step": Step.NONE, "served": "app-1"}
    befores = [task(stage=stage, **early[stage])] if stage in early else [at_agent(stage, **waiting.get(stage, {}))]
    for before in (*befores, *(replace(each, **served) for each in befores)):
        after, _ = advance(before, happened, NOW)
        if after is not before and status_of(before) and status_of(after) is not status_of(before):
            assert status_of(after) in reachable(status_of(before))


@pytest.mark.parametrize("kind", [TaskTaken, TaskPrinting, TaskSent, TaskPrinted, TaskWithdrawn, TaskTooLate, TaskExpired])
def test_a_report_of_another_attempt_or_agent_changes_nothing(kind):
    printing = at_agent(Stage.OUTGOING, attempt=2)
    assert advance(printing, report(kind, attempt=1), NOW)[0] is printing
    assert advance(printing, report(kind, attempt=3), NOW)[0] is printing
    assert advance(printing, report(kind, attempt=2, agent="SOMEBODY"), NOW)[0] is printing


def test_a_conversion_of_a_closed_attempt_changes_nothing():
    retried = task(stage=Stage.TRANSFORMING, step=Step.CONVERT, conversions=2)
    assert advance(retried, converted(retried.id, attempt=1), NOW)[0] is retried


def test_a_task_is_canceled_at_once_as_long_as_its_order_has_not_left():
    waiting = task(stage=Stage.FETCHABLE)
    assert advance(waiting, Cancel(), NOW)[0].stage is Stage.CANCELED


def test_a_cancel_after_the_order_left_waits_for_the_agent():
    sent = at_agent(Stage.FETCHABLE, taken=False)
    canceling, asks = advance(sent, Cancel(), NOW)
    assert (canceling.stage, canceling.canceling, asks) == (Stage.FETCHABLE, True, (Ask.WITHDRAW,))
    assert advance(canceling, Cancel(), NOW) == (canceling, ())
    assert advance(canceling, report(TaskWithdrawn), NOW)[0].stage is Stage.CANCELED
    late, _ = advance(canceling, report(TaskTooLate), NOW)
    assert (late.stage, late.canceling) == (Stage.FETCHABLE, False)
    assert advance(late, report(TaskPrinted), NOW)[0].stage is Stage.COMPLETED


def test_an_order_that_nobody_took_is_withdrawn_and_offered_again():
    sent, _ = advance(task(stage=Stage.FETCHABLE), Dispatched(NOW), NOW)
    assert sent.due_at == NOW + VALID_FOR
    withdrawing, asks = advance(sent, Due(NOW + VALID_FOR), NOW + VALID_FOR)
    assert (withdrawing.canceling, asks) == (False, (Ask.WITHDRAW,))
    again, _ = advance(withdrawing, report(TaskWithdrawn), NOW + VALID_FOR)
    assert (again.stage, again.step, again.lined, again.place) == (Stage.FETCHABLE, Step.NONE, True, 0)


def test_a_transient_failure_comes_again_at_the_head_of_the_line_after_a_growing_pause():
    current = at_agent(Stage.OUTGOING)
    for number, pause in enumerate(RETRIES, 1):
        failed, _ = advance(
            current, report(TaskFailed, reason="printer-stopped", message="busy", transient=True, attempt=current.attempt), NOW
        )
        assert (failed.stage, failed.lined, failed.retry_at, failed.due_at) == (
            Stage.FETCHABLE,
            False,
            NOW + pause * 1000,
            NOW + pause * 1000,
        )
        ready, _ = advance(failed, Due(failed.retry_at), failed.retry_at)
        assert (ready.lined, ready.place, ready.due_at) == (True, 0, 0)
        current, _ = advance(ready, Dispatched(NOW), NOW)
        assert current.attempt == number + 1
    ended, _ = advance(
        current, report(TaskFailed, reason="printer-stopped", message="busy", transient=True, attempt=current.attempt), NOW
    )
    assert (ended.stage, ended.reason) == (Stage.ABORTED, "printer-stopped")


def test_a_failure_after_pages_came_out_is_never_repeated_blindly():
    failed, _ = advance(
        at_agent(Stage.PRINTING), report(TaskFailed, reason="aborted-by-system", message="jam", transient=True, pages_done=3), NOW
    )
    assert (failed.stage, failed.pages_done) == (Stage.ABORTED, 3)


@pytest.mark.parametrize(
    ("policy", "stage"),
    [(UnknownPolicy.ASK, Stage.UNKNOWN), (UnknownPolicy.REPRINT, Stage.FETCHABLE), (UnknownPolicy.GIVE_UP, Stage.ABORTED)],
)
def test_an_unknown_outcome_follows_the_printers_policy(policy, stage):
    moved, _ = advance(at_agent(Stage.OUTGOING, unknown=policy), report(TaskUnknown, message="power cut"), NOW)
    assert moved.stage is stage
    assert (moved.step is Step.NONE) == (stage is not Stage.UNKNOWN)


@pytest.mark.parametrize(
    ("outcome", "stage"), [(Outcome.PRINTED, Stage.COMPLETED), (Outcome.REPRINT, Stage.FETCHABLE), (Outcome.GIVE_UP, Stage.ABORTED)]
)
def test_a_person_resolves_an_unknown_outcome(outcome, stage):
    assert advance(at_agent(Stage.UNKNOWN), Resolve(outcome), NOW)[0].stage is stage
    assert advance(at_agent(Stage.OUTGOING), Resolve(outcome), NOW)[0].stage is Stage.OUTGOING


def test_an_agent_that_finds_out_later_ends_an_unknown_task():
    assert advance(at_agent(Stage.UNKNOWN), report(TaskPrinted), NOW)[0].stage is Stage.COMPLETED


def test_paper_out_and_its_end_show_and_the_task_goes_on_by_itself():
    stopped, _ = advance(at_agent(Stage.PRINTING, sent=True), report(TaskStopped, reason="media-empty", message="no paper"), NOW)
    assert (stopped.stage, stopped.reason, stopped.message) == (Stage.STOPPED, "media-empty", "no paper")
    assert advance(stopped, report(TaskPrinting), NOW)[0].stage is Stage.PRINTING
    sending, _ = advance(at_agent(Stage.OUTGOING), report(TaskStopped, reason="media-empty", message="no paper"), NOW)
    assert advance(sending, report(TaskPrinting), NOW)[0].stage is Stage.OUTGOING


def test_a_lost_journal_offers_again_what_was_not_taken_and_asks_about_the_rest():
    assert advance(at_agent(Stage.FETCHABLE, taken=False), JournalReplaced(), NOW)[0].lined
    assert advance(at_agent(Stage.OUTGOING), JournalReplaced(), NOW)[0].stage is Stage.UNKNOWN


def test_a_task_expires_while_it_waits_and_never_at_the_printer():
    waiting, _ = advance(task(expires_at=NOW), Accepted(), NOW - 5)
    assert waiting.due_at == NOW
    assert advance(waiting, Due(NOW), NOW)[0].reason == Reason.EXPIRED
    assert at_agent(Stage.OUTGOING, expires_at=NOW).due_at == 0


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(sample_events()), max_size=25),
    st.sampled_from(
        [
            {},
            {"hold": True, "lined": False},
            {"start_at": NOW + 5, "lined": False},
            {"stage": Stage.AWAITING_DATA, "idx": -1, "lined": False},
            {"stage": Stage.HOOKED, "lined": False, "valid_until": NOW + 9},
            {"served": "app-1", "lined": False},
            {"expires_at": NOW + 3},
            {"expires_at": NOW + 9, "start_at": NOW + 5, "lined": False},
        ]
    ),
)
def test_whatever_happens_versions_grow_by_one_and_an_end_is_the_end(history, start):
    current: Task = task(**start)
    for happened in history:
        moved, _ = advance(current, happened, NOW)
        assert moved is current or moved.version == current.version + 1
        assert current.stage not in TERMINAL or moved is current
        assert not (moved.lined and moved.step is Step.PRINT)
        assert not (moved.lined and (moved.served or moved.stage in (Stage.AWAITING_DATA, Stage.HOOKED, Stage.HELD)))
        assert moved.step is Step.NONE or moved.stage is not Stage.HOOKED
        assert moved.fetchable_at >= current.fetchable_at
        assert moved.fetchable_at or moved.stage not in AT_AGENT or any(isinstance(each, Restored) for each in history)
        assert (moved.ended_at > 0) == (moved.stage in TERMINAL)
        if (then := moved.due_at) and moved.stage is not Stage.HOOKED:  # of a hooked one the hook is looked at
            assert advance(moved, Due(then), then)[0].due_at != then, "its timer would ring without an end"
        current = moved


def test_a_conversion_that_is_given_up_late_does_not_end_a_task_that_is_at_its_printer():
    printing = at_agent(Stage.OUTGOING, conversions=1)
    assert advance(printing, GivenUp("it was given up", (Step.CONVERT, 1)), NOW)[0] is printing
    assert advance(printing, GivenUp("it was given up", (Step.PRINT, 1)), NOW)[0].stage is Stage.ABORTED


def test_what_a_device_says_is_kept_within_what_every_database_takes():
    stopped, _ = advance(at_agent(Stage.OUTGOING), report(TaskStopped, reason="x" * 200, message="a\x00b\n" + "y" * 5000), NOW)
    assert (len(stopped.reason), len(stopped.message), stopped.message[:4]) == (64, 1000, "a b ")


@pytest.mark.parametrize("stage", [Stage.INCOMING, Stage.HOOKED, Stage.TRANSFORMING])
def test_statuses_do_not_go_back_when_partners_work_on_what_was_released(stage):
    assert status_of(task(stage=stage, told="QUEUED")) is Status.QUEUED
    assert status_of(task(stage=stage)) is Status.SUBMITTED
    assert status_of(task(stage=stage, idx=-1)) is None
