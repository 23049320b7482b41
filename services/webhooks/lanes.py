"""All lanes of this process: endpoints are claimed, a lane runs for each, and claims are renewed while it does."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import structlog

from libs.runtime.database import whole
from libs.runtime.ending import TIDYING, end
from libs.runtime.strokes import stroke
from services.webhooks.claims import CLAIMS, TERM, Claims
from services.webhooks.domain import Endpoint
from services.webhooks.lane import Lane
from services.webhooks.recorder import Recorder

log = structlog.get_logger()

#: Seconds between two looks for endpoints that somebody must serve, and between two renewals.
LOOK = 1.0
#: The same while nothing waits for any endpoint: what comes in here wakes us.
REST = 2.0
RENEWAL = TERM / 4


class Lanes:
    """One task per endpoint that has something to be told. A lane that fails is logged and begins again at the next look."""

    def __init__(self, claims: Claims, make: Callable[[Endpoint], Lane], recorder: Recorder) -> None:
        self._claims = claims
        self._make = make
        self._recorder = recorder
        self._lanes: dict[str, Lane] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._wanted = asyncio.Event()
        self._stopped = False
        self._renewed = 0.0

    def wake(self, ids: Iterable[str]) -> None:
        """These endpoints have something new to be told."""
        for each in ids:
            if lane := self._lanes.get(each):
                lane.wake()
            else:
                self._wanted.set()

    def stop(self) -> None:
        """Finish the attempts that are under way and begin none."""
        self._stopped = True
        self._wanted.set()
        for lane in self._lanes.values():
            lane.end()

    async def run(self) -> None:
        """Claim and renew for ever; a body for `Service.loop`. After `stop` it ends with the last lane."""
        try:
            while not self._stopped:
                await self._look()
                with suppress(TimeoutError):
                    async with asyncio.timeout(stroke(REST) if self._claims.idle else LOOK):
                        await self._wanted.wait()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        except asyncio.CancelledError:
            await end(*self._tasks.values(), again=TIDYING)
            raise

    async def _look(self) -> None:
        self._wanted.clear()
        now = time.monotonic()
        if self._lanes and now - self._renewed >= RENEWAL:
            await self._renew(now)
        claimed = await whole(self._claims.claim(tuple(self._lanes)))
        for endpoint in claimed:
            await self._recorder.at_most(0, endpoint.id)  # an earlier lane of ours may have left answers
            if not self._stopped:
                self._start(endpoint, now)
        if len(claimed) == CLAIMS:
            self._wanted.set()  # there may be more

    async def _renew(self, now: float) -> None:
        held = await whole(self._claims.renew(tuple(self._lanes)))
        self._renewed = now
        for name, lane in self._lanes.items():
            if name in held:
                lane.hold(held[name], now)
            else:
                log.warning("lane lost", endpoint=name)
                lane.end()

    def _start(self, endpoint: Endpoint, now: float) -> None:
        lane = self._make(endpoint)
        lane.hold(endpoint, now)
        self._lanes[endpoint.id] = lane
        task = asyncio.create_task(lane.run(), name=f"lane {endpoint.id}")
        self._tasks[endpoint.id] = task
        task.add_done_callback(lambda done: self._over(endpoint.id, done))

    def _over(self, name: str, done: asyncio.Task[None]) -> None:
        self._lanes.pop(name)
        self._tasks.pop(name)
        if not done.cancelled() and (error := done.exception()):
            log.error("lane failed", endpoint=name, exc_info=error)
