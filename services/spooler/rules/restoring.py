"""Rules for a task whose database was brought back from a backup: what has happened to it since is not known."""

from libs.contracts import canary
from libs.contracts.states import Stage
from services.spooler.rules.step import Next, closed, go
from services.spooler.task import Restored, Step, Task

HELD = "It was open when the backup was taken that was brought back: it may have been printed since. Somebody has to say so."
RELEASED = "It waited to be released when the backup was taken that was brought back: it may have been printed since."


def doubtful(task: Task, now: int) -> bool:
    """Whether it may be on paper by now (ms since 1970), or would be without anybody's doing; those that test the way never."""
    return not task.hold and task.start_at <= now and task.sn != canary.SN


def restored(task: Task, happened: Restored) -> Next | None:
    """Nothing that might be on paper goes on by itself: neither what is in the line, nor what is on its way into it."""
    if not doubtful(task, happened.now):
        return go(task.stage, task.reason, RELEASED) if task.stage is Stage.RELEASE_WAIT else None
    here = {"lined": False, "canceling": False, "recalled": False, "retry_at": 0}
    if task.step is Step.PRINT:  # its agent may still tell what became of this attempt
        return go(Stage.UNKNOWN, "", HELD, **here, taken=True, valid_until=0)
    # What a released task has is rendered only, and is to be finished should it be printed again.
    return go(Stage.UNKNOWN, "", HELD, **closed(**here, rendering=task.stage is Stage.FINISHING))
