"""The record of answers: what all lanes have to write down goes into one transaction after another."""

import asyncio
from collections import Counter as Tally

import structlog
from prometheus_client import CollectorRegistry

from libs.contracts.metrics import ATTEMPTS_FAILED, DELIVERIES_ENDED, ENDPOINTS_DISABLED, FIRST_ATTEMPTS
from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import whole
from libs.runtime.metrics import counter, histogram
from services.webhooks.domain import State
from services.webhooks.store import Store
from services.webhooks.verdict import Outcome

log = structlog.get_logger()

#: Seconds between two transactions: answers that come meanwhile share one.
GATHER = 0.001
#: An answer that takes longer (ms) is worth a warning: receivers should take first and work later (graph-print.md 4.5).
SLOW_MS = 3000


class Recorder:
    """Takes outcomes at once and saves them in groups. One writer: outcomes of an endpoint are saved in their order."""

    def __init__(self, store: Store, holder: str, metrics: CollectorRegistry) -> None:
        self._store = store
        self._holder = holder
        self._outcomes: list[tuple[Outcome, asyncio.Future[None]]] = []
        self._unsaved: Tally[str] = Tally()
        self._come = asyncio.Event()
        self._saved = asyncio.Event()
        self._stopped = False
        self._ended = counter(DELIVERIES_ENDED, metrics)
        self._failed = counter(ATTEMPTS_FAILED, metrics)
        self._disabled = counter(ENDPOINTS_DISABLED, metrics)
        self._first = histogram(FIRST_ATTEMPTS, metrics)

    def stop(self) -> None:
        """Save what there is, then end."""
        self._stopped = True
        self._come.set()

    def put(self, outcome: Outcome) -> asyncio.Future[None]:
        """Have this written down soon; the future is done when it is."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outcomes.append((outcome, written))
        self._unsaved[outcome.endpoint] += 1
        self._come.set()
        return written

    async def at_most(self, unsaved: int, endpoint: str) -> None:
        """Wait until no more than so many outcomes of an endpoint are still to be saved."""
        while self._unsaved[endpoint] > unsaved:
            await self._saved.wait()

    async def run(self) -> None:
        """Save for ever; a body for `Service.loop`. What could not be saved stays for the next try."""
        while self._outcomes or not self._stopped:
            if self._outcomes:
                await self._save()
                await asyncio.sleep(0 if self._stopped else GATHER)
            else:
                self._come.clear()
                await self._come.wait()

    async def _save(self) -> None:
        count = len(self._outcomes)
        group = [outcome for outcome, _ in self._outcomes]
        crashpoint("webhooks-before-record")
        await whole(self._store.record(group, self._holder))
        crashpoint("webhooks-after-record")
        written = [future for _, future in self._outcomes[:count]]
        del self._outcomes[:count]
        self._unsaved -= Tally(outcome.endpoint for outcome in group)  # who has none left is forgotten
        self._saved.set()
        self._saved = asyncio.Event()
        for future in written:
            if not future.done():
                future.set_result(None)
        for outcome in group:
            self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        told = {"endpoint": outcome.endpoint, "id": outcome.event, "attempt": outcome.attempts, "took_ms": outcome.took}
        if outcome.attempts == 1 and not outcome.replay:
            self._first.labels(outcome.dialect).observe(max(outcome.at - outcome.happened, 0) / 1000)
        if outcome.took > SLOW_MS:
            log.warning("receiver is slow", endpoint=outcome.endpoint, took_ms=outcome.took)
        if outcome.error:
            self._failed.labels(outcome.dialect).inc()
            log.warning("callback failed", **told, error=outcome.error)
        if outcome.disable:
            self._disabled.labels(outcome.dialect).inc()
            log.error("endpoint switched off", endpoint=outcome.endpoint, reason=outcome.disable)
        if outcome.state is State.WAITING:
            return
        self._ended.labels(outcome.dialect, str(outcome.state)).inc()
        if outcome.state is State.DELIVERED:
            log.info("event delivered", **told)
        else:
            log.error("event skipped", **told)
