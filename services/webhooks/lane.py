"""The lane of one endpoint: its events one after another, the next only when the one before is delivered or skipped."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from opentelemetry.trace import SpanKind

from libs.runtime import traces
from libs.runtime.crashpoint import crashpoint
from libs.runtime.traces import Tracing
from services.webhooks.dialects import Dialect
from services.webhooks.domain import Answer, Delivery, Endpoint, State, pause, settle
from services.webhooks.endpoints import TERM
from services.webhooks.receiver import Receiver
from services.webhooks.recorder import Recorder
from services.webhooks.store import Store

#: Deliveries that one look brings, and answers that may be unwritten while the next event is on its way: at most so many
#: are told again, in order and with the same ids, when the process is killed.
LOOK = 100
UNSAVED = 1
#: An idle lane looks so often for events that another replica brought, and ends after so many seconds.
GLANCE = 1.0
LINGER = 10.0
#: A claim is not trusted in the last part of its term (seconds).
DOUBT = 1.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a lane speaks: its dialect, the seconds between attempts, and where its spans go."""

    dialect: Dialect
    pauses: Sequence[float]
    tracing: Tracing


class Lane:
    """Delivers to one endpoint as long as this process holds it."""

    def __init__(self, endpoint: Endpoint, manner: Manner, store: Store, recorder: Recorder, receiver: Receiver) -> None:
        self.endpoint = endpoint
        self._dialect = manner.dialect
        self._pauses = manner.pauses
        self._tracing = manner.tracing
        self._store = store
        self._recorder = recorder
        self._receiver = receiver
        self._ahead: deque[Delivery] = deque()
        self._last = 0
        self._held_until = 0.0
        self._ended = asyncio.Event()
        self._news = asyncio.Event()

    def hold(self, endpoint: Endpoint, since: float) -> None:
        """The claim was renewed at `since` (monotonic seconds); the endpoint as it is now."""
        self.endpoint = endpoint
        self._held_until = since + TERM - DOUBT

    def wake(self) -> None:
        """There may be something new."""
        self._news.set()

    def end(self) -> None:
        """Stop after the attempt that is under way."""
        self._ended.set()
        self._news.set()

    async def run(self) -> None:
        """Deliver what waits, and what comes while it does; ends when idle, when told to, and when the claim is in doubt."""
        try:
            while (delivery := await self._next()) and await self._deliver(delivery):
                pass
        finally:
            await self._receiver.close()

    async def _next(self) -> Delivery | None:
        idle_since = time.monotonic()
        while not self._ended.is_set():
            if self._ahead:
                return self._ahead.popleft()
            self._news.clear()
            self._ahead.extend(await self._store.waiting(self.endpoint.id, self._last, LOOK))
            if self._ahead:
                continue
            if time.monotonic() - idle_since > LINGER:
                return None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), GLANCE)
        return None

    async def _deliver(self, delivery: Delivery) -> bool:
        """Attempts until it is delivered or skipped; False when the lane must end before that."""
        while True:
            await self._recorder.at_most(UNSAVED - 1, self.endpoint.id)
            if not await self._may_go_after(pause(delivery, self._pauses, _now())):
                return False
            answer = await self._attempt(delivery)
            accepted = self._dialect.accepts(answer.status)
            if accepted:
                crashpoint("webhooks-before-ack")
            outcome = settle(delivery, answer, accepted=accepted, pauses=self._pauses, now=_now())
            self._recorder.put(outcome)
            if outcome.state is not State.WAITING:
                self._last = delivery.sequence
                return True
            await self._recorder.at_most(0, self.endpoint.id)  # the number of attempts outlives us
            delivery = replace(delivery, attempts=outcome.attempts, due_at=outcome.due_at)

    async def _attempt(self, delivery: Delivery) -> Answer:
        about: dict[str, str | int] = {"endpoint": self.endpoint.id, "event": delivery.event, "attempt": delivery.attempts + 1}
        with self._tracing.span("callback", delivery.traceparent, SpanKind.CLIENT, **about) as span:
            headers = dict(self._dialect.headers(delivery, self.endpoint, datetime.now(UTC)))
            traceparent = traces.current() if self._tracing.on else delivery.traceparent
            if traceparent:
                headers["traceparent"] = traceparent
            answer = await self._receiver.post(self.endpoint.url, delivery.body, headers)
            span.set_attribute("http.response.status_code", answer.status)
            return answer

    async def _may_go_after(self, seconds: float) -> bool:
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), seconds)
        return not self._ended.is_set() and time.monotonic() < self._held_until


def _now() -> int:
    return int(time.time() * 1000)
