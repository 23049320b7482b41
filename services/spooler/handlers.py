"""The table of contents: what the spooler does with each thing that reaches it."""

import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.agents import AddressDocument, AdmitAgent, Admitted, DocumentAddress
from libs.contracts.hooks import GetHook, ListHooks, SettleHook
from libs.contracts.intake import SubmitTasks
from libs.contracts.jobs import (
    AbortJob,
    CancelJob,
    ConfigureJob,
    CreateJob,
    GetJob,
    ListJobs,
    LocateDocument,
    RedirectJob,
    ServeJob,
    StartJob,
)
from libs.contracts.message import Undecodable, decode
from libs.contracts.queries import (
    CancelTask,
    GetMaterial,
    GetTask,
    ListLines,
    ListTasks,
    PauseDevice,
    ReleaseTask,
    ResolveTask,
    ResumeDevice,
)
from libs.contracts.reports import TaskPrinted, TaskReport, TaskReports
from libs.contracts.tasks import TaskRequest
from libs.runtime.bus import Outgoing
from libs.runtime.commit import Commit
from libs.runtime.database import Database
from libs.runtime.reader import Incoming
from services.spooler import pauses, restored, store
from services.spooler.acceptance import new_task
from services.spooler.addresses import DocumentAddresses
from services.spooler.admission import Admission
from services.spooler.commands import Commands
from services.spooler.desk import Desk
from services.spooler.horizon import Horizon
from services.spooler.interruptions import weighed
from services.spooler.jobs.acting import Acting
from services.spooler.jobs.commands import JobCommands
from services.spooler.jobs.documents import JobDocuments
from services.spooler.jobs.errands import Errands
from services.spooler.jobs.questions import JobQuestions
from services.spooler.questions import Questions
from services.spooler.round import Round
from services.spooler.rules.restoring import doubtful
from services.spooler.task import GivenUp, Restored, Task

Staged = list[tuple[str, Outgoing]]

#: Lines that a new term looks along in one transaction: a statement takes only so many printers.
LINES = 500


