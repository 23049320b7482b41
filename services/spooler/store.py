"""The spooler's store: tasks by id, by line, by time; the same statements on SQLite and PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, case, delete, desc, func, insert, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.devices import UnknownPolicy
from libs.contracts.states import Stage
from libs.contracts.streams import INTAKE
from libs.contracts.tasks import TaskRequest
from libs.runtime.bulk import Bulk
from libs.runtime.fairinput import ahead
from services.spooler.materials import row_of
from services.spooler.shares import Flow
from services.spooler.tables import cursors, hook, journal, leg, material, task
from services.spooler.task import FIELDS, Step, Task, made_of

#: Fields that never change after the insertion.
_FIXED = {
    "id", "tenant", "sn", "source", "from_os", "name", "priority", "created_at", "traceparent", "start_at", "retry_of", "user_id",
    "user_name",
}  # fmt: skip
#: Fields that change for few tasks, and are written for those only.
_SELDOM = (
    "agent", "printer", "device", "shard", "expires_at", "unknown", "hold", "rendering", "recalled", "seq", "idx", "served", "leg",
    "engine", "done_before",
)  # fmt: skip
_OFTEN = tuple(name for name in FIELDS if name not in _FIXED and name not in _SELDOM and name != "fetchable_at")
#: There is nothing more frequent here than reading fields.
_seldom = attrgetter(*_SELDOM)
_ADD = Bulk.inserting(task, FIELDS)
_SAVE, _SAVE_READY, _SAVE_SELDOM = (Bulk.updating(task, "id", names) for names in (_OFTEN, (*_OFTEN, "fetchable_at"), _SELDOM))
#: What the partial indexes hold, said as they say it: a database does not look into parameters for that.
_IN_LINE: ColumnElement[bool] = literal_column("lined")
_AT_AGENT: ColumnElement[bool] = literal_column("step = 'print'")
_AT_CONVERTER: ColumnElement[bool] = literal_column("step = 'convert'")
_HAS_TIME: ColumnElement[bool] = literal_column("due_at > 0")
#: A time that does not come.
NEVER = 1 << 62
_HAS_ENDED: ColumnElement[bool] = literal_column("ended_at > 0")
#: Where rows, whose columns are the fields in their order, have words, and what these mean.
_STAGE, _STEP, _POLICY = (FIELDS.index(name) for name in ("stage", "step", "unknown"))
_STAGES = {each.value: each for each in Stage}
_STEPS = {each.value: each for each in Step}
_POLICIES = {each.value: each for each in UnknownPolicy}
#: Statements that every task goes through are made once.
_OF_IDS = select(task).where(task.c.id.in_(bindparam("ids", expanding=True)))
_SENT = (
    select(task.c.printer, func.count(), func.sum(case((task.c.recalled, 1), else_=0)))
    .where(task.c.printer.in_(bindparam("printers", expanding=True)), _AT_AGENT, task.c.stage != Stage.UNKNOWN.value)
    .group_by(task.c.printer)
)
_LINE = (
    select(task)
    .where(task.c.printer == bindparam("of"), _IN_LINE)
    .order_by(task.c.place, desc(task.c.priority), task.c.seq, task.c.idx)
    .limit(bindparam("most"))
)
#: How many tasks were started so far, kept as streams' cursors are; and an index that no batch of INTAKE reaches.
_STARTS, _AFTER_BATCH = "STARTS", 1 << 40
#: Parameters of one statement: both databases take more, SQLite's older builds no more than 999.
_CHUNK = 500


def task_of(row: Row[Any]) -> Task:
    """A row of the table `task`, whole."""
    found = list(row)  # as there is nothing more frequent here, nothing is made on the way
    found[_STAGE] = _STAGES[found[_STAGE]]
    found[_STEP] = _STEPS[found[_STEP]]
    found[_POLICY] = _POLICIES[found[_POLICY]]
    return made_of(found)


async def load(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Task]:
    """The tasks of these ids that exist."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Task] = {}
    for start in range(0, len(wanted), _CHUNK):
        for row in await connection.execute(_OF_IDS, {"ids": wanted[start : start + _CHUNK]}):
            each = task_of(row)
            found[each.id] = each
    return found


