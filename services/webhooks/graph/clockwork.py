"""What is done about subscriptions by the clock; each a body for `Service.loop`."""

import asyncio
import time

import structlog

from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import whole
from libs.runtime.strokes import stroke
from services.webhooks.clock import now_ms
from services.webhooks.graph.lifecycle import Lifecycle

log = structlog.get_logger()

#: Seconds between two looks for what has expired or will soon, and between two sweeps.
LOOK = 2.0
SWEEP = 3600.0
#: Seconds for which an ended subscription is kept, so that its lifecycle address can be told.
KEPT = 86_400.0


async def expire(lifecycle: Lifecycle) -> None:
    """End and remind for ever."""
    while True:
        now = now_ms()
        if not await lifecycle.any():  # a look costs no commit
            await asyncio.sleep(stroke(LOOK))
            continue
        if ended := await whole(lifecycle.end(now)):
            crashpoint("webhooks-after-expired")
            log.info("subscriptions expired", subscriptions=ended)
        if not ended and not await whole(lifecycle.remind(now)):
            await asyncio.sleep(LOOK)


async def sweep(lifecycle: Lifecycle) -> None:
    """Forget for ever what ended long ago."""
    while True:
        await whole(lifecycle.sweep(int((time.time() - KEPT) * 1000)))
        await asyncio.sleep(SWEEP)
