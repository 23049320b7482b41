"""What a task waited for, as spans of its own trace: one for each place in its life that it leaves.

Whoever looks at a trace sees where the time went between the door, the converter and the paper, also of a task that stands still.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from libs.contracts.states import TERMINAL, Stage
from libs.runtime.traces import Tracing, is_recorded
from services.spooler.task import Step, Task

#: Tasks of which it is remembered to the nanosecond when they came where they are; of others their row tells it roughly.
REMEMBERED = 10_000
#: Where tasks are when they are made: they have been there since somebody asked for them.
_FIRST = frozenset({Stage.INCOMING, Stage.AWAITING_DATA})
#: Ends and places that a person who looks at a trace wants to see at once.
_BAD = frozenset({Stage.ABORTED, Stage.UNKNOWN, Stage.PARTIAL, Stage.STOPPED})


class Spans:
    """Those of one term. Without traces it costs nothing, and for a task whose trace is not recorded a look at one letter."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing
        self._since: OrderedDict[str, int] = OrderedDict()

    def moved(self, changed: Iterable[Task], before: Mapping[str, Task]) -> None:
        """Tasks as a round leaves them, and how they were. What a failed transaction decided is told, too: that is seldom."""
        if not self._tracing.on:
            return
        now = time.time_ns()
        for task in changed:
            if is_recorded(task.traceparent):
                self._moved(task, before.get(task.id), now)

    def _moved(self, task: Task, old: Task | None, now: int) -> None:
        place = place_of(old) if old else Stage.INCOMING.value
        if place == place_of(task) or (old is None and task.stage in _FIRST):
            return
        since = self._since.pop(task.id, 0) or (_since(old) if old else task.created_at * 1_000_000)
        failed = task.reason if task.stage in _BAD else ""
        about = {"task": task.id, "printer": task.printer, "next": place_of(task), "reason": task.reason}
        self._tracing.past(f"task {place}", task.traceparent, since, now, failed=failed, **about)
        if task.stage not in TERMINAL:
            self._since[task.id] = now
            if len(self._since) > REMEMBERED:
                self._since.popitem(last=False)


def place_of(task: Task) -> str:
    """A task's stage, and `offered` where its order waits to be taken up by its agent."""
    return "offered" if task.stage is Stage.FETCHABLE and task.step is Step.PRINT else task.stage.value


def _since(task: Task) -> int:
    """Since when a task has been where it is, as far as its row tells; in ns since 1970."""
    times = (task.created_at, task.fetchable_at, task.ordered_at, task.stage_at) if task.stage not in _FIRST else (task.created_at,)
    return max(times) * 1_000_000