async def existing(connection: AsyncConnection, ids: Iterable[str]) -> set[str]:
    """Those of these ids that are tasks."""
    wanted = list(dict.fromkeys(ids))
    found: set[str] = set()
    for start in range(0, len(wanted), _CHUNK):
        rows = await connection.execute(select(task.c.id).where(task.c.id.in_(wanted[start : start + _CHUNK])))
        found.update(row.id for row in rows)
    return found


async def add(connection: AsyncConnection, tasks: Sequence[Task], requests: Sequence[TaskRequest]) -> None:
    """Insert new tasks with what they are made of."""
    if tasks:
        await _ADD.run(connection, tasks)
        await connection.execute(insert(material), [row_of(each) for each in requests])


async def save(connection: AsyncConnection, tasks: Iterable[Task], before: Mapping[str, Task] | None = None) -> None:
    """Write what may have changed of these tasks; with `before`, how they were, only what did."""
    changed, known = list(tasks), before or {}
    # To write a column that an index names costs as much as to change it: `fetchable_at` changes once.
    ready = {each.id for each in changed if (old := known.get(each.id)) is None or old.fetchable_at != each.fetchable_at}
    await _SAVE.run(connection, [each for each in changed if each.id not in ready])
    await _SAVE_READY.run(connection, [each for each in changed if each.id in ready])
    await _SAVE_SELDOM.run(connection, [each for each in changed if _differs(each, known.get(each.id))])


def _differs(new: Task, old: Task | None) -> bool:
    return old is None or _seldom(new) != _seldom(old)


@dataclass(frozen=True, slots=True)
class Sent:
    """Orders of one printer that are with its agent and not of unknown outcome; `recalled` of them are wanted back."""

    orders: int = 0
    recalled: int = 0


async def sent_counts(connection: AsyncConnection, printers: Sequence[str]) -> dict[str, Sent]:
    """What of each printer is with its agent."""
    rows = await connection.execute(_SENT, {"printers": list(printers)})
    return {row[0]: Sent(int(row[1]), int(row[2])) for row in rows}


async def waiting_counts(connection: AsyncConnection, printers: Sequence[str]) -> dict[str, int]:
    """How many tasks stand in the line of each printer, not yet sent."""
    counts = select(task.c.printer, func.count()).where(task.c.printer.in_(printers), _IN_LINE)
    return {row[0]: int(row[1]) for row in await connection.execute(counts.group_by(task.c.printer))}


async def not_begun(connection: AsyncConnection, printer: str) -> list[Task]:
    """Tasks of a printer whose orders are with its agent and, as far as is known, not begun; in the order of the line."""
    waiting = select(task).where(task.c.printer == printer, _AT_AGENT, task.c.stage == Stage.FETCHABLE.value)
    rows = await connection.execute(waiting.order_by(task.c.place, desc(task.c.priority), task.c.seq, task.c.idx))
    return [task_of(row) for row in rows]


async def line(connection: AsyncConnection, printer: str, limit: int) -> list[Task]:
    """The first tasks of a printer's line: retries before the others, then by priority, then as they came."""
    return [task_of(row) for row in await connection.execute(_LINE, {"of": printer, "most": limit})]


async def lines(connection: AsyncConnection) -> list[str]:
    """The printers that have a line."""
    rows = await connection.execute(select(task.c.printer).where(_IN_LINE).distinct())
    return [row[0] for row in rows]


async def due(connection: AsyncConnection, now: int, limit: int = 500) -> list[Task]:
    """Tasks whose time has come, the earliest first."""
    rows = await connection.execute(select(task).where(_HAS_TIME, task.c.due_at <= now).order_by(task.c.due_at).limit(limit))
    return [task_of(row) for row in rows]


async def next_due(connection: AsyncConnection) -> int:
    """When the first task's time comes, in ms since 1970; `NEVER` when none has any."""
    found = _number((await connection.execute(select(func.min(task.c.due_at)).where(_HAS_TIME))).scalar())
    return NEVER if found is None else found


async def at_agent(connection: AsyncConnection, agent: str) -> list[Task]:
    """Tasks whose print order is with this agent, as they came."""
    rows = await connection.execute(select(task).where(task.c.agent == agent, _AT_AGENT).order_by(task.c.seq, task.c.idx))
    return [task_of(row) for row in rows]


