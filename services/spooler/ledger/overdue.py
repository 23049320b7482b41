"""Tasks past the limit of what they wait for; who waits for a printer, a partner or a person is not late before its time."""

import time
from collections.abc import Collection

from sqlalchemy import ColumnElement, Row, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.states import Stage
from services.spooler.tables import pause, task
from services.spooler.task import Step

#: A task's own time may be over for so long, in ms: the timers look twice a second.
LATE = 60_000
#: Tasks of each kind that one look lists.
MOST = 1000
#: Said as the partial indexes say it.
_IN_LINE: ColumnElement[bool] = literal_column("lined")
_AT_AGENT: ColumnElement[bool] = literal_column("step = 'print'")
_HAS_TIME: ColumnElement[bool] = literal_column("due_at > 0")
_STUCK = "Nothing has happened to it for {minutes:.0f} minutes: {what}."


class Overdue:
    """Looks now and then; what has no time of its own is late when nothing has happened to it since long before.

    `withheld`: printers that are cut off, whose lines stand still for that.
    """

    def __init__(self, limit: float, withheld: Collection[str] = ()) -> None:
        self._limit = limit
        self._withheld = withheld
        self._seen: dict[str, tuple[int, float]] = {}

    async def look(self, connection: AsyncConnection, now: int) -> dict[str, str]:
        """Task -> what it is late for; `now` in ms since 1970."""
        due = select(task.c.id).where(_HAS_TIME, task.c.due_at < now - LATE).limit(MOST)
        found = {row.id: "Its time has come, and nothing was done." for row in await connection.execute(due)}
        waiting = {
            "no converter has said what became of its document": await self._converting(connection),
            "its printer's line does not move": await self._standing(connection),
        }
        seen: dict[str, tuple[int, float]] = {}
        for what, rows in waiting.items():
            for row in rows:
                since = self._since(row.id, row.version)
                seen[row.id] = (row.version, since)
                if (silent := time.monotonic() - since) >= self._limit:
                    found[row.id] = _STUCK.format(minutes=silent / 60, what=what)
        self._seen = seen
        return found

    def _since(self, id_: str, version: int) -> float:
        before, since = self._seen.get(id_, (-1, 0.0))
        return since if before == version else time.monotonic()

    async def _converting(self, connection: AsyncConnection) -> list[Row[tuple[str, int]]]:
        """In lines: those that are held for somebody have a limit of their own."""
        wanted = select(task.c.id, task.c.version).where(_IN_LINE, task.c.step == Step.CONVERT.value).limit(MOST)
        return list(await connection.execute(wanted))

    async def _standing(self, connection: AsyncConnection) -> list[Row[tuple[str, int]]]:
        """Ready, first come, their printer neither paused nor with an order out: a line that nobody fills."""
        ready = (_IN_LINE, task.c.stage == Stage.FETCHABLE.value, task.c.step == Step.NONE.value, task.c.retry_at == 0)
        sent = select(task.c.printer).where(_AT_AGENT)
        paused = select(pause.c.printer)
        wanted = select(task.c.id, task.c.version).where(*ready, task.c.printer.not_in(sent), task.c.printer.not_in(paused))
        if self._withheld:
            wanted = wanted.where(task.c.printer.not_in(sorted(self._withheld)))
        return list(await connection.execute(wanted.limit(MOST)))
