"""A leg of a task as a job."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import Inline, Remote, Stored
from libs.contracts.hooks import HookView
from libs.contracts.jobs import DocumentView, JobRef, JobView
from libs.contracts.mediatypes import media_type_of
from libs.contracts.states import TERMINAL
from services.spooler import hooks, materials
from services.spooler.desk import Desk
from services.spooler.jobs import legs
from services.spooler.materials import Kept
from services.spooler.task import Task
from services.spooler.views import view


async def jobs(connection: AsyncConnection, desk: Desk, tasks: Sequence[Task], *, hooked: bool = False) -> list[JobView]:
    """These tasks at the printers where they are now; `hooked`: with what partners do."""
    kept = await materials.kept(connection, (task.id for task in tasks))
    origins = await legs.before(connection, tasks)
    works = await hooks_of(connection, ((task.id, task.leg) for task in tasks)) if hooked else {}
    return [job(task, kept[task.id], desk, origin=origins.get(task.id), hooks=works.get((task.id, task.leg), ())) for task in tasks]


async def hooks_of(connection: AsyncConnection, keys: Iterable[legs.Key]) -> dict[legs.Key, tuple[HookView, ...]]:
    """The hooks of these legs, in their turn."""
    wanted = set(keys)
    found: dict[legs.Key, tuple[HookView, ...]] = {}
    for work in await hooks.of_tasks(connection, (task for task, _ in wanted), ended=True):
        found[work.task, work.leg] = (*found.get((work.task, work.leg), ()), work.view())
    return found


def with_hooks(job: JobView, hooks: tuple[HookView, ...]) -> JobView:
    """A job with what partners do, or did."""
    return replace(job, hooks=hooks)


def job(task: Task, kept: Kept, desk: Desk, *, origin: JobRef | None = None, hooks: tuple[HookView, ...] = ()) -> JobView:
    """One task at the printer where it is now."""
    shown = view(task, paused=task.printer in desk.paused)
    request = kept.request
    return JobView(
        task=task.id,
        leg=task.leg,
        tenant=task.tenant,
        sn=task.sn,
        client=desk.printers.client_name(task.sn),
        agent=task.agent,
        printer=task.printer,
        name=task.name,
        stage=task.stage,
        reason=shown.reason,
        message=shown.message,
        created_at=task.created_at,
        fetchable_at=task.fetchable_at,
        acknowledged_at=task.acknowledged_at,
        ended_at=task.ended_at,
        acquired=task.acknowledged_at > 0 and (task.taken or task.stage in TERMINAL),
        canceling=task.canceling,
        version=task.version,
        user=request.user,
        ticket=request.ticket,
        configuration=request.configuration,
        document=document_view(task, kept),
        redirected_from=origin,
        hooks=hooks,
    )


def document_view(task: Task, kept: Kept) -> DocumentView:
    """The document as it came; one that the converter fetches itself has no bytes before it has done so."""
    document = kept.request.document
    if not has_document(kept):
        return DocumentView(name=document.name)
    content = document.content
    if isinstance(content, Remote):
        converted = kept.converted.document.content if kept.converted else None
        size, available = _size(converted), converted is not None
    else:
        size, available = _size(content), True
    return DocumentView(
        name=document.name,
        media_type=media_type_of(document.format, kept.media_type),
        size=size,
        uploaded_at=kept.uploaded_at or task.created_at,
        downloaded_at=kept.downloaded_at,
        available=available,
    )


def has_document(kept: Kept) -> bool:
    """Whether the task's document has come."""
    return kept.request.document.content != Inline(b"")


def _size(content: Inline | Stored | None) -> int:
    if isinstance(content, Inline):
        return len(content.data)
    return content.size if content else 0
