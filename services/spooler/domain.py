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
from services.spooler import rules
from services.spooler.sentences import told
from services.spooler.task import (
    Accepted,
    Ask,
    Cancel,
    Dispatched,
    Due,
    GivenUp,
    JournalReplaced,
    Recall,
    Release,
    Resolve,
    Step,
    Task,
)

Rule = Callable[[Task, Any], rules.Next | None]


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
        changes["lined"] = True
    if step.stage in TERMINAL:
        changes |= {"ended_at": now, "step": Step.NONE, "lined": False, "retry_at": 0, "valid_until": 0}
        changes |= {"canceling": False, "recalled": False, "rendering": False, "hold": False}
    if "retry_after" in changes:
        changes["retry_at"] = now + changes.pop("retry_after") * 1000
    moved = replace(
        task,
        version=task.version + 1,
        stage=step.stage,
        reason=told(step.reason, 64) or IPP[step.stage][1].value,
        message=told(step.message, 1000),
        **changes,
    )
    at = due(moved)
    return moved if at == moved.due_at else replace(moved, due_at=at), step.asks


def due(task: Task) -> int:
    """The next time at which something must happen to the task, 0: none."""
    times = []
    if task.stage in WAITING and task.step is not Step.PRINT and task.expires_at:
        times.append(task.expires_at)
    if task.stage is Stage.HELD and task.start_at:
        times.append(task.start_at)
    if task.retry_at and task.step is Step.NONE:
        times.append(task.retry_at)
    if task.step is Step.PRINT and not task.taken and task.valid_until:
        times.append(task.valid_until)
    return min(times, default=0)


def _concerns_open_order(task: Task, happened: Any) -> bool:
    if isinstance(happened, DocumentConverted | DocumentRejected):
        return task.step is Step.CONVERT and happened.attempt == task.conversions
    if isinstance(happened, TaskReport):
        return task.step is Step.PRINT and happened.attempt == task.attempt and happened.agent == task.agent
    if isinstance(happened, GivenUp) and happened.order:
        return happened.order == (task.step, task.conversions if task.step is Step.CONVERT else task.attempt)
    return True


#: Stages in which a task is not yet with an agent for good, so that its time may run out.
WAITING = frozenset({Stage.INCOMING, Stage.TRANSFORMING, Stage.HELD, Stage.RELEASE_WAIT, Stage.FINISHING, Stage.FETCHABLE})
#: Stages of a task whose order is with an agent.
AT_AGENT = (Stage.FETCHABLE, Stage.OUTGOING, Stage.PRINTING, Stage.STOPPED, Stage.PARTIAL, Stage.UNKNOWN)

LIFECYCLE: dict[tuple[Stage, type], Rule] = {
    (Stage.INCOMING, Accepted): rules.convert,
    (Stage.INCOMING, Cancel): rules.cancel_at_once,
    (Stage.INCOMING, GivenUp): rules.given_up,
    (Stage.INCOMING, Due): rules.expire_while_converting,
    (Stage.TRANSFORMING, DocumentConverted): rules.ready,
    (Stage.TRANSFORMING, DocumentRejected): rules.rejected,
    (Stage.TRANSFORMING, Cancel): rules.cancel_at_once,
    (Stage.TRANSFORMING, GivenUp): rules.given_up,
    (Stage.TRANSFORMING, Due): rules.expire_while_converting,
    (Stage.TRANSFORMING, Release): rules.release,
    (Stage.RELEASE_WAIT, Release): rules.release,
    (Stage.RELEASE_WAIT, Cancel): rules.cancel_at_once,
    (Stage.RELEASE_WAIT, Due): rules.expire_while_converting,
    (Stage.FINISHING, DocumentConverted): rules.ready,
    (Stage.FINISHING, DocumentRejected): rules.rejected,
    (Stage.FINISHING, Cancel): rules.cancel_at_once,
    (Stage.FINISHING, GivenUp): rules.given_up,
    (Stage.FINISHING, Due): rules.expire_while_converting,
    (Stage.HELD, Cancel): rules.cancel_at_once,
    (Stage.HELD, Due): rules.start,
    (Stage.FETCHABLE, Recall): rules.recall,
    (Stage.FETCHABLE, Dispatched): rules.dispatch,
    (Stage.FETCHABLE, Due): rules.due_in_line,
    (Stage.FETCHABLE, TaskTaken): rules.taken,
    (Stage.UNKNOWN, Resolve): rules.resolve,
    (Stage.PARTIAL, Resolve): rules.resolve,
    **{(stage, TaskPrinting): rules.printing for stage in AT_AGENT},
    **{(stage, TaskSent): rules.sent for stage in AT_AGENT},
    **{(stage, TaskStopped): rules.stopped for stage in AT_AGENT},
    **{(stage, TaskPrinted): rules.printed for stage in AT_AGENT},
    **{(stage, TaskFailed): rules.failed for stage in AT_AGENT},
    **{(stage, TaskUnknown): rules.unknown for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    **{(stage, TaskWithdrawn): rules.withdrawn for stage in AT_AGENT},
    **{(stage, TaskTooLate): rules.too_late for stage in AT_AGENT},
    **{(stage, TaskExpired): rules.agent_expired for stage in AT_AGENT},
    **{(stage, JournalReplaced): rules.journal_replaced for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    **{(stage, GivenUp): rules.given_up for stage in AT_AGENT},
    **{(stage, Cancel): rules.cancel for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    (Stage.UNKNOWN, Cancel): rules.cancel_at_once,
}
