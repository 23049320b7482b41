"""Rules for what partner applications do: those whose hooks work on a task, and those that serve its printer."""

from libs.contracts.jobs import Service
from libs.contracts.states import Reason, Stage
from services.spooler.rules.step import Next, closed, go, joins
from services.spooler.task import Abort, Redirect, Reminded, Served, Task


def abort(_: Task, happened: Abort) -> Next:
    return go(Stage.ABORTED, Reason.ABORTED_BY_SYSTEM, happened.message)


def reminded(task: Task, happened: Reminded) -> Next:
    return go(task.stage, task.reason, task.message, valid_until=happened.until)


def redirect(task: Task, happened: Redirect) -> Next:
    """The same task at another printer: its next leg, which goes through everything anew (rule 12)."""
    printer = happened.printer
    where = {"agent": printer.agent, "printer": printer.id, "device": printer.name, "shard": printer.shard}
    rest = {"unknown": happened.unknown, "served": happened.served, "hold": happened.hold, "expires_at": happened.expires_at}
    rest["lined"] = not happened.hold and joins(task, happened.served)
    return go(Stage.INCOMING, "", "", **closed(leg=task.leg + 1, place=1, failures=0, **where, **rest))


def served(task: Task, happened: Served) -> Next | None:
    """What the application that serves the printer says; what it said before is nothing new."""
    if not task.served:
        return None
    if happened.state is Service.ACKNOWLEDGED and task.taken:
        return None
    stage, reason = _STAGE_OF[happened.state]
    if stage is task.stage and happened.description in ("", task.message):
        return None
    over = {"pages_done": task.pages} if stage is Stage.COMPLETED else {}
    message = happened.description or _SENTENCE.get(happened.state, "")
    return go(stage, reason, message, taken=True, sent=stage is not Stage.OUTGOING, **over)


_STAGE_OF = {
    Service.ACKNOWLEDGED: (Stage.OUTGOING, ""),
    Service.PRINTING: (Stage.PRINTING, ""),
    Service.STOPPED: (Stage.STOPPED, ""),
    Service.COMPLETED: (Stage.COMPLETED, Reason.JOB_COMPLETED_SUCCESSFULLY),
    Service.ABORTED: (Stage.ABORTED, Reason.ABORTED_BY_SYSTEM),
}
_SENTENCE = {Service.ABORTED: "The application that serves its printer gave it up."}
