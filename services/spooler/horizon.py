"""Read your writes: a question waits until everything that was submitted before it is applied."""

import asyncio

from nats.errors import Error as NatsError

from libs.contracts.queries import Code
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Bus, Refused
from libs.runtime.database import Database
from libs.runtime.inputs import Input
from libs.runtime.latest import Latest
from services.spooler import store

#: How long a question waits for that, in seconds.
PATIENCE = 2.0


class Horizon:
    """One look at INTAKE's last sequence at a time, shared by all questions that were asked before it began."""

    def __init__(self, bus: Bus, intake: Input, database: Database) -> None:
        self._bus = bus
        self._intake = intake
        self._database = database
        self._last: Latest[int] = Latest(self._look)

    async def reach(self, task: str = "", subject: str = "") -> None:
        """Wait. Raises `Refused` (busy) when it takes more than `PATIENCE` seconds.

        `task`: the only one that the question is about. If it is there, nothing of what is still to come concerns the answer.
        `subject`: the only submissions that it is about (`intake.<region>.<tenant>.<sn>`); others are not waited for.
        """
        if task and await self._there(task):
            return
        try:
            sequence = await asyncio.wait_for(self._last.get(), PATIENCE)
        except (NatsError, TimeoutError):
            raise Refused(Code.BUSY, "The bus does not answer now; ask again in a moment.") from None
        if not await self._intake.wait_for(sequence, PATIENCE, subject):
            raise Refused(Code.BUSY, "The spooler has not caught up yet; ask again in a moment.")

    async def _there(self, task: str) -> bool:
        async with self._database.reading() as connection:
            return await store.exists(connection, task)

    async def _look(self) -> int:
        info = await self._bus.js.stream_info(INTAKE)
        return int(info.state.last_seq)
