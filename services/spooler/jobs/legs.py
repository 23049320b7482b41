"""The store of legs that are over because their task was redirected (design.md rule 12)."""

from collections.abc import Iterable

from sqlalchemy import insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.jobs import JobRef, JobView
from libs.contracts.message import decode, encode
from services.spooler.tables import leg
from services.spooler.task import Task

#: A task and the number of a leg of it.
Key = tuple[str, int]


async def add(connection: AsyncConnection, task: Task, shown: JobView) -> None:
    """Keep the leg at which this task is, as it is to be shown from now on."""
    row = {
        "task": task.id,
        "leg": task.leg,
        "tenant": task.tenant,
        "agent": task.agent,
        "printer": task.printer,
        "user_id": task.user_id,
        "user_name": task.user_name,
        "created_at": task.created_at,
        "ended_at": shown.ended_at,
        "shown": encode(shown),
    }
    await connection.execute(insert(leg).values(row))


async def load(connection: AsyncConnection, keys: Iterable[Key]) -> dict[Key, JobView]:
    """Those of these legs that are over."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = await connection.execute(select(leg).where(tuple_(leg.c.task, leg.c.leg).in_(wanted)))
    return {(row.task, int(row.leg)): decode(JobView, row.shown) for row in rows}


async def before(connection: AsyncConnection, tasks: Iterable[Task]) -> dict[str, JobRef]:
    """Task -> the leg before the one at which it is."""
    wanted = [(task.id, task.leg - 1) for task in tasks if task.leg > 1]
    if not wanted:
        return {}
    columns = (leg.c.agent, leg.c.printer, leg.c.task, leg.c.leg)
    rows = await connection.execute(select(*columns).where(tuple_(leg.c.task, leg.c.leg).in_(wanted)))
    return {row.task: JobRef(agent=row.agent, printer=row.printer, task=row.task, leg=int(row.leg)) for row in rows}
