"""One command, one transaction: the job that it is about, what is done to it, and the answer after the commit."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.jobs import JobAnswer
from libs.runtime.bus import Outgoing
from libs.runtime.commit import Commit
from libs.runtime.crashpoint import crashpoint
from services.spooler.desk import Desk
from services.spooler.horizon import Horizon
from services.spooler.jobs import views
from services.spooler.jobs.finding import OfJob, find_present
from services.spooler.round import Round
from services.spooler.task import Task

T = TypeVar("T")
Staged = list[tuple[str, Outgoing]]
Act = Callable[[Round, AsyncConnection, Task], Awaitable[object]]


class Acting:
    """What commands on jobs share."""

    def __init__(self, desk: Desk, commit: Commit, horizon: Horizon) -> None:
        self.desk = desk
        self._commit = commit
        self._horizon = horizon

    async def on_job(self, query: OfJob, act: Act, user: str = "") -> JobAnswer:
        """Do something to the task when it is at that leg. Raises `Refused`."""
        await self._horizon.reach(query.task)

        async def change(turn: Round, connection: AsyncConnection) -> str:
            task = await find_present(connection, query, user)
            turn.take([task])
            await act(turn, connection, task)
            return task.id

        return await self.on_task(change)

    async def on_task(self, act: Callable[[Round, AsyncConnection], Awaitable[str]]) -> JobAnswer:
        """Do something in a round; the answer is the job that the task of this id is then."""

        async def answer(turn: Round, connection: AsyncConnection, task_id: str) -> JobAnswer:
            shown = await views.jobs(connection, self.desk, [turn.known(task_id)], hooked=True)
            return JobAnswer(job=shown[0])

        return await self.within(act, answer)

    async def within(
        self,
        act: Callable[[Round, AsyncConnection], Awaitable[str]],
        answer: Callable[[Round, AsyncConnection, str], Awaitable[T]],
    ) -> T:
        """The same with another answer, which is made before the commit and given after it."""
        answers: list[T] = []

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self.desk)
            found = await act(turn, connection)
            staged = await turn.finish()
            answers.append(await answer(turn, connection, found))
            return staged

        await self._commit(change)
        crashpoint("spooler-before-answer")
        return answers[0]
