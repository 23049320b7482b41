"""The store of hooks: what partners do, or are to do, with legs of tasks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row, delete, desc, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.hooks import Hook, HookPolicy, HookState, HookView
from libs.contracts.ids import guid
from libs.runtime.bulk import Bulk
from services.spooler.tables import hook
from services.spooler.task import Task

#: States out of which a hook comes.
OPEN = (HookState.PENDING, HookState.PROCESSING)
#: Ids in one statement.
_CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A hook at one leg of a task, every field a column: `limit` in seconds, times in ms since 1970, 0: none.

    `place` is its turn among the hooks of the leg, `name` what people call its definition.
    """

    id: str
    tenant: str
    task: str
    leg: int
    place: int
    agent: str
    printer: str
    definition: str
    trigger: str
    app: str
    name: str
    limit: int
    on_limit: HookPolicy
    on_abort: HookPolicy
    state: HookState = HookState.PENDING
    description: str = ""
    created_at: int = 0
    until: int = 0
    ended_at: int = 0

    @property
    def who(self) -> str:
        """Whose work it is, for people."""
        return self.name or f"the application {self.app}"

    def view(self) -> HookView:
        """As it is shown and told."""
        return HookView(**{field.name: getattr(self, field.name) for field in fields(HookView)})


def made(task: Task, hooks: Sequence[Hook], now: int) -> list[Work]:
    """The work that the hooks of its printer are to do on this leg of a task, one after the other."""
    return [
        Work(
            id=guid("hook", task.id, str(task.leg), each.trigger),
            tenant=task.tenant,
            task=task.id,
            leg=task.leg,
            place=place,
            agent=task.agent,
            printer=task.printer,
            definition=each.definition,
            trigger=each.trigger,
            app=each.app,
            name=each.name,
            limit=each.limit,
            on_limit=each.on_limit,
            on_abort=each.on_abort,
            created_at=now,
        )
        for place, each in enumerate(hooks)
    ]


_FIELDS = tuple(field.name for field in fields(Work))
_SAVE = Bulk.updating(hook, "id", ("state", "description", "until", "ended_at"))


def _work(row: Row[Any]) -> Work:
    values = dict(row._mapping)  # noqa: SLF001 - that is its public name
    for name, kind in (("on_limit", HookPolicy), ("on_abort", HookPolicy), ("state", HookState)):
        values[name] = kind(values[name])
    return Work(**values)


async def save(connection: AsyncConnection, works: Iterable[Work], *, new: set[str]) -> None:
    """Insert those whose ids are `new`, and write what may have changed of the others."""
    fresh: list[Work] = []
    changed: list[Work] = []
    for each in works:
        (fresh if each.id in new else changed).append(each)
    if fresh:
        await connection.execute(insert(hook), [{name: getattr(each, name) for name in _FIELDS} for each in fresh])
    await _SAVE.run(connection, changed)


async def of_id(connection: AsyncConnection, hook_id: str) -> Work | None:
    """One hook."""
    row = (await connection.execute(select(hook).where(hook.c.id == hook_id))).first()
    return _work(row) if row else None


async def of_tasks(connection: AsyncConnection, tasks: Iterable[str], *, ended: bool = False) -> list[Work]:
    """The hooks of these tasks by leg and turn; only those that have not ended, unless `ended`."""
    wanted = list(dict.fromkeys(tasks))
    found: list[Work] = []
    for start in range(0, len(wanted), _CHUNK):
        asked = select(hook).where(hook.c.task.in_(wanted[start : start + _CHUNK]))
        if not ended:
            asked = asked.where(hook.c.state.in_([state.value for state in OPEN]))
        rows = await connection.execute(asked.order_by(hook.c.task, hook.c.leg, hook.c.place))
        found.extend(_work(row) for row in rows)
    return found


async def of_leg(connection: AsyncConnection, task: str, leg: int) -> list[Work]:
    """The hooks of one leg, in their turn."""
    rows = await connection.execute(select(hook).where(hook.c.task == task, hook.c.leg == leg).order_by(hook.c.place))
    return [_work(row) for row in rows]


async def of_definition(
    connection: AsyncConnection, *, tenant: str, app: str, definition: str, offset: int, limit: int
) -> list[Work]:
    """The hooks of a definition, the newest first."""
    wanted = select(hook).where(hook.c.definition == definition, hook.c.tenant == tenant, hook.c.app == app)
    rows = await connection.execute(wanted.order_by(desc(hook.c.created_at), desc(hook.c.id)).offset(offset).limit(limit))
    return [_work(row) for row in rows]


async def forget(connection: AsyncConnection, tasks: Sequence[str]) -> None:
    """Delete the hooks of these tasks."""
    await connection.execute(delete(hook).where(hook.c.task.in_(tasks)))
