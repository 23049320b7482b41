"""What the spooler counts of its decisions: ends, unknown outcomes, what came twice, and what it did not believe."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry

from libs.contracts.metrics import MISPLACED, PAGES, SPOOLER_DUPLICATES, SPOOLER_FOREIGN, TASKS_ENDED, UNKNOWN_OUTCOMES
from libs.contracts.states import Reason, Stage
from libs.runtime.metrics import counter
from services.spooler.task import Task

#: IPP's reasons that are told by their own name; what printers and drivers make up is `other`.
_REASONS = frozenset(reason.value for reason in Reason)


class Meters:
    """The counters of one process, whatever terms it has. What a failed transaction decided is counted, too: that is seldom."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._ended = counter(TASKS_ENDED, metrics)
        self._pages = counter(PAGES, metrics)
        self._unknown = counter(UNKNOWN_OUTCOMES, metrics)
        duplicates = counter(SPOOLER_DUPLICATES, metrics)
        self._submissions, self._reports = duplicates.labels("submission"), duplicates.labels("report")
        self._misplaced = counter(MISPLACED, metrics)
        self._foreign = counter(SPOOLER_FOREIGN, metrics)

    def moved(self, changed: Iterable[Task], before: Mapping[str, Task]) -> None:
        """Tasks as a round leaves them, and how they were."""
        for task in changed:
            old = before.get(task.id)
            if task.ended_at and not (old and old.ended_at):
                self._ended.labels(task.stage.value, task.reason if task.reason in _REASONS else "other").inc()
                self._pages.inc(task.pages_done or (task.pages if task.stage is Stage.COMPLETED else 0))
            elif task.stage is Stage.UNKNOWN and not (old and old.stage is Stage.UNKNOWN):
                self._unknown.inc()

    def repeated(self, *, report: bool) -> None:
        """A submission of a task that is there, or a report on an attempt that is over."""
        (self._reports if report else self._submissions).inc()

    def misplaced(self) -> None:
        """A report on an open order that no row of the life cycle names."""
        self._misplaced.inc()

    def foreign(self, messages: int = 1) -> None:
        """Messages that speak for another than their subject's agent: nothing was believed."""
        if messages:
            self._foreign.inc(messages)
