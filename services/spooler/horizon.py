"""Read your writes: a question waits until everything that was submitted before it is applied."""

import asyncio

from nats.errors import Error as NatsError

from libs.contracts.queries import Code
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Bus, Refused
from libs.runtime.commit import Input

#: How long a question waits for that, in seconds.
PATIENCE = 2.0


class Horizon:
    """One look at INTAKE's last sequence at a time, shared by all questions that were asked before it began."""

    def __init__(self, bus: Bus, intake: Input) -> None:
        self._bus = bus
        self._intake = intake
        self._looking: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    async def reach(self) -> None:
        """Wait. Raises `Refused` (busy) when it takes more than `PATIENCE` seconds."""
        try:
            sequence = await asyncio.wait_for(asyncio.shield(self._look()), PATIENCE)
        except (NatsError, TimeoutError):
            raise Refused(Code.BUSY, "The bus does not answer now; ask again in a moment.") from None
        if not await self._intake.wait_for(sequence, PATIENCE):
            raise Refused(Code.BUSY, "The spooler has not caught up yet; ask again in a moment.")

    def _look(self) -> "asyncio.Task[int]":
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._looking))
        return self._next

    async def _after(self, before: "asyncio.Task[int] | None") -> int:
        if before is not None:
            await asyncio.wait([before])
        self._looking, self._next = self._next, None  # who asks from now on needs a later look
        info = await self._bus.js.stream_info(INTAKE)
        return int(info.state.last_seq)
