"""Questions to another region: while it does not answer, nobody waits for it (design.md section 8)."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from libs.contracts.ledger import ConfirmTasks
from libs.contracts.message import Message
from libs.contracts.queries import LookUp
from libs.runtime.bus import Away, Bus, Refused, Unanswered

log = structlog.get_logger()

#: Seconds between two looks whether a region that is not heard answers, and that such a look takes at most.
LOOK = 1.0
PATIENCE = 2.0


class FarBus(Bus):
    """The gateway's own connection, as the doors of another region use it: a line that is silent is found out once, not by each.

    `heard` says whether the region was heard just now, without a question.
    """

    def __init__(self, bus: Bus, region: str, heard: Callable[[], bool]) -> None:  # all that a connection has is the other's
        self._bus = bus
        self._region = region
        self._heard = heard
        self._answered = 0.0
        self._doubted = asyncio.Event()
        self.down = False

    def __getattr__(self, name: str) -> Any:
        """What belongs to the connection."""
        return getattr(self._bus, name)

    async def ask(self, query: Message, *, timeout: float = 2.0) -> Any:  # noqa: ASYNC109 - as `Bus.ask`
        """As `Bus.ask`. Raises `Away` at once, and asks nothing, while the region is known not to answer."""
        if self.down:
            raise Away(f"the region {self._region} does not answer")
        begun = time.monotonic()
        try:
            answer = await self._bus.ask(query, timeout=timeout)
        except Refused:
            self._answered = time.monotonic()
            raise
        except Away:
            raise  # it is our own line that is down
        except Unanswered:
            if self._answered < begun:  # it may also be this one question: the next look tells, at once
                self._turn(down=True)
                self._doubted.set()
            raise
        self._answered = time.monotonic()
        return answer

    async def follow(self) -> None:
        """For ever: look after a region that is not heard, until it answers; a body for `Service.loop`."""
        while True:
            if self.down or not self._heard():
                self._doubted.clear()
                self._turn(down=not await self._answers())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._doubted.wait(), LOOK)

    async def _answers(self) -> bool:
        """Whether anybody there does: one service may be away by itself."""
        questions = (LookUp(region=self._region, keys=()), ConfirmTasks(region=self._region, tasks=(), kept=True))
        return any(await asyncio.gather(*map(self._is_answered, questions)))

    async def _is_answered(self, question: Message) -> bool:
        try:
            await self._bus.ask(question, timeout=PATIENCE)
        except Refused:
            return True
        except Unanswered:
            return False
        return True

    def _turn(self, *, down: bool) -> None:
        if down is not self.down:
            self.down = down
            log.warning("region does not answer", region=self._region) if down else log.info("region answers", region=self._region)
