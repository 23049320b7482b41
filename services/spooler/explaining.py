"""Everything that is known of one task, gathered for whoever asks why it is where it is."""

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.explaining import ExplainTask, Explanation
from libs.contracts.ledger import LedgerEntry
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from libs.runtime.database import Database
from services.spooler import pauses, store
from services.spooler.desk import Desk
from services.spooler.horizon import Horizon
from services.spooler.ledger.book import Book
from services.spooler.tables import hook
from services.spooler.tables import task as table
from services.spooler.task import Task
from services.spooler.views import view


class Explaining:
    """Looks only, and blocks nobody."""

    def __init__(self, database: Database, horizon: Horizon, desk: Desk, book: Book) -> None:
        self._database = database
        self._horizon = horizon
        self._desk = desk
        self._book = book

    async def explain_task(self, query: ExplainTask) -> Explanation:
        """One task with what stands around it. Raises `Refused`: there is none, and if it was accepted the ledger says so."""
        await self._horizon.reach(query.task)
        entry = next((each for each in self._book.shown() if each.what == query.task), None)
        async with self._database.reading() as connection:
            task = (await store.load(connection, [query.task])).get(query.task)
            if task is None:
                raise Refused(Code.NOT_FOUND, _nowhere(query.task, entry))
            paused = task.printer in await pauses.paused(connection, [task.printer])
            before = await _before(connection, task) if task.lined else 0
            hooks = await _hooks(connection, task)
        return self._told(task, entry, paused=paused, before=before, hooks=hooks)

    def _told(self, task: Task, entry: LedgerEntry | None, *, paused: bool, before: int, hooks: tuple[str, ...]) -> Explanation:
        known = self._desk.printers.entry(task.agent, task.printer)
        return Explanation(
            task=view(task, paused=paused),
            step=task.step.value,
            engine=task.engine,
            conversions=task.conversions,
            ordered_at=task.ordered_at,
            taken=task.taken,
            sent=task.sent,
            acknowledged_at=task.acknowledged_at,
            valid_until=task.valid_until,
            retry_at=task.retry_at,
            failures=task.failures,
            lined=task.lined,
            before=before,
            paused=paused,
            served=task.served,
            hooks=hooks,
            unknown=task.unknown.value,
            printer_state=known.device.state.value if known else "",
            printer_reasons=known.device.reasons if known else (),
            agent_online=self._desk.printers.online(task.agent),
            mismatch=entry.message if entry else "",
            trace=task.traceparent.split("-")[1] if task.traceparent.count("-") == 3 else "",
        )


def _nowhere(task: str, entry: LedgerEntry | None) -> str:
    if entry:
        return f"The task {task[:64]} was accepted, and is not there. {entry.message}"
    return f"There is no task {task[:64]}: it never was, or it has ended so long ago that it is forgotten."


async def _before(connection: AsyncConnection, task: Task) -> int:
    """How many stand before it in its printer's line: (place, priority, position)."""
    column = table.c
    earlier = or_(column.seq < task.seq, and_(column.seq == task.seq, column.idx < task.idx))
    rank = or_(column.priority > task.priority, and_(column.priority == task.priority, earlier))
    first = or_(column.place < task.place, and_(column.place == task.place, rank))
    wanted = select(func.count()).where(column.printer == task.printer, column.lined, first)
    return int((await connection.execute(wanted)).scalar() or 0)


async def _hooks(connection: AsyncConnection, task: Task) -> tuple[str, ...]:
    """Names of the hooks that have not ended on this leg, in their order."""
    open_ = (hook.c.task == task.id, hook.c.leg == task.leg, hook.c.ended_at == 0)
    return tuple(row.name for row in await connection.execute(select(hook.c.name).where(*open_).order_by(hook.c.place)))