class Handlers:
    """One term's handlers: inputs and timers stage messages, questions answer after the commit."""

    def __init__(
        self,
        *,
        desk: Desk,
        database: Database,
        commit: Commit,
        horizon: Horizon,
        admission: Admission,
        addresses: DocumentAddresses,
    ) -> None:
        self._desk = desk
        self._database = database
        self._commit = commit
        self._questions = Questions(database, horizon, desk)
        self._commands = Commands(desk, commit, horizon)
        acting = Acting(desk, commit, horizon)
        self._jobs = JobQuestions(database, horizon, desk)
        self._job_commands = JobCommands(acting)
        self._errands = Errands(acting)
        self._documents = JobDocuments(database, commit, horizon, desk)
        self._admission = admission
        self._addresses = addresses

    # --- inputs: many messages, one transaction ---

    async def on_intake(self, connection: AsyncConnection, messages: Sequence[Incoming]) -> Staged:
        """Tasks as doors accepted them."""
        turn = Round(connection, self._desk)
        submissions = [(message.sequence, message.at, decode(SubmitTasks, message.data)) for message in messages]
        await turn.load(request.id for _, _, submitted in submissions for request in submitted.tasks)
        for sequence, at, submitted in submissions:
            for index, request in enumerate(submitted.tasks):
                self._take_in(turn, new_task(self._desk, submitted, request, (sequence, index)), request, at)
        return await turn.finish()

    def _take_in(self, turn: Round, task: Task, request: TaskRequest, at: int) -> None:
        """A new task; one that came before a restore may be on paper, and waits for somebody.

        It was stored (`at`, ms since 1970) before that, or another region accepted it before and its outbox brings it (again) now.
        """
        now = int(time.time() * 1000)
        before = bool(self._desk.restored) and (at <= self._desk.restored or request.created_at <= self._desk.lost)
        held = before and doubtful(task, now) and not turn.get(task.id)
        turn.add(task, request, begin=not held)
        if held:
            turn.tell(task.id, Restored(now))

    async def on_reports(self, connection: AsyncConnection, messages: Sequence[Incoming]) -> Staged:
        """What converters and agents did."""
        turn = Round(connection, self._desk)
        decoded = [(message, decode(TaskReports, message.data)) for message in messages]
        # Rule 16: who may publish on a subject is the bus's business, so what counts is the subject.
        own = [(message, report) for message, report in decoded if report.subject == message.subject]
        self._desk.meters.foreign(len(decoded) - len(own))
        reports = [report for message, report in own if not self._is_over(message, report)]
        await turn.load(report.task for report in reports)
        for report in reports:
            turn.tell(report.task, weighed(report, turn.get(report.task), self._desk.printers))
        return await turn.finish()

    def _is_over(self, message: Incoming, report: TaskReports) -> bool:
        """Whether a restore made it void: of what was told before, only that a task is on paper counts."""
        before = bool(self._desk.restored) and message.at <= self._desk.restored
        return before and isinstance(report, TaskReport) and not isinstance(report, TaskPrinted)

    async def give_up(self, connection: AsyncConnection, message: Incoming, cause: str) -> tuple[str, Staged]:
        """A message that cannot be applied: its tasks end, if it can be told which they are."""
        turn = Round(connection, self._desk)
        ids = _tasks_of(message)
        await turn.load(ids)
        if message.subject.startswith("intake") and ids:  # what was accepted ends with a reason, also when it never began
            submitted: SubmitTasks = decode(SubmitTasks, message.data)
            for index, request in enumerate(submitted.tasks):
                turn.add(new_task(self._desk, submitted, request, (message.sequence, index)), request, begin=False)
        for task in ids:
            turn.tell(task, GivenUp(f"It was given up: {cause}."))
        return ",".join(ids)[:200], await turn.finish()

    async def on_given_up(self, task: str, given: GivenUp, letter: Staged) -> None:
        """An order that its worker gave up."""

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            await turn.load([task])
            turn.tell(task, given)
            return [*await turn.finish(), *letter]

        await self._commit(change)

    async def on_restored(self) -> None:
        """Before anybody is answered: what a restore put in doubt is held."""
        await restored.hold(self._database, self._commit, self._desk)

    # --- timers ---

    async def on_time(self, now: int, overdue: Sequence[str]) -> int:
        """Tasks whose time has come, and lines whose head has waited long enough; how many tasks there were."""
        async with self._database.reading() as connection:
            waiting = await store.due(connection, now)
        if not waiting and not overdue:
            return 0

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            await turn.load(task.id for task in waiting)
            await turn.due(task.id for task in waiting)
            turn.fill(overdue)
            return await turn.finish()

        await self._commit(change)
        return len(waiting)

    async def next_time(self) -> int:
        """When a task's time comes next, in ms since 1970; a time that never comes when none has any."""
        async with self._database.reading() as connection:
            return await store.next_due(connection)

    async def on_start(self) -> None:
        """A new term looks at every line once: what the last term saved may not have been acted on."""
        async with self._database.reading() as connection:
            printers = await store.lines(connection)
            self._desk.paused = await pauses.every(connection)
            ordered, waiting = await store.open_conversions(connection)
        self._desk.shares.begin(ordered, waiting)

        async def change(connection: AsyncConnection, along: Sequence[str] = ()) -> Staged:
            turn = Round(connection, self._desk)
            turn.fill(along)
            if not along:
                turn.conversions.look_everywhere()
            return await turn.finish()

        await self._commit(change)
        for start in range(0, len(printers), LINES):
            await self._commit(partial(change, along=printers[start : start + LINES]))

    # --- questions and commands ---

    def questions(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        """Question -> who answers it."""
        asked, told = self._questions, self._commands
        return {
            ListTasks: asked.list_tasks,
            GetTask: asked.get_task,
            GetMaterial: asked.get_material,
            ListLines: asked.list_lines,
            CancelTask: told.cancel_task,
            ResolveTask: told.resolve_task,
            ReleaseTask: told.release_task,
            PauseDevice: told.pause_device,
            ResumeDevice: told.resume_device,
            AdmitAgent: self.admit_agent,
            AddressDocument: self.address_document,
            **self._of_jobs(),
        }

    def _of_jobs(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        asked, told, errands = self._jobs, self._job_commands, self._errands
        return {
            ListJobs: asked.list_jobs,
            GetJob: asked.get_job,
            LocateDocument: self._documents.locate_document,
            ListHooks: asked.list_hooks,
            GetHook: asked.get_hook,
            CreateJob: told.create_job,
            StartJob: told.start_job,
            CancelJob: told.cancel_job,
            ServeJob: told.serve_job,
            ConfigureJob: errands.configure_job,
            AbortJob: errands.abort_job,
            RedirectJob: errands.redirect_job,
            SettleHook: errands.settle_hook,
        }

    async def admit_agent(self, query: AdmitAgent) -> Admitted:
        """May this journal print for this agent?"""
        return await self._admission.admit(query, self._commit, self._desk)

    async def address_document(self, query: AddressDocument) -> DocumentAddress:
        """Where an agent fetches the document of its open order."""
        async with self._database.reading() as connection:
            return await self._addresses.address(connection, query)


def _tasks_of(message: Incoming) -> list[str]:
    """The ids in a message that may not be readable."""
    try:
        if message.subject.startswith("intake"):
            return [request.id for request in decode(SubmitTasks, message.data).tasks]
        return [decode(TaskReports, message.data).task]
    except Undecodable:
        return []
