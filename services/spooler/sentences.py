"""What a waiting task waits for, in one sentence for people."""

import unicodedata
from collections.abc import Callable

from libs.contracts.states import Stage
from services.spooler.task import Step, Task


def told(text: str, limit: int) -> str:
    """What others say, fit for every database and every line of a log: no control characters, no more than `limit`."""
    return "".join(" " if unicodedata.category(each) in ("Cc", "Cs") else each for each in text)[:limit]


def sentence(task: Task) -> str:
    """One sentence; empty for a task that is over and well."""
    if task.canceling:
        return f"It is being canceled: the agent {task.agent} has to say whether that is still possible."
    if task.message:
        return task.message
    return _OF_STAGE.get(task.stage, _nothing)(task)


def _fetchable(task: Task) -> str:
    if task.step is not Step.PRINT:
        return f"It waits in the line of {task.device}."
    if not task.taken:
        return f"It waits for the agent {task.agent} to take it."
    return f"It waits at {task.device} for the tasks before it."


def _nothing(_: Task) -> str:
    return ""


_OF_STAGE: dict[Stage, Callable[[Task], str]] = {
    Stage.INCOMING: lambda _: "It was accepted.",
    Stage.TRANSFORMING: lambda _: "It waits for its document to be converted.",
    Stage.FETCHABLE: _fetchable,
    Stage.OUTGOING: lambda task: f"It is being sent to {task.device}.",
    Stage.PRINTING: lambda task: f"{task.device} has it and prints.",
    Stage.STOPPED: lambda task: f"{task.device} has stopped.",
    Stage.UNKNOWN: lambda _: "Nobody knows whether it is on paper: look, and resolve it as printed, reprint or give-up.",
}
