"""One transaction's worth of decisions: tasks loaded once, moved in memory, saved with what follows from them."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import RAW_FORMATS, Document
from libs.contracts.reports import DocumentConverted, DocumentRejected, TaskReport
from libs.contracts.states import Stage
from libs.contracts.streams import PRINT, TASKS
from libs.contracts.tasks import TaskRequest
from libs.runtime.bus import Outgoing
from services.spooler import materials, pauses, store
from services.spooler.archive import archive, just_ended
from services.spooler.conversions import Conversions
from services.spooler.desk import Desk
from services.spooler.domain import advance, misplaced
from services.spooler.line import pick
from services.spooler.orders import print_order, traced, withdrawal
from services.spooler.partners import Partners
from services.spooler.task import Abort, Accepted, Amended, Ask, Dispatched, Due, Step, Task, Unhooked, altered
from services.spooler.views import events

log = structlog.get_logger()


class Round:
    """Decisions on one connection. `finish` saves them and returns what is to be published."""

    def __init__(self, connection: AsyncConnection, desk: Desk) -> None:
        self._connection = connection
        self._desk = desk
        self._now = int(time.time() * 1000)
        self._before: dict[str, Task] = {}
        self._tasks: dict[str, Task] = {}
        self._new: dict[str, TaskRequest] = {}
        self._asks: list[tuple[Ask, str]] = []
        self._conversions: list[DocumentConverted] = []
        self._lines: set[str] = set()
        self.partners = Partners(connection, desk, self._now)
        self.conversions = Conversions(connection, desk, self._now)

    async def load(self, ids: Iterable[str]) -> None:
        """Have these tasks at hand."""
        found = await store.load(self._connection, (task for task in ids if task not in self._tasks))
        self.take(found.values())

    def take(self, tasks: Iterable[Task]) -> None:
        """Have tasks at hand that were loaded on this connection."""
        for task in tasks:
            self._before.setdefault(task.id, task)
            self._tasks.setdefault(task.id, task)

    def get(self, task: str) -> Task | None:
        """A task as it stands now in this round."""
        return self._tasks.get(task)

    def known(self, task: str) -> Task:
        """The same of one that is here for certain. Raises `KeyError`."""
        return self._tasks[task]

    async def request(self, task: str) -> TaskRequest:
        """What a task is made of."""
        return (await materials.request_of(self._connection, [task]))[task]

    async def printable(self, task: Task) -> bool:
        """Whether what was made of its document is as its printer wants it."""
        kept = (await materials.kept(self._connection, [task.id]))[task.id]
        return kept.converted is not None and (not task.rendering or bool(task.served))

    async def keep_request(self, request: TaskRequest) -> None:
        """A task is made of this from now on."""
        await materials.keep_request(self._connection, request)
        self.tell(request.id, Amended())

    async def keep_document(self, task: str, document: Document, media_type: str = "") -> None:
        """This is a task's document from now on; `media_type` is what it came as, empty: that of its format."""
        request = replace(await self.request(task), document=document)
        await materials.keep_document(self._connection, request, media_type, self._now)
        self.tell(task, Amended())

    def add(self, task: Task, request: TaskRequest, *, begin: bool = True) -> None:
        """A new task; one that exists already changes nothing. One that is not started waits until somebody starts it."""
        if task.id in self._tasks:
            self._desk.meters.repeated(report=False)
            return
        self._tasks[task.id] = task
        self._new[task.id] = request
        if begin and task.started:
            self.accept(task.id, request)

    def accept(self, task_id: str, request: TaskRequest, media_type: str = "") -> None:
        """A task goes on from its beginning: to the hooks of its printer, or to whatever its document needs."""
        task = self._tasks[task_id]
        raw, ready = self._needs(task, request, media_type)
        self.tell(task_id, Accepted(raw, ready, self.partners.begin(task)))

    async def unhook(self, task_id: str, message: str = "") -> None:
        """A hook has ended well enough: the next one begins, or the task goes on."""
        task = self._tasks[task_id]
        kept = (await materials.kept(self._connection, [task_id]))[task_id]
        raw, ready = self._needs(task, kept.request, kept.media_type)
        self.tell(task_id, Unhooked(raw, ready, self.partners.next(task), message))

    async def due(self, ids: Iterable[str]) -> None:
        """Times that these tasks waited for have come: their own, or those of the hooks which work on them."""
        waiting = [self._tasks[task] for task in ids if task in self._tasks]
        await self.partners.load(task.id for task in waiting if task.stage is Stage.HOOKED)
        for task in waiting:
            await self._due(task)

    async def _due(self, task: Task) -> None:
        if task.stage is not Stage.HOOKED or 0 < task.expires_at <= self._now or task.valid_until > self._now:
            self.tell(task.id, Due(self._now))
            return
        if reminded := self.partners.remind(task):
            self.tell(task.id, reminded)
            return
        outcome = self.partners.overdue(task)
        if isinstance(outcome, Abort):
            self.tell(task.id, outcome)
        else:
            await self.unhook(task.id, outcome)

    def _needs(self, task: Task, request: TaskRequest, media_type: str) -> tuple[bool, bool]:
        """Whether the document passes through untouched, and whether whoever serves the printer takes it as it came."""
        document = request.document
        served = bool(task.served) and not task.hold
        return document.format in RAW_FORMATS, served and self._desk.printers.takes(task.agent, task.printer, document, media_type)

    def tell(self, task_id: str, happened: Any) -> None:
        """Something happened to a task; unknown tasks are no concern of ours."""
        task = self._tasks.get(task_id)
        if task is None:
            return
        moved, asks = advance(task, happened, self._now)
        if moved is task:
            self._changed_nothing(task, happened)
            return
        if isinstance(happened, DocumentConverted):
            self._conversions.append(happened)
        self._tasks[task_id] = moved
        self._asks += [(ask, task_id) for ask in asks]

    def _changed_nothing(self, task: Task, happened: Any) -> None:
        if not isinstance(happened, TaskReport | DocumentConverted | DocumentRejected):
            return
        if misplaced(task, happened):
            self._desk.meters.misplaced()
            log.warning("report has no place", task=task.id, stage=task.stage.value, report=type(happened).__name__)
        else:
            self._desk.meters.repeated(report=True)

    def fill(self, printers: Iterable[str]) -> None:
        """Look at these lines when the round ends, whatever happened."""
        self._lines.update(printers)

    async def finish(self, *, send: bool = True) -> list[tuple[str, Outgoing]]:
        """Save, fill the lines that moved (unless not to `send`), and return (stream, message) pairs in their order."""
        staged: list[tuple[str, Outgoing]] = []
        for task in self._changed():
            staged += self._told(task)
        await self._share()
        staged += await self._save()
        staged += await self.conversions.orders()
        staged += self._withdrawals()
        return [*staged, *await self._dispatch()] if send else staged

    def _told(self, task: Task) -> list[tuple[str, Outgoing]]:
        before = self._before.get(task.id)
        told = events(
            task,
            self._desk.region,
            self._now,
            paused=task.printer in self._desk.paused,
            fetchable=task.fetchable_at > 0 and not (before and before.fetchable_at),
        )
        if told:
            self._tasks[task.id] = altered(task, told=told[-1].task.status.value)
        return [(TASKS, traced(event)) for event in told]

    async def _save(self) -> list[tuple[str, Outgoing]]:
        """Save tasks, their material and their hooks, and return what is to be told of those."""
        changed = self._changed()
        fresh = [task for task in changed if task.id in self._new]
        await store.add(self._connection, fresh, [self._new[task.id] for task in fresh])
        await store.save(self._connection, (task for task in changed if task.id not in self._new), self._before)
        await materials.keep_conversion(self._connection, self._conversions)
        self._desk.meters.moved(changed, self._before)
        self._desk.spans.moved(changed, self._before)
        ended = just_ended((task, self._before.get(task.id)) for task in changed)
        await archive(self._connection, ended, self._desk.printers)
        self._lines.update(task.printer for task in changed if self._moves_line(task))
        await self.partners.settle((task, self._before.get(task.id)) for task in changed)
        return [(TASKS, traced(event)) for event in self.partners.events(self._tasks.__getitem__, self._desk.region)]

    def _moves_line(self, task: Task) -> bool:
        """Whether its line may go on: somebody can be sent now, or room was made. A task that only joins its end moves nothing."""
        before = self._before.get(task.id)
        return _place(task) != (_place(before) if before else (task.lined, task.step, False, False, False))

    async def _share(self) -> None:
        """Conversions that are over make room for others; those that are asked for are ordered, or wait for their turn."""
        self.conversions.close((task, self._before.get(task.id)) for task in self._changed())
        asked = dict.fromkeys(id_ for ask, id_ in self._asks if ask is Ask.CONVERT and self._tasks[id_].step is Step.CONVERT)
        if asked:
            tasks = await self.conversions.ask([self._tasks[id_] for id_ in asked], self._new, self._conversions)
            self._tasks.update((task.id, task) for task in tasks)

    def _changed(self) -> list[Task]:
        return [task for task in self._tasks.values() if self._before.get(task.id) is not task]

    def _withdrawals(self) -> list[tuple[str, Outgoing]]:
        wanted = [self._tasks[task] for ask, task in self._asks if ask is Ask.WITHDRAW]
        return [(PRINT, withdrawal(self._desk.region, task)) for task in wanted if task.step is Step.PRINT]

    async def _dispatch(self) -> list[tuple[str, Outgoing]]:
        chosen = await self._chosen()
        if not chosen:
            return []
        sent = [advance(task, Dispatched(self._now), self._now)[0] for task in chosen]
        before = {task.id: task for task in chosen}
        await store.save(self._connection, sent, before)
        self._desk.spans.moved(sent, before)
        converted = {report.task: report for report in self._conversions}  # most are sent as soon as they are converted
        if old := [task.id for task in sent if task.id not in converted]:
            converted |= await materials.converted_of(self._connection, old)
        return [(PRINT, traced(print_order(self._desk.region, task, converted[task.id]))) for task in sent]

    async def _chosen(self) -> list[Task]:
        printers = sorted(self._lines)
        if not printers:
            return []
        paused = await pauses.paused(self._connection, printers)
        sent = await store.sent_counts(self._connection, printers)
        chosen: list[Task] = []
        for printer in printers:
            out = sent.get(printer, store.Sent())
            room = self._desk.print_ahead - out.orders
            # What is wanted back goes before all others, so nobody is sent before its agent has said what became of it.
            if room > 0 and printer not in paused and not out.recalled and printer not in self._desk.withheld:
                chosen += self._willing(await self._pick(printer, room))
            else:
                self._desk.heads.let_go(printer)
        return chosen

    def _willing(self, line: list[Task]) -> list[Task]:
        """These of one printer, or none where its owner wants a say in what is printed after a cut, and it is cut off now."""
        if not line or not self._desk.printers.reserved(line[0].agent, line[0].printer):
            return line
        self._desk.withheld.add(line[0].printer)
        return []

    async def _pick(self, printer: str, room: int) -> list[Task]:
        """From the front of a line, and no more of it than is needed: lines may be long, and each end makes room for one."""
        heads, wait = self._desk.heads, self._desk.head_wait
        limit = room + len(heads.passed.get(printer, ())) + 1
        while True:
            line = await store.line(self._connection, printer, limit)
            chosen = pick(line, room=room, heads=heads, now=time.monotonic(), head_wait=wait)
            if len(chosen) >= room or len(line) < limit or printer in heads.since:
                return chosen
            limit *= 4  # all of them were stepped over just now


def _place(task: Task) -> tuple[bool, Step, bool, bool, bool]:
    """All of a task that concerns its line."""
    return task.lined, task.step, task.lined and task.stage is Stage.FETCHABLE, task.stage is Stage.UNKNOWN, task.recalled
