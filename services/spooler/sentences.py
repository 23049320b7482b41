"""What a waiting task waits for, in one sentence for people."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

from libs.contracts.states import Reason, Stage
from services.spooler.task import Step, Task


def told(text: str, limit: int) -> str:
    """What others say, fit for every database and every line of a log: no control characters, no more than `limit`."""
    if text.isprintable():  # nearly everything is
        return text[:limit]
    return "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in text)[:limit]


def sentence(task: Task, *, paused: bool = False) -> str:
    """One sentence; empty for a task that is over and well. `paused`: its printer's line is."""
    if task.canceling:
        return f"It is being canceled: the agent {task.agent} has to say whether that is still possible."
    if task.stage is Stage.FETCHABLE and not task.served and (task.recalled or (paused and task.step is not Step.PRINT)):
        return _paused(task)
    if task.message and not (task.stage is Stage.FETCHABLE and task.reason == Reason.JOB_RELEASE_WAIT):
        return task.message
    return _OF_STAGE.get(task.stage, _nothing)(task)


def _fetchable(task: Task) -> str:
    if task.served:
        until = f", until {_moment(task.expires_at)}" if task.expires_at else ""
        return f"It waits for the application that serves {task.device} to fetch it{until}."
    if task.step is not Step.PRINT:
        return f"It waits in the line of {task.device}."
    if not task.taken:
        return f"It waits for the agent {task.agent} to take it."
    return f"It waits at {task.device} for the tasks before it."


def _paused(task: Task) -> str:
    if task.recalled:
        return f"{task.device} is paused: the agent {task.agent} has to say whether it has not yet begun this task."
    return task.message if task.reason == Reason.JOB_RELEASE_WAIT else f"{task.device} is paused."


def _transforming(task: Task) -> str:
    if task.hold or task.rendering:
        return "It waits for its document to be converted, and may be released already."
    return "It waits for its document to be converted."


def _held(task: Task) -> str:
    return f"It waits for its time, {_moment(task.start_at)}."


def _outgoing(task: Task) -> str:
    if task.served:
        return f"The application that serves {task.device} has it, and did not say yet that it prints."
    return f"It is being sent to {task.device}."


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _nothing(_: Task) -> str:
    return ""


_OF_STAGE: dict[Stage, Callable[[Task], str]] = {
    Stage.AWAITING_DATA: lambda _: "It waits for its document, and to be started.",
    Stage.HOOKED: lambda _: "It waits for a partner to do its work.",
    Stage.INCOMING: lambda _: "It was accepted.",
    Stage.TRANSFORMING: _transforming,
    Stage.HELD: _held,
    Stage.RELEASE_WAIT: lambda _: "It waits until somebody releases it to a printer.",
    Stage.FINISHING: lambda task: f"It is made ready for {task.device}.",
    Stage.FETCHABLE: _fetchable,
    Stage.OUTGOING: _outgoing,
    Stage.PRINTING: lambda task: f"{task.device} has it and prints.",
    Stage.STOPPED: lambda task: f"{task.device} has stopped.",
    Stage.UNKNOWN: lambda _: "Nobody knows whether it is on paper: look, and resolve it as printed, reprint or give-up.",
}
