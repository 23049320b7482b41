"""Rules for a task that is made ready for its printer, or waits for its document, its time or its release."""

from libs.contracts.reports import DocumentConverted, DocumentRejected
from libs.contracts.states import Reason, Stage, Status
from services.spooler.rules.step import Next, closed, converting, expired, go, joins
from services.spooler.task import Accepted, Amended, Ask, Begin, Cancel, Due, GivenUp, Release, Step, Task, Unhooked


def begin(task: Task, happened: Begin) -> Next:
    """Its document is there, and it is meant to be printed: its place is behind all that came before this moment."""
    changes = {"seq": happened.seq, "idx": happened.idx, "expires_at": happened.expires_at, "lined": joins(task, happened.served)}
    return go(Stage.INCOMING, "", "", unknown=happened.unknown, served=happened.served, **changes)


def convert(task: Task, happened: Accepted | Unhooked) -> Next:
    """To the partner whose hook works first; then whatever its document needs."""
    if happened.hook:
        until, sentence = happened.hook.until, happened.hook.message
        return go(Stage.HOOKED, "", sentence, lined=False, valid_until=until, **_no_order())
    changes = {"lined": not task.hold and joins(task, task.served), "valid_until": 0}
    if task.hold and happened.raw:  # there is nothing to render
        return go(Stage.RELEASE_WAIT, "", "", **changes)
    if happened.ready:
        return go(_stage_of_ready(task), "", "", **changes)
    # Statuses do not go back: one that was released is made ready for its printer, whoever works on it before.
    stage = Stage.FINISHING if task.told == Status.QUEUED else Stage.TRANSFORMING
    changes |= converting(task, rendering=task.hold or bool(task.served))
    return go(stage, "", happened.message, Ask.CONVERT, **changes)


def _no_order() -> dict[str, object]:
    return {"step": Step.NONE, "rendering": False}


def _stage_of_ready(task: Task) -> Stage:
    return Stage.HELD if task.start_at else Stage.FETCHABLE


def amended(task: Task, _: Amended) -> Next:
    """What it is made of has changed: that is another version of the same."""
    return go(task.stage, task.reason, task.message)


def ready(task: Task, report: DocumentConverted) -> Next:
    pages = report.document.pages
    if task.hold:
        return go(Stage.RELEASE_WAIT, "", "", **closed(pages=pages))
    if task.rendering and not task.served:  # it was released meanwhile
        return go(Stage.FINISHING, "", "", Ask.CONVERT, **converting(task, rendering=False, pages=pages))
    return go(_stage_of_ready(task), "", "", **closed(pages=pages))


def release(task: Task, happened: Release) -> Next | None:
    """A held task gets its printer, and whoever stands there need not wait for those that came after it."""
    if not task.hold:
        return None
    printer = happened.printer
    where = {"agent": printer.agent, "printer": printer.id, "device": printer.name, "shard": printer.shard}
    rest = {"unknown": happened.unknown, "expires_at": happened.expires_at, "hold": False, "served": happened.served}
    rest["lined"] = joins(task, happened.served)
    if happened.hook:  # what was rendered so far is of no use if its document is replaced
        rest |= {"lined": False, "valid_until": happened.hook.until}
        return go(Stage.HOOKED, "", happened.hook.message, **where, **rest, **_no_order())
    if task.step is Step.CONVERT:
        return go(task.stage, "", "", **where, **rest)
    rest["rendering"] = bool(happened.served)
    return go(Stage.FINISHING, "", "", Ask.CONVERT, **converting(task, **where, **rest))


def start(task: Task, happened: Due) -> Next | None:
    """Its time has come: it joins its printer's line at the place that it would have had."""
    if expired(task, happened):
        return expire(task, happened)
    return go(Stage.FETCHABLE, "", "", lined=not task.served) if task.start_at <= happened.now else None


def rejected(_: Task, report: DocumentRejected) -> Next:
    return go(Stage.ABORTED, report.reason, report.message)


def given_up(_: Task, given: GivenUp) -> Next:
    return go(Stage.ABORTED, Reason.ABORTED_BY_SYSTEM, given.message)


def cancel_at_once(_: Task, __: Cancel) -> Next:
    return go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, "It was canceled.")


def expire(task: Task, happened: Due) -> Next | None:
    if not expired(task, happened):
        return None
    return go(Stage.CANCELED, Reason.EXPIRED, over(task))


def over(task: Task) -> str:
    """The sentence about a task whose time is over."""
    if not task.started:
        return "It was not started within its time."
    if task.done_before:
        return "Its time was over before the rest of it could be printed."
    if task.served and task.stage is Stage.FETCHABLE:
        return f"The application that serves {task.device} did not fetch it within its time."
    return "Its time was over before it could be printed."