async def order_conversions(connection: AsyncConnection, engine: str, flow: Flow, limit: int, now: int) -> list[Task]:
    """Conversions of a flow that waited for their turn, by priority, then as they came: they are ordered now (ms since 1970)."""
    waiting = select(task).where(
        _AT_CONVERTER, task.c.engine == engine, task.c.tenant == flow.tenant, task.c.printer == flow.printer, task.c.ordered_at == 0
    )
    rows = await connection.execute(waiting.order_by(desc(task.c.priority), task.c.seq, task.c.idx).limit(limit))
    found = [task_of(row) for row in rows]
    for start in range(0, len(found), _CHUNK):
        ids = [each.id for each in found[start : start + _CHUNK]]
        await connection.execute(update(task).where(task.c.id.in_(ids)).values(ordered_at=now))
    return found


async def open_conversions(connection: AsyncConnection) -> tuple[list[tuple[str, str, Flow]], list[tuple[str, Flow]]]:
    """Every conversion that is ordered (its task, its engine, its flow), and engine and flow of those that wait for their turn."""
    columns = (task.c.engine, task.c.tenant, task.c.printer)
    ordered = await connection.execute(select(task.c.id, *columns).where(_AT_CONVERTER, task.c.ordered_at > 0, task.c.engine != ""))
    waiting = await connection.execute(select(*columns).where(_AT_CONVERTER, task.c.ordered_at == 0).distinct())
    return [(row[0], row[1], Flow(row[2], row[3])) for row in ordered], [(row[0], Flow(row[1], row[2])) for row in waiting]


async def oldest_order(connection: AsyncConnection) -> int | None:
    """When the oldest open print order was made, in ms since 1970; None: none is open."""
    return _number((await connection.execute(select(func.min(task.c.ordered_at)).where(_AT_AGENT))).scalar())


async def oldest_unread(connection: AsyncConnection) -> int | None:
    """When the oldest task was made whose document may still have to be read as it came; None: there is none.

    It looks at every task: for sweeps that have something to delete.
    """
    stages = [stage.value for stage in (Stage.INCOMING, Stage.HOOKED, Stage.TRANSFORMING, Stage.RELEASE_WAIT, Stage.FINISHING)]
    return _number((await connection.execute(select(func.min(task.c.created_at)).where(task.c.stage.in_(stages)))).scalar())


def _number(found: Any) -> int | None:
    return None if found is None else int(found)


async def admitted(connection: AsyncConnection, agent: str) -> tuple[str, int] | None:
    """The journal that was admitted for an agent, and its sequence."""
    row = (await connection.execute(select(journal).where(journal.c.agent == agent))).first()
    return (row.id, int(row.sequence)) if row else None


async def admit(connection: AsyncConnection, agent: str, journal_id: str, sequence: int) -> None:
    """Remember a journal as the agent's one."""
    await connection.execute(delete(journal).where(journal.c.agent == agent))
    await connection.execute(insert(journal).values(agent=agent, id=journal_id, sequence=sequence))


async def forget_ended(connection: AsyncConnection, before: int, limit: int = 500) -> list[tuple[str, str]]:
    """Delete tasks that ended before this time (ms since 1970); returns (tenant, id) of each."""
    rows = (
        await connection.execute(select(task.c.tenant, task.c.id).where(_HAS_ENDED, task.c.ended_at < before).limit(limit))
    ).all()
    ids = [row.id for row in rows]
    if ids:
        for table in (material, hook, leg):
            await connection.execute(delete(table).where(table.c.task.in_(ids)))
        await connection.execute(delete(task).where(task.c.id.in_(ids)))
    return [(row.tenant, row.id) for row in rows]


async def exists(connection: AsyncConnection, id_: str) -> bool:
    """Whether there is this task."""
    return (await connection.execute(select(task.c.id).where(task.c.id == id_))).first() is not None


async def applied(connection: AsyncConnection, stream: str) -> int:
    """The sequence up to which an input stream is applied."""
    return int((await connection.execute(select(cursors.c.sequence).where(cursors.c.stream == stream))).scalar() or 0)


async def next_start(connection: AsyncConnection) -> tuple[int, int]:
    """The place of a task that is started now: behind all that INTAKE has brought so far, and all that were started before."""
    number = await applied(connection, _STARTS) + 1
    moved = await connection.execute(update(cursors).where(cursors.c.stream == _STARTS).values(sequence=number))
    if not moved.rowcount:
        await connection.execute(insert(cursors).values(stream=_STARTS, sequence=number))
    brought = max(await applied(connection, INTAKE), await applied(connection, ahead(INTAKE)))
    return brought, _AFTER_BATCH + number
