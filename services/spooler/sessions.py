"""Upload sessions in the store: rows of `upload` and `piece`; the same statements on SQLite and PostgreSQL."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import Format, Stored
from libs.contracts.hooks import HookState
from libs.contracts.uploads import UPLOAD_GRACE, UPLOAD_LIMIT, OpenUpload, UploadView
from services.spooler.ranges import Span, missing
from services.spooler.tables import hook, piece, task, upload

Piece = tuple[int, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A row of `upload`. Times are ms since 1970."""

    id: str
    tenant: str
    task: str
    leg: int
    app: str
    size: int
    name: str
    media_type: str
    format: str
    until: int
    complete: bool = False
    object: str = ""
    sha256: str = ""
    former: str = ""
    uploaded_at: int = 0


def view(session: Session, pieces: list[Piece]) -> UploadView:
    """A session as it is told."""
    gaps = () if session.complete else missing(((first, last) for first, last, _ in pieces), session.size)
    return UploadView(
        id=session.id,
        tenant=session.tenant,
        task=session.task,
        leg=session.leg,
        size=session.size,
        name=session.name,
        media_type=session.media_type,
        format=Format(session.format),
        expires=session.until,
        missing=gaps,
        pieces=() if gaps else tuple(pieces),
        complete=session.complete,
        document=Stored(session.object, session.size, session.sha256) if session.complete else None,
        uploaded_at=session.uploaded_at,
    )


async def begin(connection: AsyncConnection, query: OpenUpload, *, id_: str, app: str, now: int) -> Session:
    """A new session; whatever was still open for this leg ends."""
    still_open = (upload.c.task == query.task, upload.c.leg == query.leg, upload.c.complete.is_(False))
    await connection.execute(update(upload).where(*still_open).values(until=0))
    made = Session(
        id=id_,
        tenant=query.tenant,
        task=query.task,
        leg=query.leg,
        app=app,
        size=query.size,
        name=query.name,
        media_type=query.media_type,
        format=query.format.value,
        until=now + UPLOAD_LIMIT * 1000,
    )
    values = {name: getattr(made, name) for name in upload.c.keys()}  # noqa: SIM118 - the columns' names
    await connection.execute(insert(upload).values(values))
    return made


async def find(connection: AsyncConnection, tenant: str, upload_id: str, now: int) -> Session | None:
    """The session, unless it has ended or its time is over."""
    wanted = select(upload).where(upload.c.id == upload_id, upload.c.tenant == tenant, upload.c.until > now)
    row = (await connection.execute(wanted)).mappings().first()
    return Session(**row) if row else None


async def latest(connection: AsyncConnection, query: OpenUpload, now: int) -> Session | None:
    """The leg's last session for a document of this size, unless it has ended or its time is over."""
    same = (upload.c.task == query.task, upload.c.leg == query.leg, upload.c.tenant == query.tenant, upload.c.size == query.size)
    wanted = select(upload).where(*same, upload.c.until > now).order_by(upload.c.until.desc()).limit(1)
    row = (await connection.execute(wanted)).mappings().first()
    return Session(**row) if row else None


async def pieces_of(connection: AsyncConnection, upload_id: str) -> list[Piece]:
    """What is stored, in order."""
    rows = select(piece.c.first, piece.c.last, piece.c.object).where(piece.c.upload == upload_id).order_by(piece.c.first)
    return [(int(row.first), int(row.last), row.object) for row in await connection.execute(rows)]


async def keep(connection: AsyncConnection, upload_id: str, span: Span, name: str) -> None:
    """One more piece."""
    await connection.execute(insert(piece).values(upload=upload_id, first=span[0], last=span[1], object=name))


async def complete(connection: AsyncConnection, session: Session, document: Stored, former: str, now: int) -> None:
    """The session is over, and says what became of it for a while."""
    values: dict[str, Any] = {"complete": True, "object": document.name, "sha256": document.sha256, "former": former}
    values |= {"uploaded_at": now, "until": now + UPLOAD_GRACE * 1000}
    await connection.execute(update(upload).where(upload.c.id == session.id).values(values))
    await connection.execute(delete(piece).where(piece.c.upload == session.id))


async def end(connection: AsyncConnection, upload_id: str) -> None:
    """The session is over, and what came is swept."""
    await connection.execute(update(upload).where(upload.c.id == upload_id).values(until=0))


async def over(connection: AsyncConnection, now: int, limit: int = 100) -> list[Session]:
    """Sessions of which nothing has to be kept any more but what became a document."""
    rows = await connection.execute(select(upload).where(upload.c.until <= now).order_by(upload.c.until).limit(limit))
    return [Session(**row) for row in rows.mappings()]


async def forget(connection: AsyncConnection, ids: list[str]) -> None:
    """Delete sessions with their pieces."""
    await connection.execute(delete(piece).where(piece.c.upload.in_(ids)))
    await connection.execute(delete(upload).where(upload.c.id.in_(ids)))


async def working(connection: AsyncConnection, task_id: str, leg: int) -> str:
    """The application whose hook works on this leg now; empty: none does."""
    found = select(hook.c.app).where(hook.c.task == task_id, hook.c.leg == leg, hook.c.state == HookState.PROCESSING.value)
    return str((await connection.execute(found)).scalar() or "")


async def rename(connection: AsyncConnection, task_id: str, name: str) -> None:
    """A task that nobody was told of yet is called what its document is called."""
    await connection.execute(update(task).where(task.c.id == task_id).values(name=name))
