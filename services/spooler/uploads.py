"""Upload sessions as doors ask for them, and what of them has to be swept; each answer comes after its commit."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import Document, Format, Stored
from libs.contracts.queries import Code
from libs.contracts.states import TERMINAL, Stage
from libs.contracts.tasks import TaskRequest
from libs.contracts.uploads import MOST_PIECES, CompleteUpload, DropUpload, GetUpload, KeepPiece, OpenUpload, UploadAnswer
from libs.runtime.bus import Outgoing, Refused
from libs.runtime.commit import Commit
from libs.runtime.database import Database
from libs.runtime.documents import Documents
from services.spooler import materials, sessions, store
from services.spooler.desk import Desk
from services.spooler.ranges import brings, together
from services.spooler.round import Round
from services.spooler.sentences import told
from services.spooler.sessions import Session, view
from services.spooler.task import Task

log = structlog.get_logger()

Staged = list[tuple[str, Outgoing]]
Act = Callable[[AsyncConnection, Staged], Awaitable[UploadAnswer]]
#: All pieces together are at most so many times as long as the document: what overlaps is stored until it is joined.
MOST_TIMES = 3
#: Sessions that are swept in one transaction.
SWEPT = 100


class Uploads:
    """Each command one transaction, under the same lock as everything else that decides."""

    def __init__(self, desk: Desk, database: Database, commit: Commit) -> None:
        self._desk = desk
        self._database = database
        self._commit = commit

    def questions(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        """Question -> who answers it."""
        return {
            OpenUpload: self.open_upload,
            GetUpload: self.get_upload,
            KeepPiece: self.keep_piece,
            CompleteUpload: self.complete_upload,
            DropUpload: self.drop_upload,
        }

    async def open_upload(self, query: OpenUpload) -> UploadAnswer:
        """A new session in the place of the one before, or that one again."""
        if query.size < 1:
            raise Refused(Code.BAD_REQUEST, "The document is empty: size is the number of its bytes, 1 or more.")

        async def opened(connection: AsyncConnection, _: Staged) -> UploadAnswer:
            task = (await store.load(connection, [query.task])).get(query.task)
            app = await _may_replace(connection, _wanted(task, query), query)
            known = await sessions.latest(connection, query, _now()) if query.resume else None
            if known and known.app == app:
                return UploadAnswer(upload=view(known, await sessions.pieces_of(connection, known.id)))
            session = await sessions.begin(connection, _short(query), id_=uuid4().hex, app=app, now=_now())
            return UploadAnswer(upload=view(session, []))

        return await self._committed(opened)

    async def get_upload(self, query: GetUpload) -> UploadAnswer:
        """A session as it stands."""
        async with self._database.reading() as connection:
            session = await _session(connection, query)
            return UploadAnswer(upload=view(session, await sessions.pieces_of(connection, session.id)))

    async def keep_piece(self, query: KeepPiece) -> UploadAnswer:
        """One more piece; it is not needed when all its bytes came before."""

        async def kept(connection: AsyncConnection, _: Staged) -> UploadAnswer:
            session = await _session(connection, query)
            pieces = await sessions.pieces_of(connection, session.id)
            if not 0 <= query.first <= query.last < session.size:
                raise Refused(Code.BAD_REQUEST, f"The document has {session.size} bytes: send ranges from 0 to {session.size - 1}.")
            if session.complete or not brings((query.first, query.last), [(first, last) for first, last, _ in pieces]):
                return UploadAnswer(upload=view(session, pieces), kept=False)
            if len(pieces) >= MOST_PIECES:
                raise Refused(Code.BAD_REQUEST, f"There are {MOST_PIECES} pieces already: begin anew with larger ones.")
            if together([*((first, last) for first, last, _ in pieces), (query.first, query.last)]) > MOST_TIMES * session.size:
                raise Refused(Code.BAD_REQUEST, "The pieces overlap too much: send what nextExpectedRanges names, or begin anew.")
            await sessions.keep(connection, session.id, (query.first, query.last), query.object)
            return UploadAnswer(upload=view(session, sorted([*pieces, (query.first, query.last, query.object)])))

        return await self._committed(kept)

    async def complete_upload(self, query: CompleteUpload) -> UploadAnswer:
        """These bytes are the task's document from now on."""

        async def completed(connection: AsyncConnection, staged: Staged) -> UploadAnswer:
            session = await _session(connection, query)
            if not session.complete:
                staged += await self._take(connection, session, query.document)
                session = await _session(connection, query)
            return UploadAnswer(upload=view(session, []))

        return await self._committed(completed)

    async def drop_upload(self, query: DropUpload) -> UploadAnswer:
        """A session that is not complete ends."""

        async def dropped(connection: AsyncConnection, _: Staged) -> UploadAnswer:
            session = await _session(connection, query)
            if session.complete:
                raise Refused(Code.NOT_FOUND, "The upload is complete: the document is the job's now.")
            await sessions.end(connection, session.id)
            return UploadAnswer(upload=view(session, []))

        return await self._committed(dropped)

    async def _take(self, connection: AsyncConnection, session: Session, document: Stored) -> Staged:
        if document.size != session.size:
            raise Refused(Code.BAD_REQUEST, f"The document has {document.size} bytes, and {session.size} were announced.")
        turn = Round(connection, self._desk)
        await turn.load([session.task])
        task = turn.get(session.task)
        if task is None or (task.tenant, task.leg) != (session.tenant, session.leg):
            raise Refused(Code.CONFLICT, "The job went on meanwhile: its document cannot be replaced any more.")
        await _check_stage(connection, task, session.app)
        before = (await turn.request(task.id)).document
        made = Document(Format(session.format), document, session.name, before.javascript, before.background)
        await turn.keep_document(task.id, made, session.media_type)
        if session.name and not task.started:
            await sessions.rename(connection, task.id, session.name)
        at = (await materials.kept(connection, [task.id]))[task.id].uploaded_at
        await sessions.complete(connection, session, document, _own_object(before, task), at)
        return await turn.finish()

    async def _committed(self, act: Act) -> UploadAnswer:
        answer: list[UploadAnswer] = []

        async def change(connection: AsyncConnection) -> Staged:
            staged: Staged = []
            answer.append(await act(connection, staged))
            return staged

        await self._commit(change)
        return answer[0]


