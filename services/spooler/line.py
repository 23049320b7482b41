"""A printer's line: who is sent next, in the order (place, priority, position), and what a slow conversion may hold up (rule 7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from libs.contracts.states import Stage
from services.spooler.task import Task


@dataclass(slots=True)
class Heads:
    """Which conversion holds which line, since when (monotonic seconds), and whom each line has stepped over."""

    since: dict[str, tuple[str, float]] = field(default_factory=dict)
    passed: dict[str, set[str]] = field(default_factory=dict)

    def holds(self, printer: str, task: str, now: float, limit: float) -> bool:
        """Whether this conversion, the first of its line, still holds it; the first look starts its count."""
        if task in self.passed.get(printer, ()):
            return False
        held, since = self.since.get(printer, ("", now))
        if held != task:
            self.since[printer] = (task, since := now)
        if now - since < limit:
            return True
        self.passed.setdefault(printer, set()).add(task)
        return False

    def let_go(self, printer: str) -> None:
        """Nothing holds this line: enough of it is sent, or nobody is sent now whatever it holds."""
        self.since.pop(printer, None)

    def free(self, printer: str, line: Sequence[Task]) -> None:
        """Nothing holds this line; those stepped over are remembered as long as they are in it."""
        self.let_go(printer)
        left = self.passed.get(printer, set()) & {task.id for task in line}
        if left:
            self.passed[printer] = left
        else:
            self.passed.pop(printer, None)

    def overdue(self, now: float, limit: float) -> list[str]:
        """The printers whose head has waited long enough."""
        return [printer for printer, (_, since) in self.since.items() if now - since >= limit]


def pick(line: Sequence[Task], *, room: int, heads: Heads, now: float, head_wait: float) -> list[Task]:
    """The tasks to send now: from the front of one printer's `line`, at most `room`, up to a conversion that holds it.

    `line` is in its order; only tasks in it that are `FETCHABLE` can be sent. Times are monotonic seconds.
    """
    chosen: list[Task] = []
    for task in line:
        if len(chosen) >= room:
            heads.let_go(task.printer)
            return chosen
        if task.stage is Stage.FETCHABLE:
            chosen.append(task)
        elif heads.holds(task.printer, task.id, now, head_wait):
            return chosen
    if line:
        heads.free(line[0].printer, line)
    return chosen
