"""A dead letter once more: what can be applied now is applied, and a task that ended by it is printed anew as another one."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import Role, Stored
from libs.contracts.ids import task_id
from libs.contracts.intake import SubmitTasks
from libs.contracts.ledger import LetterReplayed, ReplayLetter
from libs.contracts.message import Undecodable, decode
from libs.contracts.queries import Code
from libs.contracts.reports import TaskReports
from libs.contracts.states import Stage
from libs.contracts.streams import INTAKE, REPORTS
from libs.contracts.tasks import TaskRequest
from libs.runtime.bus import Bus, Outgoing, Refused
from libs.runtime.commit import Commit
from libs.runtime.documents import Documents, Missing
from services.spooler import store
from services.spooler.acceptance import new_task
from services.spooler.desk import Desk
from services.spooler.materials import request_of
from services.spooler.round import Round
from services.spooler.task import Task

log = structlog.get_logger()

Staged = list[tuple[str, Outgoing]]


class Replay:
    """Asked by a person who has removed the cause."""

    def __init__(self, bus: Bus, commit: Commit, desk: Desk, documents: Documents) -> None:
        self._bus = bus
        self._commit = commit
        self._desk = desk
        self._documents = documents

    async def replay_letter(self, query: ReplayLetter) -> LetterReplayed:
        """Raises `Refused` with the reason why it cannot be done."""
        if query.stream == INTAKE:
            tasks = await self._submission(query.sequence)
        elif query.stream == REPORTS:
            tasks = await self._report(query.sequence)
        elif query.task:
            tasks = await self._anew([query.task])
        else:
            what = f"The letter {query.sequence} of {query.stream} names no task: there is nothing that could be done again."
            raise Refused(Code.BAD_REQUEST, what)
        log.warning("dead letter replayed", stream=query.stream, sequence=query.sequence, tasks=tasks)
        return LetterReplayed(tasks=tuple(tasks))

    async def _submission(self, sequence: int) -> list[str]:
        """Tasks that are not there are made; those that it ended are printed anew."""
        submitted: SubmitTasks = _readable(SubmitTasks, await self._message(INTAKE, sequence), INTAKE, sequence)
        made: list[str] = []
        ended: list[str] = []

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            await turn.load(request.id for request in submitted.tasks)
            for index, request in enumerate(submitted.tasks):
                before = turn.get(request.id)
                if before is None:
                    turn.add(new_task(self._desk, submitted, request, (sequence, index)), request)
                    made.append(request.id)
                elif before.stage is Stage.ABORTED:
                    ended.append(request.id)
            return await turn.finish()

        await self._commit(change)
        return [*made, *(await self._anew(ended) if ended else [])]

    async def _report(self, sequence: int) -> list[str]:
        report: TaskReports = _readable(TaskReports, await self._message(REPORTS, sequence), REPORTS, sequence)

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            await turn.load([report.task])
            turn.tell(report.task, report)
            return await turn.finish()

        await self._commit(change)
        return [report.task]

    async def _anew(self, ids: Sequence[str]) -> list[str]:
        """The same documents as new tasks: an end stays what it was told to be. Each has its documents for itself."""
        now = int(time.time() * 1000)
        made: list[tuple[SubmitTasks, TaskRequest]] = []

        async def look(connection: AsyncConnection) -> Staged:
            tasks, requests = await store.load(connection, ids), await request_of(connection, ids)
            for index, id_ in enumerate(ids):
                made.append(_again(tasks.get(id_), requests.get(id_), id_, now, index))
            return []

        await self._commit(look)
        owned = [(submitted, await self._owned(submitted.tenant, request)) for submitted, request in made]

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            for submitted, request in owned:
                turn.add(new_task(self._desk, submitted, request, await store.next_start(connection)), request)
            return await turn.finish()

        await self._commit(change)
        return [request.id for _, request in owned]

    async def _owned(self, tenant: str, request: TaskRequest) -> TaskRequest:
        """The old task's documents are deleted with it."""
        document, marks = request.document, list(request.ticket.marks)
        if isinstance(document.content, Stored):
            document = replace(document, content=await self._copied(document.content, f"{tenant}/{request.id}/{Role.SOURCE}"))
        for number, mark in enumerate(marks):
            if isinstance(mark.image, Stored):
                marks[number] = replace(mark, image=await self._copied(mark.image, f"{tenant}/{request.id}/mark-{number}"))
        return replace(request, document=document, ticket=replace(request.ticket, marks=tuple(marks)))

    async def _copied(self, content: Stored, name: str) -> Stored:
        try:
            await self._documents.copy(content.name, name)
        except Missing:
            raise Refused(Code.NOT_FOUND, "The document of this task is not kept any more: it has to be sent again.") from None
        return replace(content, name=name)

    async def _message(self, stream: str, sequence: int) -> bytes:
        try:
            return (await self._bus.js.get_msg(stream, sequence)).data or b""
        except NotFoundError:
            what = f"{stream} has no message {sequence}: it was purged, or there never was one."
            raise Refused(Code.NOT_FOUND, what) from None
        except (NatsError, TimeoutError):
            raise Refused(Code.BUSY, "The bus does not answer now; ask again in a moment.") from None


def _readable(kind: Any, data: bytes, stream: str, sequence: int) -> Any:
    try:
        return decode(kind, data)
    except Undecodable as problem:
        raise Refused(Code.BAD_REQUEST, f"Message {sequence} of {stream} still cannot be read: {problem}.") from None


def _again(task: Task | None, request: TaskRequest | None, id_: str, now: int, index: int) -> tuple[SubmitTasks, TaskRequest]:
    if task is None or request is None:
        raise Refused(Code.NOT_FOUND, f"There is no task {id_[:64]} any more.")
    if not task.ended_at:
        raise Refused(Code.CONFLICT, f"Task {id_} has not ended: it is {task.stage.value}.")
    lasts = request.expires_at - request.created_at if request.expires_at else 0
    fresh = replace(
        request,
        id=task_id(task.sn, now, index >> 12, index),
        created_at=now,
        expires_at=now + lasts if lasts else 0,
        start_at=0,
        retry_of=id_,
    )
    submitted = SubmitTasks(
        region="", tenant=task.tenant, sn=task.sn, submission=fresh.id, source=task.source, from_os=task.from_os, tasks=(fresh,)
    )
    return submitted, fresh
