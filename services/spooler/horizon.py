"""Read your writes: a question waits until everything that was submitted before it is applied."""

import asyncio

from nats.errors import Error as NatsError

from libs.contracts.queries import Code
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Bus, Refused
from libs.runtime.database import Database
from libs.runtime.inputs import Input
from services.spooler import store

#: How long a question waits for that, in seconds.
PATIENCE = 2.0


class Horizon:
    """One look at INTAKE's last sequence at a time, shared by all questions that were asked before it began."""

    def __init__(self, bus: Bus, intake: Input, database: Database) -> None:
        self._bus = bus
        self._intake = intake
        self._database = database
        self._looking: asyncio.Task[int] | None = None
        self._next: asyncio.Task[int] | None = None

    async def reach(self, task: str = "", subject: str = "") -> None:
        """Wait. Raises `Refused` (busy) when it takes more than `PATIENCE` seconds.

        `task`: the only one that the question is about. If it is there, nothing of what is still to come concerns the answer.
        `subject`: the only submissions that it is about (`intake.<region>.<tenant>.<sn>`); others are not waited for.
        """
        if task and await self._there(task):
            return
        try:
            sequence = await asyncio.wait_for(asyncio.shield(self._look()), PATIENCE)
        except (NatsError, TimeoutError):
            raise Refused(Code.BUSY, "The bus does not answer now; ask again in a moment.") from None
        if not await self._intake.wait_for(sequence, PATIENCE, subject):
            raise Refused(Code.BUSY, "The spooler has not caught up yet; ask again in a moment.")

    async def _there(self, task: str) -> bool:
        async with self._database.reading() as connection:
            return await store.exists(connection, task)

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
