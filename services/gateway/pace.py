"""How many requests a door answers, how, and how fast; with the trace of one of them beside each number."""

from time import perf_counter

from prometheus_client import CollectorRegistry, Histogram

from libs.contracts.metrics import REQUESTS
from libs.runtime import traces
from libs.runtime.metrics import histogram


class Pace:
    """The requests of one door."""

    def __init__(self, door: str, metrics: CollectorRegistry) -> None:
        self._door = door
        self._seconds = histogram(REQUESTS, metrics)
        self._known: dict[int, Histogram] = {}

    def begin(self) -> float:
        """A request has come; what `took` wants to know."""
        return perf_counter()

    def took(self, begun: float, status: int) -> None:
        """It is answered with this HTTP status."""
        seconds = self._known.get(status)
        if seconds is None:
            seconds = self._known[status] = self._seconds.labels(self._door, str(status))
        seconds.observe(perf_counter() - begun, traces.exemplar())
