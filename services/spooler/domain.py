"""The life cycle of a task as a table: (stage, what happened) -> the next stage and what to ask for (design.md rule 6)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from libs.contracts.devices import UnknownPolicy
from libs.contracts.queries import Outcome
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
from libs.contracts.states import IPP, TERMINAL, Reason, Stage
from services.spooler.task import (
    Accepted,
    Ask,
    Cancel,
    Dispatched,
    Due,
    GivenUp,
    JournalReplaced,
    Resolve,
    Step,
    Task,
)

#: Seconds before the next attempt after the 1st, 2nd, ... transient failure; after the last the task is aborted.
RETRIES = (5, 30, 120, 600)
#: How long an order may wait to be taken, in ms (rule 8: at most six days, one less than the stream keeps it).
VALID_FOR = 6 * 86_400_000


@dataclass(frozen=True, slots=True)
class Next:
    """Where a task goes: stage, reason and sentence ("" : the stage's own), what to ask for, and other fields that change."""

    stage: Stage
    reason: str = ""
    message: str = ""
    asks: tuple[Ask, ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()


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
    if step.stage in TERMINAL:
        changes |= {"ended_at": now, "step": Step.NONE, "lined": False, "canceling": False, "retry_at": 0, "valid_until": 0}
    if "retry_after" in changes:
        changes["retry_at"] = now + changes.pop("retry_after") * 1000
    moved = replace(
        task,
        version=task.version + 1,
        stage=step.stage,
        reason=step.reason or IPP[step.stage][1].value,
        message=step.message,
        **changes,
    )
    return replace(moved, due_at=due(moved)), step.asks


def due(task: Task) -> int:
    """The next time at which something must happen to the task, 0: none."""
    times = []
    if task.stage in WAITING and task.step is not Step.PRINT and task.expires_at:
        times.append(task.expires_at)
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
    return True


def _go(stage: Stage, reason: str = "", message: str = "", *asks: Ask, **changes: Any) -> Next:
    return Next(stage, reason, message, asks, tuple(changes.items()))


def _closed(**changes: Any) -> dict[str, Any]:
    """The fields of a task without an open order."""
    return {"step": Step.NONE, "taken": False, "sent": False, "ordered_at": 0, "valid_until": 0, **changes}


# --- before the printer -------------------------------------------------------------------------------------------


def _convert(task: Task, _: Accepted) -> Next:
    return _go(Stage.TRANSFORMING, "", "", Ask.CONVERT, step=Step.CONVERT, conversions=task.conversions + 1)


def _ready(_: Task, report: DocumentConverted) -> Next:
    return _go(Stage.FETCHABLE, "", "", **_closed(pages=report.document.pages))


def _rejected(_: Task, report: DocumentRejected) -> Next:
    return _go(Stage.ABORTED, report.reason, report.message)


def _given_up(_: Task, given: GivenUp) -> Next:
    return _go(Stage.ABORTED, Reason.ABORTED_BY_SYSTEM, given.message)


def _cancel_at_once(_: Task, __: Cancel) -> Next:
    return _go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, "It was canceled.")


def _expire_while_converting(task: Task, happened: Due) -> Next | None:
    return (
        _go(Stage.CANCELED, Reason.EXPIRED, "Its time was over before it could be printed.") if _expired(task, happened) else None
    )


def _expired(task: Task, happened: Due) -> bool:
    return bool(task.expires_at) and task.expires_at <= happened.now


# --- in the line ----------------------------------------------------------------------------------------------------


def _dispatch(task: Task, happened: Dispatched) -> Next:
    return _go(
        Stage.FETCHABLE,
        "",
        "",
        **_closed(
            step=Step.PRINT,
            attempt=task.attempt + 1,
            lined=False,
            retry_at=0,
            ordered_at=happened.now,
            valid_until=happened.now + VALID_FOR,
        ),
    )


def _due_in_line(task: Task, happened: Due) -> Next | None:
    if task.step is Step.PRINT:  # nobody took it in time: take it back, and offer it again when that is certain
        return _go(Stage.FETCHABLE, task.reason, task.message, Ask.WITHDRAW, valid_until=happened.now + VALID_FOR)
    if _expired(task, happened):
        return _expire_while_converting(task, happened)
    return _go(Stage.FETCHABLE, "", "", lined=True, retry_at=0)


def _cancel(task: Task, happened: Cancel) -> Next | None:
    """Honest (rule 11): once the order has left, only the agent can say."""
    if task.step is not Step.PRINT:
        return _cancel_at_once(task, happened)
    if task.canceling:
        return None
    return _go(task.stage, task.reason, task.message, Ask.WITHDRAW, canceling=True)


# --- at the printer -------------------------------------------------------------------------------------------------


def _taken(task: Task, _: TaskTaken) -> Next | None:
    return None if task.taken else _go(Stage.FETCHABLE, task.reason, task.message, taken=True, valid_until=0)


def _printing(task: Task, report: TaskPrinting) -> Next:
    stage = Stage.PRINTING if task.sent else Stage.OUTGOING
    return _go(stage, "", "", taken=True, pages_done=max(task.pages_done, report.pages_done))


def _sent(task: Task, report: TaskSent) -> Next:
    return _go(Stage.PRINTING, "", "", taken=True, sent=True, pages_done=max(task.pages_done, report.pages_done))


def _stopped(task: Task, report: TaskStopped) -> Next:
    partial = report.pages_done > 0 and not report.resumes
    stage = Stage.PARTIAL if partial else Stage.STOPPED
    return _go(stage, report.reason, report.message, taken=True, pages_done=max(task.pages_done, report.pages_done))


def _printed(task: Task, report: TaskPrinted) -> Next:
    reason = Reason.JOB_COMPLETED_WITH_WARNINGS if report.warning else Reason.JOB_COMPLETED_SUCCESSFULLY
    return _go(Stage.COMPLETED, reason, report.warning, pages_done=report.pages_done or task.pages)


def _failed(task: Task, report: TaskFailed) -> Next:
    if report.canceled:
        return _go(Stage.CANCELED, Reason.JOB_CANCELED_AT_DEVICE, report.message, pages_done=report.pages_done)
    if task.canceling:
        return _go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, "It was canceled.", pages_done=report.pages_done)
    if report.transient and not report.pages_done and task.failures < len(RETRIES):
        wait = RETRIES[task.failures]
        return _go(
            Stage.FETCHABLE, "", report.message, **_closed(failures=task.failures + 1, place=0, lined=False, retry_after=wait)
        )
    return _go(Stage.ABORTED, report.reason, report.message, pages_done=report.pages_done)


