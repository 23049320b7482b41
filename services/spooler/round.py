"""One transaction's worth of decisions: tasks loaded once, moved in memory, saved with what follows from them."""

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import ENGINE, RAW_FORMATS, Document, Format
from libs.contracts.message import Message, encode
from libs.contracts.orders import ConvertDocument, PrintDocument, WithdrawTask
from libs.contracts.reports import DocumentConverted
from libs.contracts.states import Stage
from libs.contracts.streams import CONVERT, PRINT, TASKS
from libs.contracts.tasks import TaskRequest
from libs.runtime.bus import Outgoing, outgoing
from services.spooler import pauses, store
from services.spooler.domain import advance
from services.spooler.line import Heads, pick
from services.spooler.printers import Printers
from services.spooler.task import Accepted, Ask, Dispatched, Step, Task
from services.spooler.views import events

#: Seconds that a task waits to be released, unless somebody says otherwise.
HOLD_LIMIT = 3 * 86_400.0


class Desk:
    """What every round of one term shares: the region, the printers, who holds which line, and three limits."""

    def __init__(self, region: str, printers: Printers, print_ahead: int, head_wait: float, hold_limit: float = HOLD_LIMIT) -> None:
        self.region = region
        self.printers = printers
        self.print_ahead = print_ahead
        self.head_wait = head_wait
        #: In ms.
        self.hold_limit = int(hold_limit * 1000)
        self.heads = Heads()
        #: Printers whose lines are paused, for sentences; what is sent is decided by the table.
        self.paused: set[str] = set()


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

    async def request(self, task: str) -> TaskRequest:
        """What a task is made of."""
        return (await store.request_of(self._connection, [task]))[task]

    async def keep_request(self, request: TaskRequest) -> None:
        """A task is made of this from now on."""
        await store.keep_request(self._connection, request)

    def add(self, task: Task, request: TaskRequest) -> None:
        """A new task; one that exists already changes nothing."""
        if task.id in self._tasks:
            return
        self._tasks[task.id] = task
        self._new[task.id] = request
        self.tell(task.id, Accepted(raw=request.document.format in RAW_FORMATS))

    def tell(self, task_id: str, happened: Any) -> None:
        """Something happened to a task; unknown tasks are no concern of ours."""
        task = self._tasks.get(task_id)
        if task is None:
            return
        moved, asks = advance(task, happened, self._now)
        if moved is task:
            return
        if isinstance(happened, DocumentConverted):
            self._conversions.append(happened)
        self._tasks[task_id] = moved
        self._asks += [(ask, task_id) for ask in asks]

    def fill(self, printers: Iterable[str]) -> None:
        """Look at these lines when the round ends, whatever happened."""
        self._lines.update(printers)

    async def finish(self) -> list[tuple[str, Outgoing]]:
        """Save, fill the lines that moved, and return (stream, message) pairs in their order."""
        staged: list[tuple[str, Outgoing]] = []
        for task in [task for task in self._tasks.values() if self._before.get(task.id) is not task]:
            staged += self._told(task)
        await self._save()
        staged += await self._orders()
        staged += await self._dispatch()
        return staged

    def _told(self, task: Task) -> list[tuple[str, Outgoing]]:
        told = events(task, self._desk.region, self._now, paused=task.printer in self._desk.paused)
        if told:
            self._tasks[task.id] = replace(task, told=told[-1].task.status.value)
        return [(TASKS, _outgoing(event)) for event in told]

    async def _save(self) -> None:
        changed = [task for task in self._tasks.values() if self._before.get(task.id) is not task]
        fresh = [task for task in changed if task.id in self._new]
        await store.add(self._connection, fresh, [self._new[task.id] for task in fresh])
        await store.save(self._connection, (task for task in changed if task.id not in self._new), self._before)
        await store.keep_conversion(self._connection, self._conversions)
        self._lines.update(task.printer for task in changed if self._moves_line(task))

    def _moves_line(self, task: Task) -> bool:
        """Whether its line may go on: somebody can be sent now, or room was made. A task that only joins its end moves nothing."""
        before = self._before.get(task.id)
        return _place(task) != (_place(before) if before else (task.lined, task.step, False, False, False))

    async def _orders(self) -> list[tuple[str, Outgoing]]:
        asked = [task for ask, task in self._asks if ask is Ask.CONVERT and task not in self._new]
        requests = {**self._new, **(await store.request_of(self._connection, asked) if asked else {})}
        rendered = await store.converted_of(self._connection, asked) if asked else {}
        made: list[tuple[str, Outgoing]] = []
        for ask, task_id in self._asks:
            task = self._tasks[task_id]
            if ask is Ask.CONVERT and task.step is Step.CONVERT:
                made.append((CONVERT, _outgoing(self._convert_order(task, requests[task_id], rendered.get(task_id)))))
            if ask is Ask.WITHDRAW and task.step is Step.PRINT:
                made.append((PRINT, self._withdrawal(task)))
        return made

    def _convert_order(self, task: Task, request: TaskRequest, rendered: DocumentConverted | None) -> ConvertDocument:
        """What is rendered already, because it was held, is only finished."""
        document, rendered_from = request.document, None
        if rendered and not task.rendering:
            document, rendered_from = Document(Format.PDF, rendered.document.content, document.name), document.format
        return ConvertDocument(
            region=self._desk.region,
            engine=ENGINE[document.format],
            tenant=task.tenant,
            task=task.id,
            attempt=task.conversions,
            document=document,
            ticket=request.ticket,
            target=self._desk.printers.target(task.agent, task.printer),
            expires=task.expires_at,
            traceparent=task.traceparent,
            finish=not task.rendering,
            name=task.name,
            client=self._desk.printers.client_name(task.sn),
            rendered_from=rendered_from,
        )

    def _withdrawal(self, task: Task) -> Outgoing:
        order = WithdrawTask(
            region=self._desk.region, shard=task.shard, tenant=task.tenant, agent=task.agent, task=task.id, attempt=task.attempt
        )
        return outgoing(order, f"{order.id}:{task.version}")  # asked again, it is another message

    async def _dispatch(self) -> list[tuple[str, Outgoing]]:
        chosen = await self._chosen()
        if not chosen:
            return []
        sent = [advance(task, Dispatched(self._now), self._now)[0] for task in chosen]
        await store.save(self._connection, sent, {task.id: task for task in chosen})
        converted = await store.converted_of(self._connection, (task.id for task in sent))
        return [(PRINT, _outgoing(self._print_order(task, converted[task.id]))) for task in sent]

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
            if room > 0 and printer not in paused and not out.recalled:
                chosen += await self._pick(printer, room)
        return chosen

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

    def _print_order(self, task: Task, converted: DocumentConverted) -> PrintDocument:
        return PrintDocument(
            region=self._desk.region,
            shard=task.shard,
            tenant=task.tenant,
            agent=task.agent,
            printer=task.printer,
            task=task.id,
            attempt=task.attempt,
            name=task.name,
            document=converted.document,
            ticket=converted.ticket,
            expires=task.expires_at,
            valid_until=task.valid_until,
            traceparent=task.traceparent,
        )


def _place(task: Task) -> tuple[bool, Step, bool, bool, bool]:
    """All of a task that concerns its line."""
    return task.lined, task.step, task.lined and task.stage is Stage.FETCHABLE, task.stage is Stage.UNKNOWN, task.recalled


def _outgoing(message: Message) -> Outgoing:
    """The task's own trace goes with what follows from it, never that of the message which was read by chance."""
    traceparent = getattr(message, "traceparent", "")
    return Outgoing(message.subject, encode(message), message.id, {"traceparent": traceparent} if traceparent else {})
