"""What is done by the clock: counting what waits, forgetting what ended long ago."""

import asyncio
import time

import structlog

from libs.runtime.database import whole
from libs.runtime.strokes import stroke
from services.webhooks.endpoints import Endpoints
from services.webhooks.meters import Meters
from services.webhooks.store import Store

log = structlog.get_logger()

#: Seconds between two counts, and between two sweeps.
COUNT = 5.0
SWEEP = 3600.0
#: So many times as long as a count took is paused after it: where very much waits, counting does not slow the telling.
SHARE = 50.0


async def count(meters: Meters) -> None:
    """Keep the gauges true; a body for `Service.loop`."""
    while True:
        begun = time.monotonic()
        await meters.look()
        await asyncio.sleep(max(stroke(COUNT), SHARE * (time.monotonic() - begun)))


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
