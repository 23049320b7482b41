"""What becomes of a task when something happens: one small function per row of the table in `domain`."""

from dataclasses import dataclass
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
    TaskSent,
    TaskStopped,
    TaskTaken,
    TaskTooLate,
    TaskUnknown,
    TaskWithdrawn,
)
from libs.contracts.states import Reason, Stage
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


def _go(stage: Stage, reason: str = "", message: str = "", *asks: Ask, **changes: Any) -> Next:
    return Next(stage, reason, message, asks, tuple(changes.items()))


def _closed(**changes: Any) -> dict[str, Any]:
    """The fields of a task without an open order."""
    closed = {"step": Step.NONE, "taken": False, "sent": False, "ordered_at": 0, "valid_until": 0}
    return {**closed, "rendering": False, "recalled": False, **changes}


# --- before the printer -------------------------------------------------------------------------------------------


def convert(task: Task, happened: Accepted) -> Next:
    if task.hold and happened.raw:  # there is nothing to render
        return _go(Stage.RELEASE_WAIT)
    return _go(Stage.TRANSFORMING, "", "", Ask.CONVERT, **_converting(task, rendering=task.hold))


def _converting(task: Task, **changes: Any) -> dict[str, Any]:
    return {"step": Step.CONVERT, "conversions": task.conversions + 1, **changes}


def ready(task: Task, report: DocumentConverted) -> Next:
    pages = report.document.pages
    if task.hold:
        return _go(Stage.RELEASE_WAIT, "", "", **_closed(pages=pages))
    if task.rendering:  # it was released meanwhile
        return _go(Stage.FINISHING, "", "", Ask.CONVERT, **_converting(task, rendering=False, pages=pages))
    return _go(Stage.HELD if task.start_at else Stage.FETCHABLE, "", "", **_closed(pages=pages))


def release(task: Task, happened: Release) -> Next | None:
    """A held task gets its printer, and whoever stands there need not wait for those that came after it."""
    if not task.hold:
        return None
    printer = happened.printer
    where = {"agent": printer.agent, "printer": printer.id, "device": printer.name, "shard": printer.shard}
    rest = {"unknown": happened.unknown, "expires_at": happened.expires_at, "hold": False, "lined": not task.start_at}
    if task.step is Step.CONVERT:
        return _go(task.stage, "", "", **where, **rest)
    return _go(Stage.FINISHING, "", "", Ask.CONVERT, **_converting(task, **where, **rest))


def start(task: Task, happened: Due) -> Next | None:
    """Its time has come: it joins its printer's line at the place that it would have had."""
    if _expired(task, happened):
        return expire_while_converting(task, happened)
    return _go(Stage.FETCHABLE, "", "", lined=True) if task.start_at <= happened.now else None


def rejected(_: Task, report: DocumentRejected) -> Next:
    return _go(Stage.ABORTED, report.reason, report.message)


def given_up(_: Task, given: GivenUp) -> Next:
    return _go(Stage.ABORTED, Reason.ABORTED_BY_SYSTEM, given.message)


def cancel_at_once(_: Task, __: Cancel) -> Next:
    return _go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, "It was canceled.")


def expire_while_converting(task: Task, happened: Due) -> Next | None:
    return (
        _go(Stage.CANCELED, Reason.EXPIRED, "Its time was over before it could be printed.") if _expired(task, happened) else None
    )


def _expired(task: Task, happened: Due) -> bool:
    return bool(task.expires_at) and task.expires_at <= happened.now


# --- in the line ----------------------------------------------------------------------------------------------------


def dispatch(task: Task, happened: Dispatched) -> Next:
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


def due_in_line(task: Task, happened: Due) -> Next | None:
    if task.step is Step.PRINT:  # nobody took it in time: take it back, and offer it again when that is certain
        return _go(Stage.FETCHABLE, task.reason, task.message, Ask.WITHDRAW, valid_until=happened.now + VALID_FOR)
    if _expired(task, happened):
        return expire_while_converting(task, happened)
    return _go(Stage.FETCHABLE, "", "", lined=True, retry_at=0)


def cancel(task: Task, happened: Cancel) -> Next | None:
    """Honest (rule 11): once the order has left, only the agent can say."""
    if task.step is not Step.PRINT:
        return cancel_at_once(task, happened)
    if task.canceling:
        return None
    return _go(task.stage, task.reason, task.message, Ask.WITHDRAW, canceling=True)


