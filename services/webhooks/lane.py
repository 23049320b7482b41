"""The lane of one endpoint: what all lanes do alike. `ordered` and `independent` say which event goes when."""

import random
import time
from abc import ABC, abstractmethod
from asyncio import Event
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from opentelemetry.trace import SpanKind

from libs.runtime import traces
from libs.runtime.crashpoint import crashpoint
from libs.runtime.traces import Tracing
from services.webhooks.claims import TERM
from services.webhooks.clock import now_ms
from services.webhooks.dialects import Speech
from services.webhooks.domain import Delivery, Endpoint
from services.webhooks.pacing import Gate
from services.webhooks.receiver import Receiver
from services.webhooks.recorder import Recorder
from services.webhooks.store import Store
from services.webhooks.verdict import Answer, Outcome, Schedule, settle

#: An idle lane looks so often for events that another replica brought, and ends after so many seconds.
GLANCE = 1.0
LINGER = 10.0
#: A claim is not trusted in the last part of its term (seconds).
DOUBT = 1.0
#: Attempts that a lane remembers: one that is asked for a second time was not written down, so the claim is somebody else's.
MEMORY = 256
#: What the log of an attempt leaves out: who reads it must not be able to speak in our name.
_UNTOLD = ("authorization", "webhook-signature")


class Withheld(Exception):
    """This attempt must not be made; the sentence says why. It counts as one that failed."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a lane speaks: its dialect, the schedule of attempts, where its spans go, and its clock (ms since 1970)."""

    dialect: Speech
    schedule: Schedule
    tracing: Tracing
    clock: Callable[[], int] = now_ms


@dataclass(frozen=True, slots=True)
class Work:
    """What a lane works with: its manner, where deliveries stand, where answers are written down, and who carries them.

    `gate`: what holds it back where nobody is proven to want what it tells.
    """

    manner: Manner
    store: Store
    recorder: Recorder
    receivers: Callable[[], Receiver]
    gate: Gate | None = None


class Lane(ABC):
    """Delivers to one endpoint as long as this process holds it."""

    def __init__(self, endpoint: Endpoint, work: Work) -> None:
        self.endpoint = endpoint
        self._gate = work.gate
        self._dialect = work.manner.dialect
        self._schedule = work.manner.schedule
        self._tracing = work.manner.tracing
        self._clock = work.manner.clock
        self._store = work.store
        self._recorder = work.recorder
        self._receivers = work.receivers
        self._held_until = 0.0
        self._told: dict[tuple[str, int, int], None] = {}
        self._ended = Event()
        self._news = Event()

    @abstractmethod
    async def run(self) -> None:
        """Deliver what waits, and what comes while it does; ends when idle, when told to, and when the claim is in doubt."""

    def hold(self, endpoint: Endpoint, since: float) -> None:
        """The claim was renewed at `since` (monotonic seconds); the endpoint as it is now."""
        if endpoint.trusted != self.endpoint.trusted:
            self.end()  # its receivers were made for the other kind
            return
        self.endpoint = endpoint
        self._held_until = since + TERM - DOUBT

    def wake(self) -> None:
        """There may be something new."""
        self._news.set()

    def end(self) -> None:
        """Stop after the attempts that are under way."""
        self._ended.set()
        self._news.set()

    def _may_go(self) -> bool:
        return not self._ended.is_set() and time.monotonic() < self._held_until

    async def _turn(self) -> float:
        """Seconds until the next attempt may start; 0: now."""
        if self._gate is None:
            return 0.0
        self.endpoint, wait = await self._gate.pass_through(self.endpoint)
        return min(wait, GLANCE)

    def _is_news(self, delivery: Delivery) -> bool:
        """Whether this attempt is asked for the first time; the lane ends when it is not."""
        key = (delivery.event, delivery.replay, delivery.attempts)
        if key in self._told:
            self.end()
            return False
        self._told[key] = None
        if len(self._told) > MEMORY:
            self._told.pop(next(iter(self._told)))
        return True

    async def _tell(self, delivery: Delivery, receiver: Receiver) -> Outcome:
        """One attempt, and what follows from it."""
        endpoint = self.endpoint
        headers = dict(self._dialect.headers(delivery, endpoint, datetime.now(UTC)))
        answer = await self._post(delivery, endpoint, headers, receiver)
        accepted = self._dialect.accepts(answer.status)
        if accepted:
            crashpoint("webhooks-before-ack")
        outcome = settle(
            delivery,
            answer,
            accepted=accepted,
            schedule=self._schedule,
            now=self._clock(),
            failing_since=endpoint.failing_since,
            chance=random.random(),  # noqa: S311 - spreads load and hides nothing
        )
        if outcome.disable:
            self.end()
        return replace(outcome, dialect=endpoint.dialect, headers=_logged(headers))

    async def _body(self, delivery: Delivery) -> str:
        """What is posted: what was kept, unless a lane makes something of it. Raises `Withheld`."""
        return delivery.body

    async def _post(self, delivery: Delivery, endpoint: Endpoint, headers: dict[str, str], receiver: Receiver) -> Answer:
        about: dict[str, str | int] = {"endpoint": endpoint.id, "event": delivery.event, "attempt": delivery.attempts + 1}
        with self._tracing.span("callback", delivery.traceparent, SpanKind.CLIENT, **about) as span:
            traceparent = traces.current() if self._tracing.on else delivery.traceparent
            if traceparent:
                headers["traceparent"] = traceparent
            try:
                answer = await receiver.post(endpoint.url, await self._body(delivery), headers)
            except Withheld as why:
                answer = Answer(0, str(why))
            span.set_attribute("http.response.status_code", answer.status)
            return answer


def _logged(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in _UNTOLD}
