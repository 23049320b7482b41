"""Finding the job that a question or command is about, for whoever may hear of it."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.ids import job_id
from libs.contracts.jobs import JobView
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.spooler import store
from services.spooler.jobs import legs
from services.spooler.task import Task
from services.spooler.views import view


class OfJob(Protocol):
    """A question or command about one leg of a task at a printer."""

    @property
    def tenant(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def printer(self) -> str: ...
    @property
    def task(self) -> str: ...
    @property
    def leg(self) -> int: ...


async def find(connection: AsyncConnection, query: OfJob, user: str = "") -> Task | JobView:
    """The task when it is at that leg, or the leg as it was left. `user`: only when this user (id) printed it.

    Raises `Refused` for another's as if it were not there.
    """
    task = (await store.load(connection, [query.task])).get(query.task)
    if task is not None and task.tenant == query.tenant and (not user or task.user_id == user):
        if query.leg == task.leg and (task.agent, task.printer) == (query.agent, query.printer):
            return task
        old = (await legs.load(connection, [(query.task, query.leg)])).get((query.task, query.leg))
        if old is not None and (old.agent, old.printer) == (query.agent, query.printer):
            return old
    raise Refused(Code.NOT_FOUND, f"There is no job {job_id(query.task, query.leg)[:80]} at this printer.")


async def find_present(connection: AsyncConnection, query: OfJob, user: str = "") -> Task:
    """The task when it is at that leg. Raises `Refused` also when it was redirected meanwhile."""
    found = await find(connection, query, user)
    if isinstance(found, JobView):
        raise Refused(Code.CONFLICT, f"{named(query)} is over: {found.message}")
    return found


def named(query: OfJob | Task) -> str:
    """A job at the beginning of a sentence."""
    task = query.id if isinstance(query, Task) else query.task
    return f"Job {job_id(task, query.leg)}"


def how(task: Task) -> str:
    """How far a job is, for the end of a sentence."""
    shown = view(task)
    return f"it is {task.stage.value}. {shown.message}".rstrip()
