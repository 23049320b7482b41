"""The lane of an ordered endpoint: its events one after another, the next only when the one before is delivered or skipped."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace

from services.webhooks.domain import Delivery, Endpoint, State
from services.webhooks.lane import GLANCE, LINGER, Lane, Work
from services.webhooks.verdict import pause

#: Deliveries that one look brings.
LOOK = 100
#: Answers, each of another task, that may be on their way into the database: so many are told again when the process is killed.
UNWRITTEN = 8


class OrderedLane(Lane):
    """Tells one event at a time; of each task at most the last one is told again, with the same id, when the process is killed.

    It goes on while answers of other tasks are being written down: a transaction for each would be what everybody waits for.
    """

    def __init__(self, endpoint: Endpoint, work: Work) -> None:
        super().__init__(endpoint, work)
        self._receiver = work.receivers()
        self._ahead: deque[Delivery] = deque()
        self._unwritten: dict[str, asyncio.Future[None]] = {}

    async def run(self) -> None:
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
            await self._recorder.at_most(0, self.endpoint.id)  # what was told does not wait any more
            self._ahead.extend(await self._store.waiting(self.endpoint.id, LOOK))
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
            await self._room(delivery.task)
            if not await self._may_go_after(pause(delivery, self._schedule, self._clock())):
                return False
            while (wait := await self._turn()) > 0:
                if not await self._may_go_after(wait):
                    return False
            if not self._may_go() or not self._is_news(delivery):
                return False
            outcome = await self._tell(delivery, self._receiver)
            self._unwritten[delivery.task] = self._recorder.put(outcome)
            if outcome.state is not State.WAITING:
                return True
            await self._recorder.at_most(0, self.endpoint.id)  # the number of attempts outlives us
            delivery = replace(delivery, attempts=outcome.attempts, due_at=outcome.due_at)

    async def _room(self, task: str) -> None:
        """Wait until what was told of this task is written down, and of others all but a few answers."""
        self._unwritten = {of: written for of, written in self._unwritten.items() if not written.done()}
        if written := self._unwritten.get(task):
            await asyncio.shield(written)  # its end is the recorder's business
        await self._recorder.at_most(UNWRITTEN - 1, self.endpoint.id)

    async def _may_go_after(self, seconds: float) -> bool:
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), seconds)
        return self._may_go()
