"""Lists of tasks for outsiders, newest first: walks along an index that end with their limit, however many tasks there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, desc, false, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.states import STATUS, Stage, Status
from services.spooler.store import task_of
from services.spooler.tables import HELD, task
from services.spooler.task import Task

#: In the order of their going through life; a list of none of them is a list of all that were told to somebody.
_ALL = tuple(Status)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks of a client; times are ms since 1970, both ends inclusive; empty `statuses` and `stages` mean any."""

    tenant: str
    sn: str
    statuses: tuple[Status, ...] = ()
    stages: tuple[Stage, ...] = ()
    start: int | None = None
    end: int | None = None
    limit: int = 100


async def listed(connection: AsyncConnection, wanted: Filter) -> list[Task]:
    """A client's tasks that were told to somebody, newest first."""
    rows = await connection.execute(statement(wanted))
    return [task_of(row) for row in rows]


def statement(wanted: Filter) -> Select[Any] | CompoundSelect[Any]:
    """One walk as it is, several merged: each gives no more than the limit, so that little is sorted."""
    each = [_walk(wanted, conditions) for conditions in _walks(wanted)]
    if len(each) == 1:
        return each[0]
    merged = union_all(*(select(one.subquery()) for one in each))
    return merged.order_by(literal_column("created_at").desc(), literal_column("id").desc()).limit(wanted.limit)


def _walk(wanted: Filter, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    within = [task.c.tenant == wanted.tenant, task.c.sn == wanted.sn, *conditions]
    if wanted.start is not None:
        within.append(task.c.created_at >= wanted.start)
    if wanted.end is not None:
        within.append(task.c.created_at <= wanted.end)
    return select(task).where(*within).order_by(desc(task.c.created_at), desc(task.c.id)).limit(wanted.limit)


def _walks(wanted: Filter) -> list[list[ColumnElement[bool]]]:
    """What each walk asks for beside client and time; the index to walk along follows from it."""
    if wanted.stages:
        walks = [walk for stage in dict.fromkeys(wanted.stages) for walk in _of_stage(stage, wanted.statuses)]
        return walks or [[false()]]
    if not wanted.statuses or set(wanted.statuses) == set(_ALL):
        return [[task.c.told != ""]]
    return [[task.c.told == status.value] for status in dict.fromkeys(wanted.statuses)]


def _of_stage(stage: Stage, statuses: Sequence[Status]) -> list[list[ColumnElement[bool]]]:
    """A walk for each status that tasks in this stage can have: partners also work on what was released (QUEUED) before."""
    status = STATUS[stage]
    if status is None:
        return []
    known = (Status.SUBMITTED, Status.QUEUED) if stage is Stage.HOOKED else (status,)
    if stage is Stage.RELEASE_WAIT:
        return [[literal_column(HELD.text)]] if not statuses or status in statuses else []
    return [[task.c.told == str(each), task.c.stage == stage.value] for each in known if not statuses or each in statuses]
