"""Lists of jobs of a printer: walks along indexes that are merged, over tasks as they are and over legs that are over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, literal_column, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.jobs import ListJobs
from libs.contracts.queries import Code
from libs.contracts.states import Stage
from libs.runtime.bus import Refused
from services.spooler.tables import FETCHABLE, OF_USER, OF_USER_NAME, UNFETCHABLE, leg, task

#: Of the times and of the legs in marks; more there are in none.
_TIME, _LEG = 15, 4


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a job stands in every list: when its task was made (ms since 1970), its task, its leg. `over`: it was redirected."""

    created_at: int
    task: str
    leg: int
    over: bool = False

    @property
    def text(self) -> str:
        """As `next` and `after` have it."""
        return f"{self.created_at}.{self.leg}.{self.task}"

    @classmethod
    def read(cls, text: str) -> "Mark":
        """Raises `Refused` for what never was a `next`."""
        created_at, _, rest = text.partition(".")
        number, _, name = rest.partition(".")
        if not (_is_number(created_at, _TIME) and _is_number(number, _LEG) and name):
            raise Refused(Code.BAD_REQUEST, "The next page is not known: take the address as the page before gave it.")
        return cls(int(created_at), name, int(number))


def _is_number(text: str, digits: int) -> bool:
    """Whether it is one that every database has room for."""
    return text.isascii() and text.isdecimal() and len(text) <= digits


async def marks(connection: AsyncConnection, query: ListJobs) -> list[Mark]:
    """The jobs that are wanted in their order, and one more if there is one."""
    rows = await connection.execute(statement(query))
    return [Mark(int(row.created_at), row.id, int(row.leg), bool(row.over)) for row in rows]


async def count(connection: AsyncConnection, query: ListJobs) -> int:
    """How many there are on all pages."""
    total = 0
    for table, conditions in _walks(query):
        total += int((await connection.execute(select(func.count()).select_from(table).where(*conditions))).scalar() or 0)
    return total


def statement(query: ListJobs) -> CompoundSelect[Any] | Select[Any]:
    """Each walk ends with the page that is wanted, so that little is merged, however many jobs there are."""
    most = query.offset + query.limit + 1
    after = Mark.read(query.after) if query.after else None
    each = [_walk(table, conditions, query, after).limit(most) for table, conditions in _walks(query)]
    merged = union_all(*(select(one.subquery()) for one in each))
    columns: list[ColumnElement[Any]] = [literal_column(name) for name in ("created_at", "id", "leg")]
    order = columns if query.ascending else [column.desc() for column in columns]
    return merged.order_by(*order).limit(query.limit + 1).offset(query.offset)


def _walk(table: Any, conditions: Sequence[ColumnElement[bool]], query: ListJobs, after: Mark | None) -> Select[Any]:
    name = _name(table)
    place = (table.c.created_at, name, table.c.leg)
    over: ColumnElement[int] = literal_column("1" if table is leg else "0").label("over")
    walk = select(table.c.created_at, name.label("id"), table.c.leg, over).where(*conditions)
    if after:
        here, there = tuple_(*place), tuple_(after.created_at, after.task, after.leg)
        walk = walk.where(here > there if query.ascending else here < there)
    order = place if table is leg else place[:2]
    return walk.order_by(*(column if query.ascending else column.desc() for column in order))


def _walks(query: ListJobs) -> list[tuple[Any, list[ColumnElement[bool]]]]:
    """What each walk asks for; the index to walk along follows from it. Legs that are over never became fetchable."""
    wanted = query.wanted
    walks: list[tuple[Any, list[ColumnElement[bool]]]] = []
    for part in _parts(query):
        conditions = [*_within(task, query), literal_column(part.text)]
        if wanted.stages:
            conditions.append(task.c.stage.in_([stage.value for stage in wanted.stages]))
        walks.append((task, conditions))
    if not wanted.fetchable and (not wanted.stages or Stage.COMPLETED in wanted.stages):
        walks.append((leg, _within(leg, query)))
    return walks


def _parts(query: ListJobs) -> list[Any]:
    """Conditions that partial indexes have, said as they say it."""
    wanted = query.wanted
    states = {True: [FETCHABLE], False: [UNFETCHABLE], None: [FETCHABLE, UNFETCHABLE]}[wanted.fetchable]
    return [OF_USER] if wanted.user else [OF_USER_NAME] if wanted.user_name else states


def _within(table: Any, query: ListJobs) -> list[ColumnElement[bool]]:
    wanted = query.wanted
    conditions = [table.c.printer == query.printer, table.c.tenant == query.tenant, table.c.agent == query.agent]
    if wanted.user:
        conditions.append(table.c.user_id == wanted.user)
    if wanted.user_name:
        conditions.append(table.c.user_name == wanted.user_name.lower())
    if (wanted.user or wanted.user_name) and wanted.fetchable is not None and table is task:
        conditions.append(table.c.fetchable_at > 0 if wanted.fetchable else table.c.fetchable_at == 0)
    if wanted.start is not None:
        conditions.append(table.c.created_at >= wanted.start)
    if wanted.end is not None:
        conditions.append(table.c.created_at <= wanted.end)
    return conditions


def _name(table: Any) -> Any:
    return table.c.task if table is leg else table.c.id
