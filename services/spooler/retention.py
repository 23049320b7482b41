"""What is over is forgotten: ended tasks with their documents, messages that nobody needs, documents that no task names."""

import asyncio
import math
import time

import structlog
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.streams import INTAKE, PRINT
from libs.runtime.bus import Bus, Outgoing
from libs.runtime.commit import Commit
from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import Database
from libs.runtime.documents import Documents
from libs.runtime.lease import LeaseLost
from services.spooler import canaries, store
from services.spooler.strays import Strays
from services.spooler.tables import mark
from services.spooler.uploads import UploadSweep
from services.spooler.usage import UsageSweep

log = structlog.get_logger()

#: INTAKE is kept this long behind what is applied, in ms.
INTAKE_KEPT = 86_400_000
#: An order may lie in the outbox for a while after it was decided, in ms.
OUTBOX_MARGIN = 600_000
#: Seconds that the sweep of documents waits for the tasks that were accepted before.
PATIENCE = 30


class Retention:
    """Sweeps of one term."""

    def __init__(
        self,
        *,
        database: Database,
        commit: Commit,
        documents: Documents,
        bus: Bus,
        kept: float,
        uploads: UploadSweep,
        usage: UsageSweep,
    ) -> None:
        self._database = database
        self._commit = commit
        self._documents = documents
        self._bus = bus
        self._kept = int(kept * 1000)
        self._uploads = uploads
        self._usage = usage

    async def run(self, period: float = 60.0, hourly: float = 3600.0) -> None:
        """For ever: tasks and uploads every minute, streams, stray documents and usage every hour."""
        last = -math.inf
        while True:
            try:
                await self.sweep_tasks(int(time.time() * 1000))
                await self._uploads.sweep(int(time.time() * 1000))
                if time.monotonic() - last >= hourly:
                    await self.sweep_streams(int(time.time() * 1000))
                    await self.sweep_documents(int(time.time() * 1000))
                    await self._usage.sweep(int(time.time() * 1000))
                    last = time.monotonic()
            except LeaseLost:
                raise
            except Exception:  # printing does not wait for sweeping: the store or the bus may be back in a minute
                log.exception("sweep failed, it is tried again")
            await asyncio.sleep(period)

    async def sweep_tasks(self, now: int) -> int:
        """Forget tasks that ended long enough ago; how many."""
        total = 0
        while True:
            gone: list[tuple[str, str]] = []

            async def change(connection: AsyncConnection, gone: list[tuple[str, str]] = gone) -> list[tuple[str, Outgoing]]:
                gone += await store.forget_ended(connection, now - self._kept)
                gone += await canaries.forget(connection)
                return []

            await self._commit(change)
            if gone:
                crashpoint("spooler-after-forgotten")
            for tenant, task_id in gone:
                await self._documents.delete(f"{tenant}/{task_id}")
            total += len(gone)
            if not gone:
                return total

    async def sweep_streams(self, now: int) -> None:
        """Mark where the streams are, and purge what lies before the last mark that nobody needs."""
        intake = (await self._bus.js.stream_info(INTAKE)).state.last_seq
        orders = (await self._bus.js.stream_info(PRINT)).state.last_seq
        async with self._database.reading() as connection:
            oldest = await store.oldest_order(connection)
            applied = await store.applied(connection, INTAKE)
        await self._purge(INTAKE, now - INTAKE_KEPT, now, min(int(intake), applied))
        await self._purge(PRINT, (oldest or now) - OUTBOX_MARGIN, now, int(orders))

    async def _purge(self, stream: str, before: int, now: int, sequence: int) -> None:
        found: list[int] = []

        async def change(connection: AsyncConnection) -> list[tuple[str, Outgoing]]:
            last = (
                select(mark.c.at, mark.c.sequence)
                .where(mark.c.stream == stream, mark.c.at <= before)
                .order_by(mark.c.at.desc())
                .limit(1)
            )
            row = (await connection.execute(last)).first()
            if row is not None:
                found.append(int(row.sequence))
                await connection.execute(delete(mark).where(mark.c.stream == stream, mark.c.at <= row.at))
            await connection.execute(insert(mark).values(stream=stream, at=now, sequence=sequence))
            return []

        await self._commit(change)
        up_to = min(found[0], sequence) if found else 0  # a stream that was made anew counts from the beginning
        if up_to:
            await self._bus.js.purge_stream(stream, seq=up_to + 1)
            log.info("stream purged", stream=stream, up_to=up_to)

    async def sweep_documents(self, now: int) -> int:
        """Delete objects that are a day old and belong to nobody; how many folders were stray.

        Only when everything that was accepted before is applied: a task may still be on its way here.
        """
        accepted = int((await self._bus.js.stream_info(INTAKE)).state.last_seq)
        if not await self._caught_up(accepted):
            log.info("stray documents not looked for: what was accepted is not applied yet", accepted=accepted)
            return 0
        return await Strays(self._database, self._documents).sweep(now)

    async def _caught_up(self, sequence: int) -> bool:
        """Whether so much of INTAKE is applied, waited for: under load the last message is always one that is not."""
        for _ in range(PATIENCE):
            async with self._database.reading() as connection:
                if await store.applied(connection, INTAKE) >= sequence:
                    return True
            await asyncio.sleep(1.0)
        return False
