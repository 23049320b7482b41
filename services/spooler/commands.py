"""What people tell the spooler to do with tasks and lines; the answer comes after the commit."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.queries import (
    CancelTask,
    Code,
    Lines,
    PauseDevice,
    ReleaseTask,
    ResolveTask,
    ResumeDevice,
    TaskAnswer,
)
from libs.contracts.states import Stage
from libs.runtime.bus import Outgoing, Refused
from libs.runtime.commit import Commit
from services.spooler import pauses, store
from services.spooler.desk import Desk
from services.spooler.horizon import Horizon
from services.spooler.questions import OfTask, lines, own, own_or_here
from services.spooler.round import Round
from services.spooler.task import Cancel, Recall, Release, Resolve, Task
from services.spooler.views import view

#: Attempts of one task that an agent may have seen of which a database that was brought back does not know.
ROOM = 1000

Staged = list[tuple[str, Outgoing]]
Whose = Callable[[Task | None, OfTask], Task]
#: What a command does to a task in the round that has it; it raises `Refused` where that makes no sense.
Act = Callable[[Round, Task], Awaitable[Any]]


class Commands:
    """Each one transaction, under the same lock as everything else that decides."""

    def __init__(self, desk: Desk, commit: Commit, horizon: Horizon) -> None:
        self._desk = desk
        self._commit = commit
        self._horizon = horizon

    async def cancel_task(self, query: CancelTask) -> TaskAnswer:
        """Honest: at once as long as the order has not left, else when the agent says so."""

        async def cancel(turn: Round, task: Task) -> None:
            turn.tell(task.id, Cancel())

        return await self._on_task(query, own_or_here, cancel)

    async def resolve_task(self, query: ResolveTask) -> TaskAnswer:
        """The way out of an unknown outcome."""

        async def resolve(turn: Round, task: Task) -> None:
            if task.stage not in (Stage.UNKNOWN, Stage.PARTIAL):
                raise Refused(Code.CONFLICT, f"Task {task.id} has no unknown outcome: it is {view(task).status.value}.")
            room = ROOM if task.created_at <= self._desk.restored else 0
            turn.tell(task.id, Resolve(query.outcome, await turn.printable(task), room))

        return await self._on_task(query, own_or_here, resolve)

    async def release_task(self, query: ReleaseTask) -> TaskAnswer:
        """A held task goes to a real printer, with another ticket if one is given."""

        async def release(turn: Round, task: Task) -> None:
            if not task.hold:
                raise Refused(Code.CONFLICT, f"Task {task.id} is not held for release: it is {view(task).status.value}.")
            if task.stage is Stage.HOOKED:
                raise Refused(Code.CONFLICT, f"Task {task.id} cannot be released yet. {view(task).message}")
            request = await turn.request(task.id)
            ticket = request.ticket if query.ticket is None else query.ticket
            await turn.keep_request(replace(request, printer=query.printer, ticket=ticket, hold=False))
            policy, served = self._desk.printers.policies(query.printer.agent, query.printer.id)
            # Whoever stands at a printer goes past nobody's hooks: they work on what is released to it as on all else.
            hook = turn.partners.begin(replace(task, agent=query.printer.agent, printer=query.printer.id))
            expires_at = self._desk.expiry(int(time.time() * 1000), request.expires_at, hold=False, served=served)
            turn.tell(task.id, Release(query.printer, policy, expires_at, served, hook))

        return await self._on_task(query, own, release)

    async def _on_task(self, query: OfTask, whose: Whose, act: Act) -> TaskAnswer:
        await self._horizon.reach(query.task)
        answer: list[Task] = []

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            await turn.load([query.task])
            task = whose(turn.get(query.task), query)
            await act(turn, task)
            staged = await turn.finish()
            answer.append(turn.get(task.id) or task)
            return staged

        await self._commit(change)
        return TaskAnswer(task=view(answer[0], paused=answer[0].printer in self._desk.paused))

    async def pause_device(self, query: PauseDevice) -> Lines:
        """Send nothing more, and want back what is not begun."""

        async def pause(turn: Round, connection: AsyncConnection) -> None:
            now = int(time.time() * 1000)
            await pauses.begin(connection, tenant=query.tenant, agent=query.agent, printer=query.printer, at=now)
            out = await store.not_begun(connection, query.printer)
            turn.take(out)
            for task in out:
                turn.tell(task.id, Recall())

        answer = await self._on_line(query, pause)
        self._desk.paused.add(query.printer)
        return answer

    async def resume_device(self, query: ResumeDevice) -> Lines:
        """Send again, from where the line stands."""

        async def resume(turn: Round, connection: AsyncConnection) -> None:
            await pauses.end(connection, query.printer)
            turn.fill([query.printer])

        answer = await self._on_line(query, resume)
        self._desk.paused.discard(query.printer)
        return answer

    async def _on_line(self, query: PauseDevice | ResumeDevice, act: Callable[[Round, AsyncConnection], Awaitable[None]]) -> Lines:
        answer: list[Lines] = []

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            await act(turn, connection)
            staged = await turn.finish()
            answer.append(await lines(connection, ((query.agent, query.printer),)))
            return staged

        await self._commit(change)
        return answer[0]
