"""What was printed by day and month, and the jobs that are over: sums of archived jobs, those of days that are over made once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, delete, func, insert, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.ids import guid
from libs.contracts.people import Person
from libs.contracts.queries import Code
from libs.contracts.states import Stage
from libs.contracts.usage import (
    ArchivedJob,
    ArchivedJobs,
    ListArchivedJobs,
    ListUsage,
    Span,
    UsageBy,
    UsageList,
    UsageView,
)
from libs.runtime.bus import Outgoing, Refused
from libs.runtime.commit import Commit
from libs.runtime.database import Database
from services.spooler.archive import day_of
from services.spooler.tables import COUNTS, OF_USER, archived, usage_day

log = structlog.get_logger()

#: How long after midnight a day is summed up, in ms: its last jobs are written down by then.
CALM = 3_600_000
DAY = 86_400_000
#: Rows that are deleted in one transaction.
SWEPT = 5000
_LARGEST = 1000
#: The columns of sums in their order: whose they are, what those are called, the sums.
_OF = ("tenant", "day", "agent", "printer", "user_id")
_CALLED = ("printer_name", "user_name")
_NAMES = (*_OF, *_CALLED, *COUNTS)
_KEYS: dict[UsageBy, tuple[str, ...]] = {UsageBy.PRINTER: ("agent", "printer"), UsageBy.USER: ("user_id",)}


class Usage:
    """Answers from a look that blocks nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def questions(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        """Question -> who answers it."""
        return {ListUsage: self.list_usage, ListArchivedJobs: self.list_archived_jobs}

    async def list_usage(self, query: ListUsage) -> UsageList:
        """Sums by printer or by user, of days or of months."""
        limit = _limited(query.limit)
        async with self._database.reading() as connection:
            rolled = await rolled_up(connection)
            found = await connection.execute(_sums(query, rolled).offset(max(0, query.offset)).limit(limit + 1))
            rows = [_usage(row, query) for row in found.mappings()]
        return UsageList(rows=tuple(rows[:limit]), more=len(rows) > limit)

    async def list_archived_jobs(self, query: ListArchivedJobs) -> ArchivedJobs:
        """Jobs of a printer or of users, in the order in which they ended."""
        limit = _limited(query.limit)
        if bool(query.printer) is bool(query.users):
            raise Refused(Code.BAD_REQUEST, "Name a printer, or users.")
        wanted = select(archived).where(archived.c.tenant == query.tenant)
        if query.printer:
            wanted = wanted.where(archived.c.agent == query.agent, archived.c.printer == query.printer)
        else:
            wanted = wanted.where(OF_USER, archived.c.user_id.in_(query.users))
        if query.start is not None:
            wanted = wanted.where(archived.c.ended_at >= query.start)
        if query.end is not None:
            wanted = wanted.where(archived.c.ended_at <= query.end)
        wanted = wanted.order_by(archived.c.ended_at, archived.c.task, archived.c.leg).offset(max(0, query.offset)).limit(limit + 1)
        async with self._database.reading() as connection:
            rows = [_job(row) for row in (await connection.execute(wanted)).mappings()]
        return ArchivedJobs(jobs=tuple(rows[:limit]), more=len(rows) > limit)


class UsageSweep:
    """Sums up days that are over, and forgets what is older than `kept` seconds."""

    def __init__(self, database: Database, commit: Commit, kept: float) -> None:
        self._database = database
        self._commit = commit
        self._kept = int(kept * 1000)

    async def sweep(self, now: int) -> None:
        """At `now`, in ms since 1970; the first of a day has something to do."""
        await self._sum_up(now - CALM)
        while await self._forget(now - self._kept) == SWEPT:
            pass

    async def _sum_up(self, now: int) -> None:
        today = day_of(now)
        async with self._database.reading() as connection:
            rolled = await rolled_up(connection)
            first = (await connection.execute(select(func.min(archived.c.ended_at)).where(_since(rolled)))).scalar()
        if first is None or day_of(int(first)) >= today:
            return

        async def change(connection: AsyncConnection) -> list[tuple[str, Outgoing]]:
            days = _live(rolled).where(archived.c.ended_at < _begin(today))
            await connection.execute(insert(usage_day).from_select(_NAMES, days))
            return []

        await self._commit(change)
        log.info("usage summed up", before=today)

    async def _forget(self, before: int) -> int:
        gone: list[int] = []

        async def change(connection: AsyncConnection) -> list[tuple[str, Outgoing]]:
            last = select(archived.c.ended_at).where(archived.c.ended_at < before).order_by(archived.c.ended_at).limit(SWEPT)
            found = list(await connection.scalars(last))
            if found:
                await connection.execute(delete(archived).where(archived.c.ended_at <= found[-1]))
            await connection.execute(delete(usage_day).where(usage_day.c.day < day_of(before)))
            gone.extend(found)
            return []

        async with self._database.reading() as connection:
            oldest = (await connection.execute(select(func.min(archived.c.ended_at)))).scalar()
            day = (await connection.execute(select(func.min(usage_day.c.day)))).scalar()
        if (oldest is not None and oldest < before) or (day is not None and day < day_of(before)):
            await self._commit(change)
        return len(gone)


async def rolled_up(connection: AsyncConnection) -> int:
    """The last day that is summed up, 0: none."""
    return int((await connection.execute(select(func.max(usage_day.c.day)))).scalar() or 0)


def _live(rolled: int) -> Select[Any]:
    """Sums, as rows of `usage_day`, of all jobs after the day `rolled`."""
    whole = archived.c.stage == Stage.COMPLETED.value
    black, color = archived.c.color.is_(False), archived.c.color.is_(True)
    made: dict[str, ColumnElement[Any]] = {
        "completed_black": _sum(whole & black, 1),
        "completed_color": _sum(whole & color, 1),
        "incomplete": _sum(~whole, 1),
        "pages": func.sum(archived.c.pages),
        "sheets": func.sum(archived.c.sheets),
        "black_pages": _sum(black, archived.c.pages),
        "color_pages": _sum(color, archived.c.pages),
        "single_sided_sheets": _sum(archived.c.two_sided.is_(False), archived.c.sheets),
        "double_sided_sheets": _sum(archived.c.two_sided.is_(True), archived.c.sheets),
    }
    keys = [archived.c[name] for name in _OF]
    names = [func.max(archived.c[name]).label(name) for name in _CALLED]
    counts = [_number(made[name]).label(name) for name in COUNTS]
    return select(*keys, *names, *counts).where(_since(rolled)).group_by(*keys)


def _sums(query: ListUsage, rolled: int) -> Select[Any]:
    first, last = _days(query)
    live = _live(rolled).where(archived.c.tenant == query.tenant, archived.c.day.between(first, last))
    past = select(*(usage_day.c[name] for name in _NAMES))
    past = past.where(usage_day.c.tenant == query.tenant, usage_day.c.day.between(first, last))
    both = union_all(past, live).subquery()
    date = both.c.day if query.span is Span.DAY else both.c.day // 100 * 100 + 1
    keys = [both.c[name] for name in _KEYS[query.by]]
    shown = [func.max(both.c[name]).label(name) for name in _CALLED]
    wanted = select(date.label("date"), *keys, *shown, *(_number(func.sum(both.c[name])).label(name) for name in COUNTS))
    if query.by is UsageBy.USER:
        wanted = wanted.where(both.c.user_id != "")
    for name, value in (("agent", query.agent), ("printer", query.printer), ("user_id", query.user)):
        wanted = wanted.where(both.c[name] == value) if value else wanted
    return wanted.group_by(date, *keys).order_by(date, *keys)


def _days(query: ListUsage) -> tuple[int, int]:
    """The days that count: of months those whose first day is asked for, whole."""
    first, last = _day(query.start or "0001-01-01"), _day(query.end or "9999-12-31")
    if query.span is Span.DAY:
        return first, last
    whole = first if first % 100 == 1 else first // 100 * 100 + 100  # December's 13th month is after it and before January
    return whole, last // 100 * 100 + 31


def _usage(row: Any, query: ListUsage) -> UsageView:
    counts: dict[str, Any] = {name: int(row[name]) for name in COUNTS}
    date = f"{datetime.strptime(str(int(row['date'])), '%Y%m%d').replace(tzinfo=UTC):%Y-%m-%d}"
    if query.by is UsageBy.USER:
        return UsageView(date=date, user=Person(row["user_id"], row["user_name"]), **counts)
    return UsageView(date=date, agent=row["agent"], printer=row["printer"], printer_name=row["printer_name"], **counts)


def _job(row: Any) -> ArchivedJob:
    values = {key: value for key, value in row.items() if key not in ("tenant", "day", "user_id", "user_name", "redirected_from")}
    values |= {"stage": Stage(row["stage"]), "color": bool(row["color"]), "two_sided": bool(row["two_sided"])}
    user = Person(row["user_id"], row["user_name"]) if row["user_id"] else None
    agent, _, device = row["redirected_from"].partition("/")
    return ArchivedJob(**values, user=user, redirected_from=guid("printer", agent, device) if device else "")


def _since(rolled: int) -> ColumnElement[bool]:
    return archived.c.ended_at >= (_begin(rolled) + DAY if rolled else 0)


def _begin(day: int) -> int:
    """When a day begins, in ms since 1970."""
    return int(datetime.strptime(str(day), "%Y%m%d").replace(tzinfo=UTC).timestamp() * 1000)


def _day(date: str) -> int:
    try:
        return int(f"{datetime.strptime(date, '%Y-%m-%d'):%Y%m%d}")  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise Refused(Code.BAD_REQUEST, f"{date[:20]} is no day: write it as 2026-01-31.") from None


def _sum(condition: ColumnElement[bool], value: Any) -> ColumnElement[Any]:
    return func.sum(case((condition, value), else_=0))


def _number(summed: ColumnElement[Any]) -> ColumnElement[Any]:
    """A sum as a number that fits its column: PostgreSQL's sums of large numbers are no integers."""
    return cast(func.coalesce(summed, 0), BigInteger)


def _limited(limit: int) -> int:
    return max(1, min(limit, _LARGEST))
