"""Usage and archived jobs in Graph's words (graph-print.md 2.13)."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from libs.contracts.ids import guid, job_id
from libs.contracts.people import UserView
from libs.contracts.usage import ArchivedJob, UsageBy, UsageView
from services.gateway.graph.odata.filtering import Compare, Expression, Literal, Path, instant_of
from services.gateway.graph.odata.matching import conjuncts
from services.gateway.graph.words.moments import instant
from services.gateway.graph.words.states import TOLD


def usage_entity(row: UsageView) -> dict[str, Any]:
    """A printUsageByPrinter or printUsageByUser."""
    whose: dict[str, Any] = (
        {"userPrincipalName": row.user.name or row.user.id}
        if row.user
        else {"printerId": guid("printer", row.agent, row.printer), "printerName": row.printer_name}
    )
    return {
        "id": usage_id(row),
        "usageDate": row.date,
        **whose,
        "completedBlackAndWhiteJobCount": row.completed_black,
        "completedColorJobCount": row.completed_color,
        "completedJobCount": row.completed_black + row.completed_color,
        "incompleteJobCount": row.incomplete,
        "pageCount": row.pages,
        "mediaSheetCount": row.sheets,
        "blackAndWhitePageCount": row.black_pages,
        "colorPageCount": row.color_pages,
        "singleSidedSheetCount": row.single_sided_sheets,
        "doubleSidedSheetCount": row.double_sided_sheets,
    }


def usage_id(row: UsageView) -> str:
    """A name of this row: its date, and whose it is."""
    whose = (row.user.id,) if row.user else (row.agent, row.printer)
    return base64.urlsafe_b64encode("~".join((row.date, *whose)).encode()).decode().rstrip("=")


def whose_usage(id_: str, by: UsageBy) -> dict[str, str]:
    """What `ListUsage` has to say for the one row that an id names. Raises `ValueError` for what is no id of such a row."""
    try:
        on, *whose = base64.urlsafe_b64decode(id_.encode("ascii") + b"==").decode().split("~")
    except (binascii.Error, UnicodeError):
        raise ValueError(id_) from None
    day = date.fromisoformat(on).isoformat()
    names = ("agent", "printer") if by is UsageBy.PRINTER else ("user",)
    return {"start": day, "end": day, **dict(zip(names, whose, strict=True))}


def archived_entity(job: ArchivedJob, people: Mapping[str, UserView], *, beta: bool = False) -> dict[str, Any]:
    """An archivedPrintJob; `people` are the users that are known, by id. Beta counts pages, too (1.13)."""
    told = {
        "id": job_id(job.task, job.leg),
        "createdBy": _created_by(job, people),
        "createdDateTime": instant(job.created_at),
        "acquiredByPrinter": bool(job.acknowledged_at),
        "acquiredDateTime": instant(job.acknowledged_at),
        "completionDateTime": instant(job.ended_at),
        "copiesPrinted": job.copies,
        "printerId": guid("printer", job.agent, job.printer),
        "printerName": job.printer_name,
        "processingState": TOLD[job.stage].state,
    }
    if not beta:
        return told
    return {
        **told,
        "pageCount": job.pages,
        "blackAndWhitePageCount": 0 if job.color else job.pages,
        "colorPageCount": job.pages if job.color else 0,
        "simplexPageCount": 0 if job.two_sided else job.pages,
        "duplexPageCount": job.pages if job.two_sided else 0,
    }


def _created_by(job: ArchivedJob, people: Mapping[str, UserView]) -> dict[str, Any]:
    if job.user is None:
        return {"id": guid("client", job.sn), "displayName": job.sn, "ipAddress": None, "userPrincipalName": None}
    known = people.get(job.user.id)
    name = known.name if known else job.user.name
    return {
        "id": job.user.id,
        "displayName": (known.display if known else "") or name or None,
        "ipAddress": None,
        "userPrincipalName": name or None,
    }


def dates_of(expression: Expression | None) -> tuple[str, str, bool]:
    """The first and the last day that a filter leaves, empty: any; and whether that is all that it says."""
    first, last, whole = date.min, date.max, True
    for each in conjuncts(expression):
        days = _days(each)
        if days is None:
            whole = False
        else:
            first, last = max(first, days[0]), min(last, days[1])
    return "" if first == date.min else first.isoformat(), "" if last == date.max else last.isoformat(), whole


def _days(expression: Expression) -> tuple[date, date] | None:
    """The days that a comparison of usageDate leaves; None: it is another."""
    match expression:
        case Compare(op, Path(parts), Literal(value)) if [each.lower() for each in parts] == ["usagedate"]:
            on = _date(value)
        case _:
            return None
    if on is None or op == "ne" or not date.min < on < date.max:
        return None
    day = timedelta(days=1)
    return {
        "eq": (on, on),
        "ge": (on, date.max),
        "gt": (on + day, date.max),
        "le": (date.min, on),
        "lt": (date.min, on - day),
    }[op]


def _date(value: Any) -> date | None:
    """A day, also as its first moment; None: it is none."""
    try:
        found = instant_of(value) if isinstance(value, str) else value
        found = found.astimezone(UTC) if isinstance(found, datetime) else found
    except (ValueError, OverflowError):  # an offset may lead out of all years that there are
        return None
    if not isinstance(found, datetime):
        return found if isinstance(found, date) else None
    return found.date() if found.time() == time.min else None
