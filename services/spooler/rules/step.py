"""What a rule answers: where a task goes, what to ask for, what else changes."""

from dataclasses import dataclass
from typing import Any

from libs.contracts.states import Stage
from services.spooler.task import Ask, Due, Step, Task


@dataclass(frozen=True, slots=True)
class Next:
    """Where a task goes: stage, reason and sentence ("" : the stage's own), what to ask for, and other fields that change."""

    stage: Stage
    reason: str = ""
    message: str = ""
    asks: tuple[Ask, ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()


def go(stage: Stage, reason: str = "", message: str = "", *asks: Ask, **changes: Any) -> Next:
    """A step to this stage."""
    return Next(stage, reason, message, asks, tuple(changes.items()))


def closed(**changes: Any) -> dict[str, Any]:
    """The fields of a task without an open order."""
    fields = {"step": Step.NONE, "taken": False, "sent": False, "ordered_at": 0, "valid_until": 0}
    return {**fields, "rendering": False, "recalled": False, **changes}


def converting(task: Task, **changes: Any) -> dict[str, Any]:
    """The fields of a task whose next conversion is asked for."""
    return {"step": Step.CONVERT, "conversions": task.conversions + 1, "ordered_at": 0, **changes}


def expired(task: Task, happened: Due) -> bool:
    """Whether its time is over."""
    return bool(task.expires_at) and task.expires_at <= happened.now


def joins(task: Task, served: str) -> bool:
    """Whether a task that nobody holds stands in its printer's line: no time was set, and no application fetches it."""
    return not task.start_at and not served