def _unknown(task: Task, report: TaskUnknown) -> Next:
    if task.unknown is UnknownPolicy.REPRINT and not task.canceling:
        return _again()
    if task.unknown is UnknownPolicy.GIVE_UP:
        return _go(Stage.ABORTED, Reason.OUTCOME_UNKNOWN, report.message, pages_done=report.pages_done)
    return _go(Stage.UNKNOWN, "", report.message, taken=True, canceling=False, pages_done=max(task.pages_done, report.pages_done))


def _again() -> Next:
    """The next attempt of the same task, at the head of what is not yet sent."""
    return _go(Stage.FETCHABLE, "", "", **_closed(place=0, lined=True, retry_at=0, pages_done=0))


def _withdrawn(task: Task, _: TaskWithdrawn) -> Next:
    return _go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, "It was canceled.") if task.canceling else _again()


def _too_late(task: Task, _: TaskTooLate) -> Next | None:
    """The cancel failed: the attempt goes on to its own end."""
    return _go(task.stage, task.reason, "It could not be canceled any more: the printer has it.", canceling=False, taken=True)


def _agent_expired(task: Task, report: TaskExpired) -> Next:
    if report.stale and not task.canceling:
        return _again()
    reason, message = (
        (Reason.JOB_CANCELED_BY_USER, "It was canceled.")
        if task.canceling
        else (Reason.EXPIRED, "Its time was over before it could be printed.")
    )
    return _go(Stage.CANCELED, reason, message)


