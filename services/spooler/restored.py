"""After a restore: whatever was open when the backup was taken is held for a person, once, before anything else is done."""

import time

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.streams import PRINT
from libs.runtime.bus import Outgoing
from libs.runtime.commit import Commit
from libs.runtime.database import Database
from services.spooler.desk import Desk
from services.spooler.domain import OPEN
from services.spooler.round import Round
from services.spooler.tables import cursors, outbox, task
from services.spooler.task import Restored

log = structlog.get_logger()

#: The row beside the cursors: `at` is when the restore was (ms since 1970), `sequence` whether what it means has been done.
ROW = "RESTORED"
#: The row beside it: until when what other regions accepted may have been printed here, in ms since 1970.
LOST = "LOST"
#: Tasks of one transaction.
CHUNK = 500

Staged = list[tuple[str, Outgoing]]


async def note(database: Database, at: int, lost: int = 0) -> int:
    """Note that the database was brought back, and that what the bus stored up to `at` (ms since 1970) may be on paper.

    So may be what other regions accepted before, which comes only now; `lost` is when this one was lost, if somebody knows it: what
    they accepted since is on no paper. How many tasks the spooler will hold for that when it starts.
    """
    async with database.transaction() as connection:
        await connection.execute(delete(cursors).where(cursors.c.stream.in_([ROW, LOST])))
        rows = ((ROW, at), (LOST, min(lost or at, at)))
        await connection.execute(insert(cursors), [{"stream": row, "sequence": 0, "at": moment} for row, moment in rows])
        return len(await _open(connection))


async def hold(database: Database, commit: Commit, desk: Desk) -> int:
    """Hold what was open, if there was a restore that nobody has acted upon; how many tasks. Nothing is sent meanwhile."""
    async with database.reading() as connection:
        row = (await connection.execute(select(cursors.c.at, cursors.c.sequence).where(cursors.c.stream == ROW))).first()
        if row is None:
            return 0
        desk.restored = desk.lost = int(row.at)
        lost = await connection.scalar(select(cursors.c.at).where(cursors.c.stream == LOST))
        if lost is not None:  # a database that an earlier version brought back has no such row
            desk.lost = int(lost)
        if row.sequence:
            return 0
        ids = await _open(connection)
    for start in range(0, len(ids), CHUNK):
        await commit(lambda connection, start=start: _held(connection, desk, ids[start : start + CHUNK]))  # type: ignore[misc]
    await commit(_done)
    log.warning("database was brought back: what was open waits for somebody to say what became of it", tasks=len(ids))
    return len(ids)


async def _open(connection: AsyncConnection) -> list[str]:
    """Tasks that may go on, as they came."""
    wanted = select(task.c.id).where(task.c.ended_at == 0, task.c.stage.in_([stage.value for stage in OPEN]))
    return [row.id for row in await connection.execute(wanted.order_by(task.c.seq, task.c.idx))]


async def _held(connection: AsyncConnection, desk: Desk, ids: list[str]) -> Staged:
    turn = Round(connection, desk)
    await turn.load(ids)
    for id_ in ids:
        turn.tell(id_, Restored(int(time.time() * 1000)))
    return await turn.finish(send=False)


async def _done(connection: AsyncConnection) -> Staged:
    """Orders that were not published yet when the backup was taken never are."""
    await connection.execute(delete(outbox).where(outbox.c.stream == PRINT))
    await connection.execute(update(cursors).where(cursors.c.stream == ROW).values(sequence=1))
    return []
