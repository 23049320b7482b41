"""Which reports of the journal go out now: that an order was taken waits a moment, as more may be told of it by then."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from libs.contracts.reports import TaskPrinted, TaskPrinting, TaskSent, TaskStopped, TaskTaken, TaskUnknown
from services.agent.journal import Row

#: Seconds that a report of an order that was taken waits for the next one about it.
HELD = 0.2
_TAKEN = TaskTaken.__name__
#: What is told of nothing but an order that was taken.
_IMPLY = frozenset(kind.__name__ for kind in (TaskPrinting, TaskSent, TaskStopped, TaskPrinted, TaskUnknown))

Attempt = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows to publish, in their order; numbers of those that say nothing new any more; seconds until more is due, None: never."""

    now: Sequence[Row]
    needless: Sequence[int]
    wait: float | None


class Reports:
    """Remembers since when it has held back what."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[int, tuple[str, Attempt]] = {}
        self._since: dict[int, float] = {}

    def sort(self, rows: Sequence[Row], *, all_of_them: bool) -> Sorted:
        """What becomes of the outbox's rows, which are in their order; without `all_of_them` there are more, and none is held."""
        self._known = {row.row: self._known.get(row.row) or _read(row) for row in rows}
        now = self._clock()
        self._since = {number: self._since.get(number, now) for number, (kind, _) in self._known.items() if kind == _TAKEN}
        late, told, implied = now - HELD, set[Attempt](), set[Attempt]()
        out: list[Row] = []
        needless, held = [], []
        for row in reversed(rows):
            kind, attempt = self._known[row.row]
            if kind != _TAKEN:
                out.append(row)
                told.add(attempt)
                if kind in _IMPLY:
                    implied.add(attempt)
            elif attempt in implied:
                needless.append(row.row)
            elif attempt in told or self._since[row.row] <= late or not all_of_them:
                out.append(row)
            else:
                held.append(self._since[row.row])
        return Sorted(out[::-1], needless, min(held) - late if held else None)


def _read(row: Row) -> tuple[str, Attempt]:
    """A report's kind and attempt."""
    report = json.loads(row.data)
    return str(report.get("kind")), (str(report.get("task")), int(report.get("attempt", 0)))
