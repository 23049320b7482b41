"""How many requests a door answers, for whom, how, and how fast; with the trace of one of them beside each number."""

from collections.abc import Awaitable, Callable
from time import perf_counter

from prometheus_client import CollectorRegistry, Histogram
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from libs.contracts.metrics import REQUESTS, ROUTES, TENANTS
from libs.runtime import traces
from libs.runtime.metrics import histogram, ranked

#: Who asks where nobody has said it, or was not believed.
NOBODY = "nobody"
#: What is asked for where there is nothing, or nobody was let in to ask.
UNKNOWN = "unknown"

Answering = Callable[[Request], Awaitable[Response]]


class Turn:
    """One request: when it came, what it asks for, and who asks, as soon as that is known."""

    __slots__ = ("begun", "route", "tenant")

    def __init__(self) -> None:
        self.begun = perf_counter()
        self.route = UNKNOWN
        self.tenant = NOBODY


class Pace:
    """The requests of one door."""

    def __init__(self, door: str, metrics: CollectorRegistry) -> None:
        self._door = door
        self._seconds, self._routes = histogram(REQUESTS, metrics), histogram(ROUTES, metrics)
        self._tenants = ranked(TENANTS, metrics)
        self._by_status: dict[int, Histogram] = {}
        self._by_route: dict[tuple[str, str], Histogram] = {}

    def begin(self) -> Turn:
        """A request has come; what `took` wants to know."""
        return Turn()

    def took(self, turn: Turn, status: int) -> None:
        """It is answered with this HTTP status."""
        took, trace, outcome = perf_counter() - turn.begun, traces.exemplar(), _outcome(status)
        seconds = self._by_status.get(status)
        if seconds is None:
            seconds = self._by_status[status] = self._seconds.labels(self._door, str(status))
        seconds.observe(took, trace)
        route = self._by_route.get((turn.route, outcome))
        if route is None:
            route = self._by_route[turn.route, outcome] = self._routes.labels(self._door, turn.route, outcome)
        route.observe(took, trace)
        self._tenants.observe(took, trace, turn.tenant, self._door, outcome)

    def of(self, route: str, answer: Answering) -> Answering:
        """`answer`, measured. Of a body that streams it is the time until it begins."""

        async def measured(request: Request) -> Response:
            turn = self.begin()
            turn.route = route
            try:
                response = await answer(request)
            except ClientDisconnect:
                raise
            except Exception:
                self.took(turn, 500)
                raise
            self.took(turn, response.status_code)
            return response

        return measured


def _outcome(status: int) -> str:
    if status < 400:
        return "answered"
    return "refused" if status < 500 else "failed"
