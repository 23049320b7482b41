"""Orders that a stream lost, published again: of a stream that was made anew, or ends before where it was."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.streams import CONVERT, PRINT, REPORTS
from libs.runtime.bus import Bus, Outgoing
from libs.runtime.commit import Commit
from libs.runtime.database import Database
from services.spooler import materials, store
from services.spooler.desk import Desk
from services.spooler.orders import convert_order, print_order, traced, withdrawal
from services.spooler.tables import cursors, task
from services.spooler.task import Step, Task

log = structlog.get_logger()

Staged = list[tuple[str, Outgoing]]

#: Seconds between two looks, and tasks of one transaction.
PERIOD = 15.0
CHUNK = 500
#: Orders as they were made: one transaction after the other, in each by the line (design.md rule 7).
Place = tuple[int, int, int, int, int]
_PLACE = (task.c.ordered_at, task.c.place, -task.c.priority, task.c.seq, task.c.idx)
#: What is ordered again when a stream is another one. A lost report of a conversion is made anew by converting anew; what agents
#: reported they tell again of each order that they know.
ORDERED = {CONVERT: (Step.CONVERT,), PRINT: (Step.PRINT,), REPORTS: (Step.CONVERT, Step.PRINT)}


class Reissue:
    """Remembers of each stream when it was made and how far it went, beside the inputs' cursors.

    The orders are those of the attempts that are open: who has one already prints nothing twice, and tells again what became of it
    (design.md rule 5). They go under ids of their own: a stream that is there still has those of before.
    """

    def __init__(self, bus: Bus, database: Database, commit: Commit, desk: Desk) -> None:
        self._bus = bus
        self._database = database
        self._commit = commit
        self._desk = desk
        self._seen: dict[str, tuple[int, int]] = {}

    async def run(self, period: float = PERIOD) -> None:
        """For ever."""
        while True:
            for stream in ORDERED:
                try:
                    await self.look(stream)
                except (NatsError, NotFoundError, TimeoutError) as error:
                    log.debug("stream not looked at", stream=stream, error=type(error).__name__)
            await asyncio.sleep(period)

    async def look(self, stream: str) -> int:
        """Compare a stream with what is remembered of it, and order again if it is another one; how many orders."""
        info = await self._bus.js.stream_info(stream)
        made, last = int(info.created.timestamp() * 1000) if info.created else 0, int(info.state.last_seq)
        if self._seen.get(stream) == (made, last):  # as we have written it down ourselves
            return 0
        async with self._database.reading() as connection:
            known = (await connection.execute(select(cursors).where(cursors.c.stream == _row(stream)))).first()
        if known and (known.at, known.sequence) == (made, last):
            self._seen[stream] = made, last
            return 0
        again = 0
        if known and (abs(known.at - made) > 1 or last < known.sequence):
            log.error("stream is another one, its orders are made again", stream=stream, made_anew=known.at != made)
            again = sum([await self._again(step, f":{stream}:{made}", told=stream != REPORTS) for step in ORDERED[stream]])
        await self._remember(stream, made, last)
        return again

    async def _remember(self, stream: str, made: int, last: int) -> None:
        async def change(connection: AsyncConnection) -> Staged:
            place = {"at": made, "sequence": last}
            moved = await connection.execute(update(cursors).where(cursors.c.stream == _row(stream)).values(place))
            if not moved.rowcount:
                await connection.execute(insert(cursors).values(stream=_row(stream), **place))
            return []

        await self._commit(change)
        self._seen[stream] = made, last

    async def _again(self, step: Step, mark: str, *, told: bool) -> int:
        """In the order in which they were made, a few hundred in a transaction; `told`: what an agent has taken is not among them.

        A conversion that waits for its turn has no order yet.
        """
        total, after = 0, (0, 0, 0, 0, 0)
        while True:
            found: list[Task] = []

            async def change(connection: AsyncConnection, after: Place = after, found: list[Task] = found) -> Staged:
                wanted = select(task).where(task.c.step == step.value, task.c.ordered_at > 0, tuple_(*_PLACE) > after)
                rows = await connection.execute(wanted.order_by(*_PLACE).limit(CHUNK))
                found += [store.task_of(row) for row in rows]
                return [
                    (at, replace(out, message_id=out.message_id + mark))
                    for at, out in await self._orders(connection, step, found, told=told)
                ]

            await self._commit(change)
            if not found:
                return total
            last = found[-1]
            total, after = total + len(found), (last.ordered_at, last.place, -last.priority, last.seq, last.idx)

    async def _orders(self, connection: AsyncConnection, step: Step, tasks: Sequence[Task], *, told: bool) -> Staged:
        ids = [each.id for each in tasks]
        converted = await materials.converted_of(connection, ids)
        if step is Step.CONVERT:
            requests = await materials.request_of(connection, ids)
            return [(CONVERT, traced(convert_order(self._desk, each, requests[each.id], converted.get(each.id)))) for each in tasks]
        region = self._desk.region
        back = [(PRINT, withdrawal(region, each)) for each in tasks if each.canceling or each.recalled]
        wanted = [each for each in tasks if each.id in converted and not (told and each.taken)]
        return [*((PRINT, traced(print_order(region, each, converted[each.id]))) for each in wanted), *back]


def _row(stream: str) -> str:
    """Beside the cursors of inputs, of which REPORTS is one."""
    return f"{stream}.made"
