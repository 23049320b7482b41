"""Jobs that have just ended, written down for accounting in the transaction in which they end (graph-print.md 1.11, 2.13)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, case, cast, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts import canary
from libs.contracts.devices import Device
from libs.contracts.states import Stage
from libs.contracts.tickets import ColorMode, Sides
from services.spooler.printers import Printers
from services.spooler.tables import archived, leg, material, task
from services.spooler.task import Task

#: Values of one statement: SQLite's older builds take no more than 999.
_CHUNK = 500
_GREY = (ColorMode.MONOCHROME.value, ColorMode.BI_LEVEL.value)


async def archive(connection: AsyncConnection, ended: Sequence[Task], printers: Printers) -> None:
    """Write these tasks down, which are saved already; the database copies what it has, and nothing is read for it.

    What a ticket leaves open is as its printer does it: one statement for all printers that do the same.
    """
    habits = {(each.agent, each.printer): _habits(printers, each) for each in ended}
    of = [(habits[each.agent, each.printer], each) for each in ended if each.started and each.sn != canary.SN]
    for (color, two_sided), group in groupby(sorted(of, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
        ids = [each.id for _, each in group]
        for start in range(0, len(ids), _CHUNK):
            values = {"in_color": color, "on_both": two_sided, "ids": ids[start : start + _CHUNK], "on": day_of(ended[0].ended_at)}
            await connection.execute(_INSERT, values)


def day_of(at: int) -> int:
    """The day of a time in ms since 1970, UTC, as 20260131."""
    return int(f"{datetime.fromtimestamp(at / 1000, UTC):%Y%m%d}")


def _habits(printers: Printers, each: Task) -> tuple[bool, bool]:
    """Whether a printer prints in colour, and on both sides, unless it is told."""
    entry = printers.entry(each.agent, each.printer)
    return habits_of(entry.device) if entry else (False, False)


def habits_of(device: Device) -> tuple[bool, bool]:
    """The same of a device. One that can print in colour and does not say what it does prints in colour."""
    able = device.capabilities
    if able.default_color in (None, ColorMode.AUTO):
        color = any(not each.colorless for each in able.colors)
    else:
        color = not able.default_color.colorless
    return color, able.default_sides in (Sides.TWO_SIDED_LONG_EDGE, Sides.TWO_SIDED_SHORT_EDGE)


def _rows() -> Select[Any]:
    """A task as its archived job. Sides are counted by the pages of what was made for the printer; of a job that did not come to
    its end, as many as were seen.
    """
    on_both: ColumnElement[bool] = case(
        (material.c.sides == "", bindparam("on_both")), else_=material.c.sides != Sides.ONE_SIDED.value
    )
    unsaid = material.c.color.in_(("", ColorMode.AUTO.value))
    in_color: ColumnElement[bool] = case((unsaid, bindparam("in_color")), else_=material.c.color.not_in(_GREY))
    whole = task.c.stage == Stage.COMPLETED.value
    copies = case((whole, material.c.left_copies), else_=1)
    sides = case((whole, task.c.pages), else_=task.c.pages_done)
    sheets = case((on_both, (sides + 1) // 2), else_=sides)
    before = select(leg.c.agent + "/" + leg.c.printer).where(and_(leg.c.task == task.c.id, leg.c.leg == task.c.leg - 1))
    made: dict[str, ColumnElement[Any]] = {
        **{name: task.c[name] for name in ("ended_at", "leg", "tenant", "sn", "stage", "agent", "printer")},
        "task": task.c.id,
        "day": cast(bindparam("on"), BigInteger),
        "printer_name": task.c.device,
        **{name: task.c[name] for name in ("user_id", "user_name", "created_at", "fetchable_at", "acknowledged_at")},
        "copies": material.c.copies,
        "pages": sides * copies,
        "sheets": sheets * copies,
        "size": material.c.size,
        "color": in_color,
        "two_sided": on_both,
        "media": material.c.media,
        "redirected_from": case((task.c.leg > 1, func.coalesce(before.scalar_subquery(), "")), else_=literal("")),
    }
    columns = [made[name].label(name) for name in archived.c.keys()]  # noqa: SIM118 - the columns' names
    found = select(*columns).join_from(task, material, material.c.task == task.c.id)
    return found.where(task.c.id.in_(bindparam("ids", expanding=True)))


_INSERT = insert(archived).from_select(archived.c.keys(), _rows())


def just_ended(changed: Iterable[tuple[Task, Task | None]]) -> list[Task]:
    """Those of changed tasks (how they are, how they were) that have come to their end now."""
    return [now for now, before in changed if now.ended_at and not (before and before.ended_at)]
