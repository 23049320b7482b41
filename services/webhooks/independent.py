"""The lane of an endpoint whose events go each by itself: one that waits for its next attempt holds up no other."""

import asyncio
import time
from contextlib import suppress

from services.webhooks.domain import Delivery, Endpoint
from services.webhooks.lane import GLANCE, LINGER, Lane, Work
from services.webhooks.receiver import Receiver
from services.webhooks.verdict import pause


class IndependentLane(Lane):
    """Makes up to `parallel` attempts at the same time, at most half of them repetitions: what is new always finds room."""

    def __init__(self, endpoint: Endpoint, work: Work, *, parallel: int) -> None:
        super().__init__(endpoint, work)
        self._parallel = parallel
        self._repetitions = parallel // 2
        self._at_work: dict[str, Delivery] = {}
        self._idle: list[Receiver] = []

    async def run(self) -> None:
        idle_since = time.monotonic()
        try:
            async with asyncio.TaskGroup() as attempts:
                while self._may_go():
                    self._news.clear()
                    wait = await self._begin(attempts)
                    if self._at_work or (self._gate and self._gate.holding):
                        idle_since = time.monotonic()
                    elif time.monotonic() - idle_since > LINGER:
                        return
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), wait)
        finally:
            for receiver in self._idle:
                await receiver.close()

    async def _begin(self, attempts: asyncio.TaskGroup) -> float:
        """Begin what is due as far as there is room; returns the seconds after which to look again."""
        now = self._clock()
        for delivery in await self._store.due(self.endpoint.id, self._parallel + len(self._at_work)):
            if delivery.event in self._at_work:
                continue
            if (wait := pause(delivery, self._schedule, now)) > 0:
                return min(wait, GLANCE)  # and what follows is due later
            if not self._has_room(delivery):
                break
            if self._is_behind(delivery):
                continue
            if (wait := await self._turn()) > 0:
                return wait
            if not self._may_go() or not self._is_news(delivery):
                break
            self._at_work[delivery.event] = delivery
            attempts.create_task(self._work(delivery), name=f"delivery {delivery.event}")
        return GLANCE

    def _is_behind(self, delivery: Delivery) -> bool:  # noqa: ARG002 - what a lane may look at
        """Whether it must wait for one that is at work."""
        return False

    def _has_room(self, delivery: Delivery) -> bool:
        if not delivery.attempts:
            return len(self._at_work) < self._parallel
        repeated = sum(1 for each in self._at_work.values() if each.attempts)
        return repeated < self._repetitions and len(self._at_work) < self._parallel

    async def _work(self, delivery: Delivery) -> None:
        receiver = self._idle.pop() if self._idle else self._receivers()
        try:
            await self._recorder.put(await self._tell(delivery, receiver))
        finally:
            self._idle.append(receiver)
            del self._at_work[delivery.event]
            self._news.set()