class UploadSweep:
    """Deletes what came for sessions that are over, and what documents were replaced."""

    def __init__(self, database: Database, commit: Commit, documents: Documents) -> None:
        self._database = database
        self._commit = commit
        self._documents = documents

    async def sweep(self, now: int) -> int:
        """Sessions that are over at `now` (ms since 1970); how many there were."""
        total = 0
        while True:
            async with self._database.reading() as connection:
                found = await sessions.over(connection, now, SWEPT)
                named = {id_: _stored(request.document) for id_, request in await _requests(connection, found)}
            for session in found:
                await self._documents.delete(f"{session.tenant}/{session.task}/{session.id}")
                if session.former and session.former != named.get(session.task):
                    await self._documents.discard(session.former)
            if not found:
                return total

            async def change(connection: AsyncConnection, gone: list[Session] = found) -> Staged:
                await sessions.forget(connection, [session.id for session in gone])
                return []

            await self._commit(change)
            total += len(found)


async def _requests(connection: AsyncConnection, found: list[Session]) -> list[tuple[str, TaskRequest]]:
    wanted = dict.fromkeys(session.task for session in found if session.former)
    return list((await materials.request_of(connection, wanted)).items())


async def _session(connection: AsyncConnection, query: Any) -> Session:
    session = await sessions.find(connection, query.tenant, query.upload, _now())
    if session is None:
        raise Refused(Code.NOT_FOUND, "There is no such upload session, or its time is over: create a new one.")
    return session


def _wanted(task: Task | None, query: OpenUpload) -> Task:
    """The task, when that is where it is. Raises `Refused` as if it were not there."""
    here = (query.tenant, query.agent, query.printer, query.leg)
    if task is None or (task.tenant, task.agent, task.printer, task.leg) != here:
        raise Refused(Code.NOT_FOUND, f"There is no job {query.task[:64]} at this printer.")
    return task


async def _may_replace(connection: AsyncConnection, task: Task, query: OpenUpload) -> str:
    """Whose session it is: the application's whose hook works on it, or empty: the user's, before the start (3.3)."""
    if query.app and task.stage is not Stage.AWAITING_DATA:
        await _check_stage(connection, task, query.app)
        return query.app
    if query.user and query.user != task.user_id:
        if query.app:
            raise Refused(Code.CONFLICT, "The job is not started: applications replace documents while their print tasks work.")
        raise Refused(Code.NOT_FOUND, f"There is no job {task.id} of yours at this printer.")
    await _check_stage(connection, task, "")
    return ""


async def _check_stage(connection: AsyncConnection, task: Task, app: str) -> None:
    if not app and task.stage is Stage.AWAITING_DATA:
        return
    if not app or task.stage is not Stage.HOOKED:
        raise Refused(Code.CONFLICT, _why_not(task))
    if await sessions.working(connection, task.id, task.leg) != app:
        raise Refused(
            Code.FORBIDDEN, "Another application's print task works on this job now: only that one may replace its document."
        )


def _why_not(task: Task) -> str:
    if task.stage in TERMINAL:
        return "The job is over: its document cannot be replaced any more."
    if task.fetchable_at:
        return "The job is fetchable: its document cannot be replaced any more."
    return "The job was started: only the application whose print task works on it may replace its document."


def _own_object(document: Document, task: Task) -> str:
    """The object that a document is, if it is the task's own."""
    name = _stored(document)
    return name if name.startswith(f"{task.tenant}/{task.id}/") else ""


def _stored(document: Document) -> str:
    return document.content.name if isinstance(document.content, Stored) else ""


def _short(query: OpenUpload) -> OpenUpload:
    """Names that fit what they are kept in."""
    return replace(query, name=told(query.name, 1000), media_type=told(query.media_type, 128))


def _now() -> int:
    return int(time.time() * 1000)
