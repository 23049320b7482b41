"""Whose line a submission joins, read off without reading the rest of it."""

from collections.abc import Collection
from dataclasses import dataclass

from libs.contracts.message import Undecodable, decode
from libs.runtime.reader import Incoming


@dataclass(frozen=True, slots=True)
class _Printer:
    id: str


@dataclass(frozen=True, slots=True)
class _Task:
    printer: _Printer


@dataclass(frozen=True, slots=True)
class _Submitted:
    tasks: tuple[_Task, ...]


def lines(message: Incoming) -> Collection[str]:
    """The printers of a submission's tasks; none, if it cannot be read: then it waits for nobody."""
    try:
        submitted: _Submitted = decode(_Submitted, message.data)
    except Undecodable:
        return ()
    return {task.printer.id for task in submitted.tasks}
