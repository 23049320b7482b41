"""How long what a service does over the bus takes: messages stored, messages worked on, questions (`libs/contracts/metrics.py`)."""

from bisect import bisect_left
from itertools import accumulate
from time import perf_counter
from types import TracebackType

from prometheus_client import CollectorRegistry

from libs.contracts.metrics import BUS_OPERATIONS, BUS_PROCESSING, BUS_QUESTIONS, Metric
from libs.runtime.metrics import Spread, spreads

#: What OpenTelemetry's conventions for messaging call the bus, and storing a message on it.
_SYSTEM, _PUBLISH = "nats", "publish"


class Timings:
    """The durations of one service, told in its `registry`; without one nobody hears of them. What is canceled does not count."""

    def __init__(self, service: str, registry: CollectorRegistry | None = None) -> None:
        where = registry or CollectorRegistry()
        self._service = service
        self._published = _Durations(BUS_OPERATIONS, where)
        self._processed = _Durations(BUS_PROCESSING, where)
        self._asked = _Durations(BUS_QUESTIONS, where)

    def publishing(self, stream: str) -> "_Timing":
        """Around what stores a message, or an atomic batch, in a stream."""
        return _Timing(self._published, (self._service, _SYSTEM, _PUBLISH, stream))

    def processing(self, stream: str) -> "_Timing":
        """Around the work on a message of a stream, or on those that were read together."""
        return _Timing(self._processed, (self._service, _SYSTEM, stream))

    def asking(self, question: str, refusal: type[Exception]) -> "_Timing":
        """Around a question (the name of its class) and its answer; what raises a `refusal` was answered with a no."""
        return _Timing(self._asked, (self._service, question), refusal)


class _Timing:
    """From its block's begin to its end: a context manager made of a generator takes twice its time."""

    __slots__ = ("_begun", "_durations", "_labels", "_refusal")

    def __init__(self, durations: "_Durations", labels: tuple[str, ...], refusal: type[Exception] | None = None) -> None:
        self._durations = durations
        self._labels = labels
        self._refusal = refusal

    def __enter__(self) -> None:
        self._begun = perf_counter()

    def __exit__(self, kind: type[BaseException] | None, _problem: BaseException | None, _trace: TracebackType | None) -> None:
        if kind is None or issubclass(kind, Exception):
            self._durations.add(perf_counter() - self._begun, (*self._labels, self._ended(kind)))

    def _ended(self, kind: type[BaseException] | None) -> str:
        if self._refusal is None:
            return kind.__name__ if kind else ""
        if kind is None:
            return "answered"
        return "refused" if issubclass(kind, self._refusal) else "unanswered"


class _Durations:
    """A histogram that one event loop counts into: no lock, and half the time of one that threads share."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self._buckets = metric.buckets
        self._counted: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}
        spreads(metric, registry, self._spreads)

    def add(self, seconds: float, labels: tuple[str, ...]) -> None:
        """One duration; labels as the metric has them."""
        counted = self._counted.get(labels)
        if counted is None:
            counted = self._counted[labels] = [0] * (len(self._buckets) + 1)
            self._sums[labels] = 0.0
        counted[bisect_left(self._buckets, seconds)] += 1
        self._sums[labels] += seconds

    def _spreads(self) -> dict[tuple[str, ...], Spread]:
        return {labels: self._spread(labels) for labels in self._counted}

    def _spread(self, labels: tuple[str, ...]) -> Spread:
        *within, count = accumulate(self._counted[labels])
        return Spread(tuple(within), count, self._sums[labels])
