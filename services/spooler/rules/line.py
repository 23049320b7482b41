"""Rules for a task in its printer's line."""

from libs.contracts.states import Reason, Stage
from services.spooler.rules.preparing import cancel_at_once, expire
from services.spooler.rules.step import Next, closed, expired, go
from services.spooler.task import Ask, Cancel, Dispatched, Due, Recall, Step, Superseded, Task, Withheld

#: How long an order may wait to be taken, in ms (rule 8: at most six days, one less than the stream keeps it).
VALID_FOR = 6 * 86_400_000


def dispatch(task: Task, happened: Dispatched) -> Next | None:
    if not task.lined:  # nobody else is sent, whoever asks for it
        return None
    return go(
        Stage.FETCHABLE,
        "",
        "",
        **closed(
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
        return go(Stage.FETCHABLE, task.reason, task.message, Ask.WITHDRAW, valid_until=happened.now + VALID_FOR)
    if expired(task, happened):
        return expire(task, happened)
    return go(Stage.FETCHABLE, "", "", lined=not task.served, retry_at=0)


def cancel(task: Task, happened: Cancel) -> Next | None:
    """Honest (rule 11): once the order has left, only the agent can say."""
    if task.step is not Step.PRINT:
        return cancel_at_once(task, happened)
    if task.canceling:
        return None
    return go(task.stage, task.reason, task.message, Ask.WITHDRAW, canceling=True)


def recall(task: Task, _: Recall) -> Next | None:
    """Its line was paused: only the agent can say whether it has begun."""
    if task.step is not Step.PRINT or task.recalled or task.canceling:
        return None
    return go(task.stage, task.reason, task.message, Ask.WITHDRAW, recalled=True)


def withheld(task: Task, happened: Withheld) -> Next | None:
    """It stays in its line, and says what it waits for."""
    if task.step is Step.PRINT or task.served:
        return None
    return go(Stage.FETCHABLE, Reason.JOB_RELEASE_WAIT, happened.message)


def superseded(task: Task, happened: Superseded) -> Next | None:
    """A newer one takes its place; what has left already is printed."""
    if task.step is Step.PRINT:
        return None
    return go(Stage.CANCELED, Reason.JOB_CANCELED_BY_USER, happened.message)


def again(task: Task) -> Next:
    """The next attempt of the same task, at the head of what is not yet sent."""
    return go(Stage.FETCHABLE, "", "", **closed(place=0, lined=True, retry_at=0, pages_done=task.done_before))
