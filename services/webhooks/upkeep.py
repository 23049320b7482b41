"""What is done by the clock: counting what waits, forgetting what ended long ago."""

import asyncio
import time
from collections.abc import Collection

import structlog
from prometheus_client import Gauge

from libs.runtime.database import whole
from services.webhooks.endpoints import Endpoints
from services.webhooks.store import Store

log = structlog.get_logger()

#: Seconds between two counts, and between two sweeps.
COUNT = 5.0
SWEEP = 3600.0


async def count(store: Store, waiting: Gauge, age: Gauge, dialects: Collection[str]) -> None:
    """Keep the gauges true, by dialect; a body for `Service.loop`."""
    while True:
        queues = await whole(store.queues())
        for dialect in dialects:
            number, oldest = queues.get(dialect, (0, 0))
            waiting.labels(dialect).set(number)
            age.labels(dialect).set(max(time.time() - oldest / 1000, 0.0) if number else 0.0)
        await asyncio.sleep(COUNT)


async def sweep(store: Store, endpoints: Endpoints, retention: float) -> None:
    """Forget what ended `retention` seconds ago; a body for `Service.loop`."""
    while True:
        before = int((time.time() - retention) * 1000)
        total = 0
        while swept := await whole(store.sweep(before)):
            total += swept
        await whole(endpoints.sweep())
        if total:
            log.info("deliveries swept", deliveries=total)
        await asyncio.sleep(SWEEP)
