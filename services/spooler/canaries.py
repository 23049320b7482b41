"""Tasks that test the way (docs/adr/0061-canaries.md): told to nobody, in nobody's accounts, and forgotten soon."""

import time

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts import canary
from libs.contracts.ids import task_id
from services.spooler.tables import hook, leg, material, task

#: They are kept for so long after they were made, in seconds: whoever made one has heard of its end, or does not wait any more.
KEPT = 600.0
#: So many at once.
_MOST = 500
#: No id of one is less than this, whenever it was made.
_FIRST = f"{canary.SN}-{'0' * 12}"


async def forget(connection: AsyncConnection) -> list[tuple[str, str]]:
    """Delete those that are over for long enough; returns (tenant, id) of each. Their ids hold their times: a walk along a key."""
    before = task_id(canary.SN, int((time.time() - KEPT) * 1000), 0, 0)
    mine = (task.c.sn == canary.SN, task.c.id >= _FIRST, task.c.id < before, task.c.ended_at > 0)
    rows = (await connection.execute(select(task.c.tenant, task.c.id).where(*mine).limit(_MOST))).all()
    ids = [row.id for row in rows]
    if ids:
        for table in (material, hook, leg):
            await connection.execute(delete(table).where(table.c.task.in_(ids)))
        await connection.execute(delete(task).where(task.c.id.in_(ids)))
    return [(row.tenant, row.id) for row in rows]
