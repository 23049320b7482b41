"""The store of what tasks are made of: the request as it came, what the converter made of it, and how its document came."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import Inline, Stored
from libs.contracts.message import decode, encode
from libs.contracts.reports import DocumentConverted
from libs.contracts.tasks import TaskRequest
from libs.contracts.tickets import Media
from services.spooler.tables import material

#: Parameters of one statement: both databases take more, SQLite's older builds no more than 999.
_CHUNK = 500
_OF_TASKS = select(material).where(material.c.task.in_(bindparam("ids", expanding=True)))
_CONVERTED = (
    update(material)
    .where(material.c.task == bindparam("task_id"))
    .values({"converted": bindparam("converted_bytes"), "left_copies": bindparam("copies_left"), "media": bindparam("sheet")})
)


@dataclass(frozen=True, slots=True)
class Kept:
    """All of it. `media_type` is what the document was uploaded as; times are ms since 1970; empty and 0: it came with the task."""

    request: TaskRequest
    converted: DocumentConverted | None = None
    media_type: str = ""
    uploaded_at: int = 0
    downloaded_at: int = 0


def told_of(request: TaskRequest) -> dict[str, Any]:
    """What archived jobs tell of a request, as columns."""
    ticket, content = request.ticket, request.document.content
    size = content.size if isinstance(content, Stored) else len(content.data) if isinstance(content, Inline) else 0
    return {
        "size": size,
        "copies": ticket.copies * ticket.repeats,
        "color": ticket.color or "",
        "sides": ticket.sides or "",
        "media": _sheet(ticket.media),
    }


def row_of(request: TaskRequest) -> dict[str, Any]:
    """A request as the row that begins."""
    return {"task": request.id, "request": encode(request), **told_of(request)}


def _sheet(media: Media | None) -> str:
    return (media.name or f"{media.width}x{media.height}")[:64] if media else ""


async def kept(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Kept]:
    """What these tasks are made of."""
    return {
        row.task: Kept(
            decode(TaskRequest, row.request),
            decode(DocumentConverted, row.converted) if row.converted else None,
            row.media_type,
            row.uploaded_at,
            row.downloaded_at,
        )
        for row in await _rows(connection, ids)
    }


async def request_of(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, TaskRequest]:
    """The requests as they came."""
    return {row.task: decode(TaskRequest, row.request) for row in await _rows(connection, ids) if row.request}


async def converted_of(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, DocumentConverted]:
    """The conversions that are done."""
    return {row.task: decode(DocumentConverted, row.converted) for row in await _rows(connection, ids) if row.converted}


async def _rows(connection: AsyncConnection, ids: Iterable[str]) -> list[Row[tuple[object, ...]]]:
    wanted = list(ids)
    rows: list[Row[tuple[object, ...]]] = []
    for start in range(0, len(wanted), _CHUNK):
        found = await connection.execute(_OF_TASKS, {"ids": wanted[start : start + _CHUNK]})
        rows.extend(found.all())
    return rows


async def keep_conversion(connection: AsyncConnection, reports: Iterable[DocumentConverted]) -> None:
    """Write what the converter made of tasks."""
    rows = [
        {
            "task_id": report.task,
            "converted_bytes": encode(report),
            "copies_left": report.ticket.copies,
            "sheet": _sheet(report.ticket.media),
        }
        for report in reports
    ]
    if rows:
        await connection.execute(_CONVERTED, rows)


async def keep_request(connection: AsyncConnection, request: TaskRequest) -> None:
    """Write what a task is made of anew: another printer, or another ticket."""
    values = {"request": encode(request), **told_of(request)}
    await connection.execute(update(material).where(material.c.task == request.id).values(values))


async def keep_document(connection: AsyncConnection, request: TaskRequest, media_type: str, at: int) -> None:
    """Write what a task is made of with a document that was uploaded (`at`, ms since 1970): what was rendered before is void."""
    values = {
        "request": encode(request),
        **told_of(request),
        "converted": None,
        "media_type": media_type,
        "uploaded_at": at,
        "downloaded_at": 0,
    }
    await connection.execute(update(material).where(material.c.task == request.id).values(values))


async def note_download(connection: AsyncConnection, task: str, at: int) -> None:
    """Remember when a document was fetched last by whoever serves its printer, in ms since 1970."""
    await connection.execute(update(material).where(material.c.task == task).values(downloaded_at=at))
