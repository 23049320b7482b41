"""What doors ask the spooler: lists, one task, what it is made of, how lines stand."""

from dataclasses import replace
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.intake import intake_of
from libs.contracts.queries import Code, GetMaterial, GetTask, Line, Lines, ListLines, ListTasks, Material, TaskAnswer, TaskList
from libs.contracts.states import Stage
from libs.contracts.tasks import TaskView
from libs.contracts.tickets import Sides
from libs.runtime.bus import Refused
from libs.runtime.database import Database
from services.spooler import materials, pauses, store
from services.spooler.desk import Desk
from services.spooler.horizon import Horizon
from services.spooler.listing import Filter, listed
from services.spooler.sentences import told
from services.spooler.task import Step, Task
from services.spooler.views import view


class OfTask(Protocol):
    """A question or command about one task, and who asks it."""

    @property
    def tenant(self) -> str: ...
    @property
    def sn(self) -> str: ...
    @property
    def task(self) -> str: ...


def own(task: Task | None, query: OfTask) -> Task:
    """The task, when this client submitted it. Raises `Refused` as if it were not there."""
    if task is None or not task.started or (task.tenant, task.sn) != (query.tenant, query.sn):
        raise Refused(Code.NOT_FOUND, f"There is no task {query.task[:64]}.")
    return task


def own_or_here(task: Task | None, query: OfTask) -> Task:
    """The task, when this client submitted it or has the printer that it is for. Raises `Refused` as `own`."""
    if task and task.started and (task.tenant, task.agent) == (query.tenant, query.sn):
        return task
    return own(task, query)


class Questions:
    """Answers from a look that blocks nobody, after everything that was submitted before the question."""

    def __init__(self, database: Database, horizon: Horizon, desk: Desk) -> None:
        self._database = database
        self._horizon = horizon
        self._desk = desk

    async def list_tasks(self, query: ListTasks) -> TaskList:
        """Newest first; who submitted and asks sees the task."""
        await self._horizon.reach(subject=intake_of(query.region, query.tenant, query.sn))
        wanted = Filter(query.tenant, query.sn, query.statuses, query.stages, query.start, query.end, query.limit)
        async with self._database.reading() as connection:
            found = await listed(connection, wanted)
        return TaskList(tasks=tuple(self._view(task) for task in found))

    async def get_task(self, query: GetTask) -> TaskAnswer:
        """One task of this client, or on a device of its own; of one that is printed, also what its document had to do without."""
        await self._horizon.reach(query.task)
        async with self._database.reading() as connection:
            task = own_or_here((await store.load(connection, [query.task])).get(query.task), query)
            remarks = await _remarks(connection, task)
        shown = self._view(task)
        return TaskAnswer(task=shown if shown.message else replace(shown, message=remarks))

    async def get_material(self, query: GetMaterial) -> Material:
        """What a task of this client is made of."""
        await self._horizon.reach(query.task)
        async with self._database.reading() as connection:
            task = own((await store.load(connection, [query.task])).get(query.task), query)
            kept = (await materials.kept(connection, [task.id]))[task.id]
        unready = task.hold or task.step is Step.CONVERT or task.stage in (Stage.INCOMING, Stage.HOOKED)
        finished = None if unready else kept.converted
        return Material(
            task=self._view(task),
            request=kept.request,
            printable=finished.document if finished else None,
            left=finished.ticket if finished else None,
            two_sided=self._two_sided(task, finished.ticket.sides if finished else None),
            before=task.done_before,
        )

    async def list_lines(self, query: ListLines) -> Lines:
        """How many tasks wait for each printer, and how many are with its agent."""
        async with self._database.reading() as connection:
            return await lines(connection, query.printers)

    def _two_sided(self, task: Task, asked: Sides | None) -> bool:
        """Whether its printer prints it on both sides, as it was asked to or does by itself."""
        entry = self._desk.printers.entry(task.agent, task.printer)
        by_itself = entry.device.capabilities.default_sides if entry else None
        return (asked or by_itself or Sides.ONE_SIDED) is not Sides.ONE_SIDED

    def _view(self, task: Task) -> TaskView:
        return view(task, paused=task.printer in self._desk.paused)


async def _remarks(connection: AsyncConnection, task: Task) -> str:
    """What the converter said of a task that is printed, for people; empty: nothing."""
    if task.stage is not Stage.COMPLETED:
        return ""
    made = (await materials.converted_of(connection, [task.id])).get(task.id)
    return told(" ".join(made.warnings), 1000) if made else ""


async def lines(connection: AsyncConnection, printers: tuple[tuple[str, str], ...]) -> Lines:
    """The lines of these printers, (agent, device id) each, in their order."""
    ids = [printer for _, printer in printers]
    paused = await pauses.paused(connection, ids)
    waiting = await store.waiting_counts(connection, ids)
    sent = await store.sent_counts(connection, ids)
    return Lines(
        lines=tuple(
            Line(
                agent=agent,
                printer=printer,
                paused=printer in paused,
                waiting=waiting.get(printer, 0),
                sent=sent.get(printer, store.Sent()).orders,
            )
            for agent, printer in printers
        )
    )
