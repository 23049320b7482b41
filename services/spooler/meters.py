"""What the spooler counts of its decisions: ends, unknown outcomes, what came twice, and what it did not believe."""

import time
from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry

from libs.contracts import canary
from libs.contracts.metrics import (
    FIRST_BYTE,
    MISPLACED,
    PAGES,
    SPOOLER_DUPLICATES,
    SPOOLER_FOREIGN,
    STAGE_SECONDS,
    TASKS_ENDED,
    UNKNOWN_OUTCOMES,
)
from libs.contracts.states import TERMINAL, Reason, Stage
from libs.runtime.metrics import counter, histogram
from services.spooler.task import Task

#: IPP's reasons that are told by their own name, and an agent's own word for paper that its printer does not have; what printers
#: and drivers make up is `other`.
_REASONS = frozenset(reason.value for reason in Reason) | {"media-mismatch"}
#: Stages of a task of which its printer has something, or had.
_BEGUN = frozenset({Stage.OUTGOING, Stage.PRINTING, Stage.PARTIAL, Stage.UNKNOWN, Stage.COMPLETED})


class Meters:
    """The counters of one process, whatever terms it has. What a failed transaction decided is counted, too: that is seldom."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._ended = counter(TASKS_ENDED, metrics)
        self._pages = counter(PAGES, metrics)
        stages = histogram(STAGE_SECONDS, metrics)
        self._stages = {stage: stages.labels(stage.value) for stage in Stage if stage not in TERMINAL}
        first = histogram(FIRST_BYTE, metrics)
        self._accepted, self._ready = first.labels("accepted"), first.labels("ready")
        self._begun: set[str] = set()  # of those that have not ended: a printer may stop and go on
        self._unknown = counter(UNKNOWN_OUTCOMES, metrics)
        duplicates = counter(SPOOLER_DUPLICATES, metrics)
        self._submissions, self._reports = duplicates.labels("submission"), duplicates.labels("report")
        self._misplaced = counter(MISPLACED, metrics)
        self._foreign = counter(SPOOLER_FOREIGN, metrics)

    def moved(self, changed: Iterable[Task], before: Mapping[str, Task]) -> None:
        """Tasks as a round leaves them, and how they were. Those that test the way are nobody's."""
        now = int(time.time() * 1000)
        for task in changed:
            if task.sn == canary.SN:
                continue
            old = before.get(task.id)
            self._begin(task, old, now)
            if old and task.stage is not old.stage and old.stage in self._stages:
                self._stages[old.stage].observe(max(0, now - (old.stage_at or old.created_at)) / 1000)
            if task.ended_at and not (old and old.ended_at):
                self._ended.labels(task.stage.value, task.reason if task.reason in _REASONS else "other").inc()
                self._pages.inc(task.pages_done or (task.pages if task.stage is Stage.COMPLETED else 0))
            elif task.stage is Stage.UNKNOWN and not (old and old.stage is Stage.UNKNOWN):
                self._unknown.inc()

    def _begin(self, task: Task, old: Task | None, now: int) -> None:
        """Its printer has got the first of it, if this is when it has; what was begun before this process is not known here."""
        if task.stage in _BEGUN and old and old.stage not in _BEGUN and task.attempt and task.id not in self._begun:
            self._begun.add(task.id)
            self._accepted.observe(max(0, now - max(task.created_at, task.start_at)) / 1000)
            self._ready.observe(max(0, now - max(task.fetchable_at, task.start_at)) / 1000)
        if task.ended_at:
            self._begun.discard(task.id)

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
