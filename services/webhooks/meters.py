"""What waits for receivers: by dialect, and at the endpoints that have waited longest, counted now and then."""

import time
from collections.abc import Collection

from prometheus_client import CollectorRegistry

from libs.contracts.metrics import (
    ATTEMPTS_FAILED,
    DELIVERIES_ENDED,
    DELIVERIES_OLDEST,
    DELIVERIES_WAITING,
    ENDPOINT_OLDEST,
    ENDPOINTS_DISABLED,
    LANES_HELD,
)
from libs.runtime.database import whole
from libs.runtime.metrics import Rows, counter, gauge, rows
from services.webhooks.domain import State
from services.webhooks.store import Store, Waiting

#: Seconds that an event may wait before anybody asks for which endpoint.
LONG = 60.0


class Meters:
    """The last count of one process."""

    def __init__(self, store: Store, dialects: Collection[str], metrics: CollectorRegistry) -> None:
        self._store = store
        self._dialects = dialects
        self._waiting, self._age = gauge(DELIVERIES_WAITING, metrics), gauge(DELIVERIES_OLDEST, metrics)
        self._worst: list[Waiting] = []
        rows(ENDPOINT_OLDEST, metrics, self._endpoints)
        for dialect in dialects:  # from the start on: what begins with its first event has no increase by it
            for each in (ATTEMPTS_FAILED, ENDPOINTS_DISABLED, LANES_HELD):
                counter(each, metrics).labels(dialect)
            for state in (State.DELIVERED, State.SKIPPED):
                counter(DELIVERIES_ENDED, metrics).labels(dialect, str(state))

    async def look(self) -> None:
        """Count. The endpoints are looked at only where something has waited for long."""
        queues = await whole(self._store.queues())
        for dialect in self._dialects:
            number, oldest = queues.get(dialect, (0, 0))
            self._waiting.labels(dialect).set(number)
            self._age.labels(dialect).set(max(time.time() - oldest / 1000, 0.0) if number else 0.0)
        before = int((time.time() - LONG) * 1000)
        late = any(oldest < before for _, oldest in queues.values())
        self._worst = await whole(self._store.worst(before, ENDPOINT_OLDEST.most)) if late else []

    def _endpoints(self) -> Rows:
        now = time.time()
        return {(each.endpoint, each.dialect): max(now - each.oldest / 1000, 0.0) for each in self._worst}