def _journal_replaced(task: Task, _: JournalReplaced) -> Next | None:
    """A new journal: what was not taken is offered again, what was taken may be on paper (rule 8)."""
    if task.step is not Step.PRINT:
        return None
    if task.taken:
        lost = TaskUnknown(
            region="", tenant="", agent="", task="", attempt=0, message="The agent lost its journal after it had taken this task."
        )
        return _unknown(task, lost)
    return _cancel_at_once(task, Cancel()) if task.canceling else _again()


# --- with an unknown outcome ----------------------------------------------------------------------------------------


def _resolve(_: Task, happened: Resolve) -> Next:
    """A person's word (rule 10)."""
    if happened.outcome is Outcome.PRINTED:
        return _go(Stage.COMPLETED, Reason.JOB_COMPLETED_SUCCESSFULLY, "Somebody confirmed that it is on paper.")
    if happened.outcome is Outcome.REPRINT:
        return _again()
    return _go(Stage.ABORTED, Reason.OUTCOME_UNKNOWN, "Somebody gave it up: nobody knows whether it is on paper.")


#: Stages in which a task is not yet with an agent for good, so that its time may run out.
WAITING = frozenset({Stage.INCOMING, Stage.TRANSFORMING, Stage.FETCHABLE})
#: Stages of a task whose order is with an agent.
AT_AGENT = (Stage.FETCHABLE, Stage.OUTGOING, Stage.PRINTING, Stage.STOPPED, Stage.PARTIAL, Stage.UNKNOWN)

LIFECYCLE: dict[tuple[Stage, type], Rule] = {
    (Stage.INCOMING, Accepted): _convert,
    (Stage.INCOMING, Cancel): _cancel_at_once,
    (Stage.INCOMING, GivenUp): _given_up,
    (Stage.INCOMING, Due): _expire_while_converting,
    (Stage.TRANSFORMING, DocumentConverted): _ready,
    (Stage.TRANSFORMING, DocumentRejected): _rejected,
    (Stage.TRANSFORMING, Cancel): _cancel_at_once,
    (Stage.TRANSFORMING, GivenUp): _given_up,
    (Stage.TRANSFORMING, Due): _expire_while_converting,
    (Stage.FETCHABLE, Dispatched): _dispatch,
    (Stage.FETCHABLE, Due): _due_in_line,
    (Stage.FETCHABLE, TaskTaken): _taken,
    (Stage.UNKNOWN, Resolve): _resolve,
    (Stage.PARTIAL, Resolve): _resolve,
    **{(stage, TaskPrinting): _printing for stage in AT_AGENT},
    **{(stage, TaskSent): _sent for stage in AT_AGENT},
    **{(stage, TaskStopped): _stopped for stage in AT_AGENT},
    **{(stage, TaskPrinted): _printed for stage in AT_AGENT},
    **{(stage, TaskFailed): _failed for stage in AT_AGENT},
    **{(stage, TaskUnknown): _unknown for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    **{(stage, TaskWithdrawn): _withdrawn for stage in AT_AGENT},
    **{(stage, TaskTooLate): _too_late for stage in AT_AGENT},
    **{(stage, TaskExpired): _agent_expired for stage in AT_AGENT},
    **{(stage, JournalReplaced): _journal_replaced for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    **{(stage, GivenUp): _given_up for stage in AT_AGENT},
    **{(stage, Cancel): _cancel for stage in AT_AGENT if stage is not Stage.UNKNOWN},
    (Stage.UNKNOWN, Cancel): _cancel_at_once,
}