def recall(task: Task, _: Recall) -> Next | None:
    """Its line was paused: only the agent can say whether it has begun."""
    if task.step is not Step.PRINT or task.recalled or task.canceling:
        return None
    return _go(task.stage, task.reason, task.message, Ask.WITHDRAW, recalled=True)


# --- at the printer -------------------------------------------------------------------------------------------------


def taken(task: Task, _: TaskTaken) -> Next | None:
    return None if task.taken else _go(Stage.FETCHABLE, task.reason, task.message, taken=True, valid_until=0)


def printing(task: Task, report: TaskPrinting) -> Next:
    stage = Stage.PRINTING if task.sent else Stage.OUTGOING
    return _go(stage, "", "", taken=True, pages_done=max(task.pages_done, report.pages_done))


def sent(task: Task, report: TaskSent) -> Next:
    return _go(Stage.PRINTING, "", "", taken=True, sent=True, pages_done=max(task.pages_done, report.pages_done))


def stopped(task: Task, report: TaskStopped) -> Next:
    partial = report.pages_done > 0 and not report.resumes
    stage = Stage.PARTIAL if partial else Stage.STOPPED
    return _go(stage, report.reason, report.message, taken=True, pages_done=max(task.pages_done, report.pages_done))


def printed(task: Task, report: TaskPrinted) -> Next:
    reason = Reason.JOB_COMPLETED_WITH_WARNINGS if report.warning else Reason.JOB_COMPLETED_SUCCESSFULLY
    return _go(Stage.COMPLETED, reason, report.warning, pages_done=report.pages_done or task.pages)


def failed(task: Task, report: TaskFailed) -> Next:
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


def unknown(task: Task, report: TaskUnknown) -> Next:
    if task.unknown is UnknownPolicy.REPRINT and not task.canceling:
        return _again()
    if task.unknown is UnknownPolicy.GIVE_UP:
        return _go(Stage.ABORTED, Reason.OUTCOME_UNKNOWN, report.message, pages_done=report.pages_done)
    done = max(task.pages_done, report.pages_done)
    return _go(Stage.UNKNOWN, "", report.message, taken=True, canceling=False, recalled=False, pages_done=done)


def _again() -> Next:
    """The next attempt of the same task, at the head of what is not yet sent."""
    return _go(Stage.FETCHABLE, "", "", **_closed(place=0, lined=True, retry_at=0, pages_done=0))


def withdrawn(task: Task, _: TaskWithdrawn) -> Next:
    return _go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, "It was canceled.") if task.canceling else _again()


def too_late(task: Task, _: TaskTooLate) -> Next | None:
    """The attempt goes on to its own end; who wanted it canceled is told."""
    message = "It could not be canceled any more: the printer has it." if task.canceling else task.message
    return _go(task.stage, task.reason, message, canceling=False, recalled=False, taken=True)


def agent_expired(task: Task, report: TaskExpired) -> Next:
    if report.stale and not task.canceling:
        return _again()
    reason, message = (
        (Reason.JOB_CANCELED_BY_USER, "It was canceled.")
        if task.canceling
        else (Reason.EXPIRED, "Its time was over before it could be printed.")
    )
    return _go(Stage.CANCELED, reason, message)


def journal_replaced(task: Task, _: JournalReplaced) -> Next | None:
    """A new journal: what was not taken is offered again, what was taken may be on paper (rule 8)."""
    if task.step is not Step.PRINT:
        return None
    if task.taken:
        lost = TaskUnknown(
            region="", tenant="", agent="", task="", attempt=0, message="The agent lost its journal after it had taken this task."
        )
        return unknown(task, lost)
    return cancel_at_once(task, Cancel()) if task.canceling else _again()


# --- with an unknown outcome ----------------------------------------------------------------------------------------


def resolve(_: Task, happened: Resolve) -> Next:
    """A person's word (rule 10)."""
    if happened.outcome is Outcome.PRINTED:
        return _go(Stage.COMPLETED, Reason.JOB_COMPLETED_SUCCESSFULLY, "Somebody confirmed that it is on paper.")
    if happened.outcome is Outcome.REPRINT:
        return _again()
    return _go(Stage.ABORTED, Reason.OUTCOME_UNKNOWN, "Somebody gave it up: nobody knows whether it is on paper.")
