"""Metrics of the catalogue (`libs/contracts/metrics.py`) made and written out: the only place that knows Prometheus's client."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics import exposition
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from libs.contracts.metrics import Kind, Metric
from libs.runtime.busiest import Busiest

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody asks for

#: Label values -> value.
Rows = Mapping[tuple[str, ...], float]
#: What was made for each registry: several parts of a service may count into one metric.
_MADE: WeakKeyDictionary[CollectorRegistry, dict[str, Any]] = WeakKeyDictionary()
_RANKED: "WeakKeyDictionary[CollectorRegistry, dict[str, Ranked]]" = WeakKeyDictionary()
T = TypeVar("T")
_PLAIN = "text/plain; version=0.0.4; charset=utf-8"


def counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    """A counter that something adds to."""
    return _made(metric, registry, lambda: Counter(metric.name, metric.says, metric.labels, registry=registry))


def gauge(metric: Metric, registry: CollectorRegistry) -> Gauge:
    """A gauge that something sets."""
    return _made(metric, registry, lambda: Gauge(metric.name, metric.says, metric.labels, registry=registry))


def histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    """A histogram that something observes."""
    return _made(
        metric, registry, lambda: Histogram(metric.name, metric.says, metric.labels, buckets=metric.buckets, registry=registry)
    )


def _made(metric: Metric, registry: CollectorRegistry, make: Callable[[], T]) -> T:
    known = _MADE.setdefault(registry, {})
    if metric.name not in known:
        known[metric.name] = make()
    found: T = known[metric.name]
    return found


class Ranked:
    """A histogram whose first label is told for the busiest of its values by themselves (`Metric.most`), for all others as one."""

    def __init__(self, metric: Metric, registry: CollectorRegistry) -> None:
        self._seconds = histogram(metric, registry)
        self._busiest = Busiest(metric.most, self._drop)
        self._known: dict[tuple[str, ...], Histogram] = {}

    def observe(self, value: float, exemplar: dict[str, str] | None, name: str, *labels: str) -> None:
        """One value of whoever `name` is."""
        key = (self._busiest.label(name), *labels)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._seconds.labels(*key)
        known.observe(value, exemplar)

    def _drop(self, name: str) -> None:
        for key in [each for each in self._known if each[0] == name]:
            del self._known[key]
            self._seconds.remove(*key)


def ranked(metric: Metric, registry: CollectorRegistry) -> Ranked:
    """A histogram with bounded names; all parts of a service share who is among the busiest."""
    known = _RANKED.setdefault(registry, {})
    if metric.name not in known:
        known[metric.name] = Ranked(metric, registry)
    return known[metric.name]


def looked_up(metric: Metric, registry: CollectorRegistry, look: Callable[[], float]) -> None:
    """A gauge without labels whose value is looked up when somebody asks."""
    Gauge(metric.name, metric.says, registry=registry).set_function(look)


class _Counted(Collector):
    """A metric with labels whose rows are made when somebody asks; those that are gone are told no more."""

    def __init__(self, metric: Metric, look: Callable[[], Rows]) -> None:
        self._metric = metric
        self._look = look

    def collect(self) -> Iterable[Family]:
        """It, as it is now."""
        family = self._family()
        for labels, value in self._look().items():
            family.add_metric(labels, value)
        yield family

    def describe(self) -> Iterable[Family]:
        """Its name, so that registering it asks nobody."""
        return [self._family()]

    def _family(self) -> GaugeMetricFamily | CounterMetricFamily:
        made = CounterMetricFamily if self._metric.kind is Kind.COUNTER else GaugeMetricFamily
        return made(self._metric.name, self._metric.says, labels=self._metric.labels)


def rows(metric: Metric, registry: CollectorRegistry, look: Callable[[], Rows]) -> None:
    """A gauge or counter with labels, made when somebody asks: nothing runs meanwhile."""
    registry.register(_Counted(metric, look))


@dataclass(frozen=True, slots=True)
class Spread:
    """Values as they are now: how many are at most each of a metric's `buckets`, how many there are at all, and their sum."""

    within: tuple[int, ...]
    count: int
    sum: float


class _Spreads(Collector):
    """A histogram that is counted anew each time, and not added to."""

    def __init__(self, metric: Metric, look: Callable[[], Mapping[tuple[str, ...], Spread]]) -> None:
        self._metric = metric
        self._look = look

    def collect(self) -> Iterable[Family]:
        """It, as it is now."""
        family = self._family()
        bounds = [*map(floatToGoString, self._metric.buckets), "+Inf"]
        for labels, spread in self._look().items():
            family.add_metric(labels, list(zip(bounds, (*spread.within, spread.count), strict=True)), spread.sum)
        yield family

    def describe(self) -> Iterable[Family]:
        """Its name, so that registering it asks nobody."""
        return [self._family()]

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._metric.name, self._metric.says, labels=self._metric.labels)


def spreads(metric: Metric, registry: CollectorRegistry, look: Callable[[], Mapping[tuple[str, ...], Spread]]) -> None:
    """A histogram of what there is when somebody asks, by the values of its labels."""
    registry.register(_Spreads(metric, look))


class _Together(Collector):
    """Several registries as one: what more than one of them tells under the same name is one metric."""

    def __init__(self, registries: Sequence[CollectorRegistry]) -> None:
        self._registries = registries

    def collect(self) -> Iterable[Family]:
        """All metrics, each once."""
        found: dict[str, Family] = {}
        for family in (each for registry in self._registries for each in registry.collect()):
            found.setdefault(family.name, family)
            if found[family.name] is not family:
                found[family.name].samples.extend(family.samples)
        return found.values()


def written(registries: Sequence[CollectorRegistry], accept: str = "") -> tuple[bytes, str]:
    """All metrics of these registries, and their media type: OpenMetrics, which has exemplars, for those who `accept` it."""
    together: Any = _Together(registries)
    if "application/openmetrics-text" in accept:
        lines = exposition.generate_latest(together)  # type: ignore[no-untyped-call]
        return lines, exposition.CONTENT_TYPE_LATEST
    return generate_latest(together), _PLAIN
