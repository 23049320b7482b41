"""The life cycle of a task as a table: (stage, what happened) -> the next stage and what to ask for (design.md rule 6)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from libs.contracts.reports import (
    DocumentConverted,
    DocumentRejected,
    TaskExpired,
    TaskFailed,
    TaskPrinted,
    TaskPrinting,
    TaskReport,
    TaskSent,
    TaskStopped,
    TaskTaken,
    TaskTooLate,
    TaskUnknown,
    TaskWithdrawn,
)
from libs.contracts.states import IPP, TERMINAL, Stage
from services.spooler.rules import interrupting, line, partners, preparing, printing, restoring
from services.spooler.rules.step import Next
from services.spooler.sentences import told
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
    Superseded,
    Task,
    Unhooked,
    Withheld,
    altered,
)

Rule = Callable[[Task, Any], Next | None]


def advance(task: Task, happened: Any, now: int) -> tuple[Task, tuple[Ask, ...]]:
    """The task after what happened, and what to ask for. What no row names changes nothing.

    `now` is in ms since 1970. A report of another attempt or agent than the open one changes nothing (rule 5).
    """
    rule = LIFECYCLE.get((task.stage, type(happened)))
    if rule is None or not _concerns_open_order(task, happened):
        return task, ()
    step = rule(task, happened)
    if step is None:
        return task, ()
    changes = dict(step.changes)
    if step.stage is Stage.HELD and task.start_at <= now:  # its time has come meanwhile
        step = replace(step, stage=Stage.FETCHABLE)
        changes["lined"] = not task.served
    if step.stage in TERMINAL:
        changes |= {"ended_at": now, "step": Step.NONE, "lined": False, "retry_at": 0, "valid_until": 0}
        changes |= {"canceling": False, "recalled": False, "rendering": False, "hold": False}
    if "retry_after" in changes:
        changes["retry_at"] = now + changes.pop("retry_after") * 1000
    if step.stage is Stage.FETCHABLE and not task.fetchable_at:
        changes["fetchable_at"] = now
    if step.stage is not task.stage:
        changes["stage_at"] = now
    if changes.get("taken") and not task.acknowledged_at:
        changes["acknowledged_at"] = now
    moved = altered(
        task,
        version=task.version + 1,
        stage=step.stage,
        reason=told(step.reason, 64) or IPP[step.stage][1].value,
        message=told(step.message, 1000),
        **changes,
    )
    at = due(moved)
    return moved if at == moved.due_at else altered(moved, due_at=at), step.asks


def misplaced(task: Task, report: Any) -> bool:
    """Whether a report that changed nothing is one on the task's open order, in a stage that has no row for it.

    What was told before, and comes again, is not: whoever reports repeats itself after a crash.
    """
    if (task.stage, type(report)) in LIFECYCLE or not _concerns_open_order(task, report):
        return False
    said_before = (isinstance(report, TaskTaken) and task.taken) or (
        isinstance(report, TaskUnknown) and task.stage is Stage.UNKNOWN
    )
    return not said_before


def due(task: Task) -> int:
    """The next time at which something must happen to the task, 0: none."""
    times = []
    if task.stage in WAITING and task.step is not Step.PRINT and task.expires_at:
        times.append(task.expires_at)
    if task.stage is Stage.HELD and task.start_at:
        times.append(task.start_at)
    if task.retry_at and task.step is Step.NONE:
        times.append(task.retry_at)
    if task.valid_until and (task.stage is Stage.HOOKED or (task.step is Step.PRINT and not task.taken)):
        times.append(task.valid_until)
    return min(times, default=0)


def _concerns_open_order(task: Task, happened: Any) -> bool:
    if isinstance(happened, Interrupted):
        happened = happened.report
    if isinstance(happened, DocumentConverted | DocumentRejected):
        return task.step is Step.CONVERT and happened.attempt == task.conversions
    if isinstance(happened, TaskReport):
        if task.stage is Stage.UNKNOWN and isinstance(happened, TaskPrinted) and happened.attempt > task.attempt:
            return happened.agent == task.agent  # of an attempt that a database which was brought back does not know
        return task.step is Step.PRINT and happened.attempt == task.attempt and happened.agent == task.agent
    if isinstance(happened, GivenUp) and happened.order:
        return happened.order == (task.step, task.conversions if task.step is Step.CONVERT else task.attempt)
    return True


#: Stages in which a task is not yet with an agent for good, so that its time may run out.
WAITING = frozenset(
    {
        Stage.AWAITING_DATA,
        Stage.INCOMING,
        Stage.HOOKED,
        Stage.TRANSFORMING,
        Stage.HELD,
        Stage.RELEASE_WAIT,
        Stage.FINISHING,
        Stage.FETCHABLE,
    }
)
#: Stages of a task whose order is with an agent.
AT_AGENT = (Stage.FETCHABLE, Stage.OUTGOING, Stage.PRINTING, Stage.STOPPED, Stage.PARTIAL, Stage.UNKNOWN)
#: Stages of a task that may go on, so that a restore stops it; what awaits its data needs its program for that.
OPEN = tuple(stage for stage in Stage if stage not in (*TERMINAL, Stage.AWAITING_DATA, Stage.UNKNOWN))
#: Stages of a task that an application fetches which serves its printer.
AT_APPLICATION = (Stage.FETCHABLE, Stage.OUTGOING, Stage.PRINTING, Stage.STOPPED)

LIFECYCLE: dict[tuple[Stage, type], Rule] = {
    (Stage.AWAITING_DATA, Amended): preparing.amended,
    (Stage.AWAITING_DATA, Begin): preparing.begin,
    (Stage.AWAITING_DATA, Cancel): preparing.cancel_at_once,
    (Stage.AWAITING_DATA, Due): preparing.expire,
    (Stage.INCOMING, Accepted): preparing.convert,
    (Stage.INCOMING, Cancel): preparing.cancel_at_once,
    (Stage.INCOMING, GivenUp): preparing.given_up,
    (Stage.INCOMING, Due): preparing.expire,
    (Stage.HOOKED, Amended): preparing.amended,
    (Stage.HOOKED, Unhooked): preparing.convert,
    (Stage.HOOKED, Abort): partners.abort,
    (Stage.HOOKED, Redirect): partners.redirect,
    (Stage.HOOKED, Reminded): partners.reminded,
    (Stage.HOOKED, Cancel): preparing.cancel_at_once,
    (Stage.HOOKED, GivenUp): preparing.given_up,
    (Stage.HOOKED, Due): preparing.expire,
    (Stage.TRANSFORMING, DocumentConverted): preparing.ready,
    (Stage.TRANSFORMING, DocumentRejected): preparing.rejected,
    (Stage.TRANSFORMING, Cancel): preparing.cancel_at_once,
    (Stage.TRANSFORMING, GivenUp): preparing.given_up,
    (Stage.TRANSFORMING, Due): preparing.expire,
    (Stage.TRANSFORMING, Release): preparing.release,
    (Stage.RELEASE_WAIT, Release): preparing.release,
    (Stage.RELEASE_WAIT, Cancel): preparing.cancel_at_once,
    (Stage.RELEASE_WAIT, Due): preparing.expire,
    (Stage.FINISHING, DocumentConverted): preparing.ready,
    (Stage.FINISHING, DocumentRejected): preparing.rejected,
    (Stage.FINISHING, Cancel): preparing.cancel_at_once,
    (Stage.FINISHING, GivenUp): preparing.given_up,
    (Stage.FINISHING, Due): preparing.expire,
    (Stage.FINISHING, Release): preparing.release,
    (Stage.HELD, Cancel): preparing.cancel_at_once,
    (Stage.HELD, Due): preparing.start,
    (Stage.FETCHABLE, Recall): line.recall,
    (Stage.FETCHABLE, Withheld): line.withheld,
    **{(stage, Superseded): line.superseded for stage in (Stage.TRANSFORMING, Stage.FINISHING, Stage.FETCHABLE)},
    (Stage.FETCHABLE, Dispatched): line.dispatch,
    (Stage.FETCHABLE, Due): line.due_in_line,
    (Stage.FETCHABLE, TaskTaken): printing.taken,
    (Stage.UNKNOWN, Resolve): printing.resolve,
    (Stage.PARTIAL, Resolve): printing.resolve,
    (Stage.PARTIAL, DocumentConverted): interrupting.rest,
    (Stage.PARTIAL, DocumentRejected): preparing.rejected,
    **{(stage, TaskPrinting): printing.printing for stage in AT_AGENT},
    **{(stage, TaskSent): printing.sent for stage in AT_AGENT},
    **{(stage, TaskStopped): printing.stopped for stage in AT_AGENT},
    **{(stage, TaskPrinted): printing.printed for stage in AT_AGENT},
    **{(stage, TaskFailed): printing.failed for stage in AT_AGENT},
    **{(stage, Interrupted): interrupting.interrupted for stage in AT_AGENT},
    **{(stage, TaskUnknown): printing.unknown for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    **{(stage, TaskWithdrawn): printing.withdrawn for stage in AT_AGENT},
    **{(stage, TaskTooLate): printing.too_late for stage in AT_AGENT},
    **{(stage, TaskExpired): printing.agent_expired for stage in AT_AGENT},
    **{(stage, JournalReplaced): printing.journal_replaced for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    **{(stage, GivenUp): preparing.given_up for stage in AT_AGENT},
    **{(stage, Cancel): line.cancel for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    **{(stage, Served): partners.served for stage in AT_APPLICATION},
    (Stage.UNKNOWN, Cancel): preparing.cancel_at_once,
    **{(stage, Restored): restoring.restored for stage in OPEN},
}
