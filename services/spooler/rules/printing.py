"""Rules for a task whose order is with an agent: what that reports, and what people say of it."""

from libs.contracts.devices import UnknownPolicy
from libs.contracts.queries import Outcome
from libs.contracts.reports import (
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
from services.spooler.rules.line import again
from services.spooler.rules.preparing import cancel_at_once, over
from services.spooler.rules.step import Next, closed, converting, go, joins
from services.spooler.task import Ask, Cancel, JournalReplaced, Resolve, Step, Task

#: Seconds before the next attempt after the 1st, 2nd, ... transient failure; after the last the task is aborted.
RETRIES = (5, 30, 120, 600)


def taken(task: Task, _: TaskTaken) -> Next | None:
    return None if task.taken else go(Stage.FETCHABLE, task.reason, task.message, taken=True, valid_until=0)


def printing(task: Task, report: TaskPrinting) -> Next:
    stage = Stage.PRINTING if task.sent else Stage.OUTGOING
    return go(stage, "", "", taken=True, pages_done=max(task.pages_done, _done(task, report.pages_done)))


def sent(task: Task, report: TaskSent) -> Next:
    return go(Stage.PRINTING, "", "", taken=True, sent=True, pages_done=max(task.pages_done, _done(task, report.pages_done)))


def stopped(task: Task, report: TaskStopped) -> Next:
    partial = report.pages_done > 0 and not report.resumes
    stage = Stage.PARTIAL if partial else Stage.STOPPED
    done = max(task.pages_done, _done(task, report.pages_done))
    return go(stage, report.reason, report.message, taken=True, pages_done=done)


def printed(task: Task, report: TaskPrinted) -> Next:
    reason = Reason.JOB_COMPLETED_WITH_WARNINGS if report.warning else Reason.JOB_COMPLETED_SUCCESSFULLY
    done = _done(task, report.pages_done) if report.pages_done else task.pages
    return go(Stage.COMPLETED, reason, report.warning, taken=True, pages_done=done)


def failed(task: Task, report: TaskFailed) -> Next:
    done = _done(task, report.pages_done)
    if report.canceled:
        return go(Stage.CANCELED, Reason.JOB_CANCELED_AT_DEVICE, report.message, pages_done=done)
    if task.canceling:
        return go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, "It was canceled.", pages_done=done)
    if report.transient and not report.pages_done and task.failures < len(RETRIES):
        wait = RETRIES[task.failures]
        return go(Stage.FETCHABLE, "", report.message, **closed(failures=task.failures + 1, place=0, lined=False, retry_after=wait))
    return go(Stage.ABORTED, report.reason, report.message, pages_done=done)


def _done(task: Task, pages: int) -> int:
    """Pages on paper, when so many of its open order's document are."""
    return task.done_before + pages


def unknown(task: Task, report: TaskUnknown) -> Next:
    if task.unknown is UnknownPolicy.REPRINT and not task.canceling:
        return again(task)
    if task.unknown is UnknownPolicy.GIVE_UP:
        return go(Stage.ABORTED, Reason.OUTCOME_UNKNOWN, report.message, pages_done=_done(task, report.pages_done))
    done = max(task.pages_done, _done(task, report.pages_done))
    return go(Stage.UNKNOWN, "", report.message, taken=True, canceling=False, recalled=False, pages_done=done)


def withdrawn(task: Task, _: TaskWithdrawn) -> Next:
    return go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, "It was canceled.") if task.canceling else again(task)


def too_late(task: Task, _: TaskTooLate) -> Next | None:
    """The attempt goes on to its own end; who wanted it canceled is told."""
    message = "It could not be canceled any more: the printer has it." if task.canceling else task.message
    return go(task.stage, task.reason, message, canceling=False, recalled=False, taken=True)


def agent_expired(task: Task, report: TaskExpired) -> Next:
    if report.stale and not task.canceling:
        return again(task)
    reason, message = (Reason.JOB_CANCELED_BY_USER, "It was canceled.") if task.canceling else (Reason.EXPIRED, over(task))
    return go(Stage.CANCELED, reason, message)


def journal_replaced(task: Task, _: JournalReplaced) -> Next | None:
    """A new journal: what was not taken is offered again, what was taken may be on paper (rule 8)."""
    if task.step is not Step.PRINT:
        return None
    if task.taken:
        lost = TaskUnknown(
            region="", tenant="", agent="", task="", attempt=0, message="The agent lost its journal after it had taken this task."
        )
        return unknown(task, lost)
    return cancel_at_once(task, Cancel()) if task.canceling else again(task)


def resolve(task: Task, happened: Resolve) -> Next:
    """A person's word (rule 10)."""
    if happened.outcome is Outcome.PRINTED:
        return go(Stage.COMPLETED, Reason.JOB_COMPLETED_SUCCESSFULLY, "Somebody confirmed that it is on paper.")
    if happened.outcome is Outcome.REPRINT:
        return _reprint(task, happened)
    return go(Stage.ABORTED, Reason.OUTCOME_UNKNOWN, "Somebody gave it up: nobody knows whether it is on paper.")


def _reprint(task: Task, happened: Resolve) -> Next:
    """The next attempt; of one that never was made ready for its printer, once it is."""
    here = {"attempt": task.attempt + happened.room, "place": 0, "retry_at": 0, "pages_done": task.done_before}
    if happened.ready:
        return go(Stage.FETCHABLE, "", "", **closed(**here, lined=not task.served))
    asked = converting(task, rendering=bool(task.served), lined=joins(task, task.served))
    return go(Stage.FINISHING, "", "", Ask.CONVERT, **closed(**here, **asked))
