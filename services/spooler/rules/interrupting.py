"""Rules for a task whose printer gave it up in the middle, and says how much is on paper: it goes on there, or begins once more."""

from libs.contracts.devices import PartialPolicy
from libs.contracts.reports import DocumentConverted
from libs.contracts.states import Reason, Stage
from services.spooler.rules.printing import RETRIES, failed
from services.spooler.rules.step import Next, closed, converting, go
from services.spooler.task import Ask, Interrupted, Task

#: What a printer says when the document is to blame, which is no better the next time.
OF_THE_DOCUMENT = frozenset(reason.value for reason in Reason if reason.value.startswith(("document-", "unsupported-")))


def interrupted(task: Task, happened: Interrupted) -> Next:
    """As its printer's owner wants it, if it is known for certain what the rest is; else it ends, and a person decides.

    The first sheet of the rest is the one that was being printed: if in doubt, it is printed again.
    """
    report = happened.report
    done = task.done_before + report.pages_sure
    known = report.pages_sure > 0 and done < task.pages and report.reason not in OF_THE_DOCUMENT
    if not known or report.canceled or task.canceling or task.failures >= len(RETRIES):
        return failed(task, report)
    here = {"failures": task.failures + 1, "place": 0, "lined": True, "retry_at": 0}
    if happened.policy is PartialPolicy.REPRINT:
        message = f"{report.message} It is printed once more."
        return go(Stage.FETCHABLE, "", message, **closed(**here, pages_done=task.done_before))
    if happened.policy is PartialPolicy.CONTINUE:
        message = f"{report.message} It goes on with page {done + 1}."
        return go(Stage.PARTIAL, "", message, Ask.CONVERT, **closed(**here, pages_done=done, **converting(task)))
    return failed(task, report)


def rest(task: Task, _: DocumentConverted) -> Next:
    """What is left of it is ready: the next attempt, at the head of what is not yet sent."""
    return go(Stage.FETCHABLE, "", task.message, **closed(done_before=task.pages_done))
