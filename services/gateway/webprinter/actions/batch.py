"""`newPrintTaskBatch`: many tasks in one call, durable together, answered one by one in their order (webprinter.md 1.5)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from libs.contracts.documents import INLINE_LIMIT
from libs.contracts.tasks import TaskRequest
from libs.contracts.tickets import Ticket
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.ids import Block
from services.gateway.webprinter.actions.tasks import make_request, ticket_for
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.idempotency import Once, key_of, once
from services.gateway.webprinter.messages import Messages
from services.gateway.webprinter.printers import FoundPrinter, find_printer
from services.gateway.webprinter.reading.aliases import NAME_KEYS
from services.gateway.webprinter.reading.content import Given
from services.gateway.webprinter.reading.fields import Fields, shown
from services.gateway.webprinter.reading.wanted import MAX_NAME, Wanted, read_task, readable, with_upload
from services.gateway.webprinter.uploads import find_upload

T = TypeVar("T")

MOST = 100_000
#: Tasks that are read and made together: others have their turn in between.
TURN = 100
#: Documents that are stored, and keys that are reserved, at the same time.
AT_ONCE = 8
#: Stands for an element's place in sentences that are kept for others of its kind.
_PLACE = "\x00"


async def new_print_task_batch(gateway: Gateway, identity: Identity, data: Fields) -> list[dict[str, Any]]:
    """Submit tasks; those that were accepted are durable when this returns, the others say why they were not.

    Raises `Rejected` when the array itself cannot be read, and the bus's `NotStored` and `Unanswered`: then none is accepted.
    """
    tasks = _tasks(data)
    if not tasks:
        return []
    submission = await once(gateway, identity, key_of(data), tasks)
    if submission.answered:
        return list(submission.answer)
    ids = await submission.reserve(gateway.ids.block(identity.sn, len(tasks)))
    batch = _Batch(gateway, identity, ids, Messages(gateway, identity))
    for start in range(0, len(tasks), TURN):
        turn = tasks[start : start + TURN]
        tasks[start : start + TURN] = [None] * len(turn)  # from here on their contents are in the messages, or in the store
        await batch.take(start, turn)
    await batch.submit()
    await submission.keep(batch.answer)
    return batch.answer


def _tasks(data: Fields) -> list[Any]:
    tasks = data.raw("tasks")
    if tasks is None:
        raise Rejected("tasks is missing: write the tasks to print as an array.")
    if not isinstance(tasks, list):
        raise Rejected(f"tasks must be an array of tasks; it is {shown(tasks)}.")
    if len(tasks) > MOST:
        raise Rejected(f"tasks must have at most {MOST} tasks; it has {len(tasks)}: send them in several calls.")
    return tasks


@dataclass(slots=True)
class _Element:
    """One task on its way through: `name` is for the answer, `failure` says why it is not accepted."""

    index: int
    name: str
    key: str = ""
    failure: str = ""
    wanted: Wanted | None = None
    printer: FoundPrinter | None = None
    ticket: Ticket | None = None
    once: Once | None = None
    ids: Block | None = None
    request: TaskRequest | None = None


@dataclass(slots=True)
class _Batch:
    """What is made of the elements. Each printer and each upload is looked up once."""

    gateway: Gateway
    identity: Identity
    ids: Block
    messages: Messages
    answer: list[dict[str, Any]] = field(default_factory=list)
    printers: dict[tuple[str, str], FoundPrinter | str] = field(default_factory=dict)
    uploads: dict[tuple[str, object], Given | str] = field(default_factory=dict)
    tickets: dict[object, Ticket] = field(default_factory=dict)
    keyed: list[tuple[Once, dict[str, str]]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def take(self, start: int, tasks: Sequence[Any]) -> None:
        """Read some elements, and make messages of those that are good."""
        elements = await asyncio.to_thread(_read, start, tasks)
        for element in elements:
            await self._place(element)
        await self._reserve([pair for pair in zip(elements, tasks, strict=True) if pair[0].key and not pair[0].failure])
        await self._make(elements)
        for element in elements:
            await self._tell(element)

    async def submit(self) -> None:
        """Hand over what was made, all or nothing."""
        if messages := await self.messages.all():
            await self.gateway.submit_all(messages)
        for start in range(0, len(self.keyed), AT_ONCE):
            await asyncio.gather(*(each.keep(answer) for each, answer in self.keyed[start : start + AT_ONCE]))

    async def _place(self, element: _Element) -> None:
        """Find the file and the printer of an element."""
        if element.wanted is None:
            return
        try:
            if element.wanted.given.upload:
                element.wanted = with_upload(element.wanted, await self._upload(element.wanted))
                element.name = element.name or element.wanted.name
            element.printer = await self._printer(element.wanted)
            element.ticket = self._ticket(element.wanted, element.printer)
        except Rejected as reason:
            element.failure = str(reason).replace(_PLACE, element.wanted.path)

    async def _upload(self, wanted: Wanted) -> Given:
        asked = (wanted.given.upload, wanted.given.format if wanted.given.told else None)
        if asked not in self.uploads:
            try:
                self.uploads[asked] = await find_upload(self.gateway, self.identity, _PLACE, wanted.given)
            except Rejected as reason:
                self.uploads[asked] = str(reason)
        return _good(self.uploads[asked])

    async def _printer(self, wanted: Wanted) -> FoundPrinter:
        asked = (wanted.agent, wanted.device)
        if asked not in self.printers:
            try:
                self.printers[asked] = await find_printer(self.gateway, self.identity, *asked, _PLACE)
            except Rejected as reason:
                self.printers[asked] = str(reason)
        return _good(self.printers[asked])

    def _ticket(self, wanted: Wanted, printer: FoundPrinter) -> Ticket:
        asked = (wanted.ticket, wanted.marks, wanted.given.format, printer.ref)
        found = self.tickets.get(asked)
        if found is None:
            found = self.tickets[asked] = ticket_for(wanted, printer)
        return found

    async def _reserve(self, keyed: Sequence[tuple[_Element, Any]]) -> None:
        """The ids of elements that have keys of their own, a few keys at a time; of those with one key the first counts."""
        by_key: dict[str, list[tuple[_Element, Any, Block]]] = {}
        for element, task in keyed:
            by_key.setdefault(element.key, []).append((element, task, self.gateway.ids.block(self.identity.sn)))
        lines = list(by_key.values())
        for start in range(0, len(lines), AT_ONCE):
            await asyncio.gather(*(self._reserve_in_turn(line) for line in lines[start : start + AT_ONCE]))

    async def _reserve_in_turn(self, line: Sequence[tuple[_Element, Any, Block]]) -> None:
        for element, task, ids in line:
            try:
                element.once = await once(self.gateway, self.identity, element.key, task)
                element.ids = await element.once.reserve(ids)
            except Rejected as reason:
                element.failure = f"tasks[{element.index}].{reason}"

    async def _make(self, elements: Sequence[_Element]) -> None:
        """The requests of good elements; large documents are stored a few at a time."""
        good = [each for each in elements if not each.failure and not (each.once and each.once.answered)]
        large = [each for each in good if each.wanted and len(each.wanted.given.data) > INLINE_LIMIT]
        for start in range(0, len(large), AT_ONCE):
            await asyncio.gather(*(self._request(each) for each in large[start : start + AT_ONCE]))
        for each in good:
            if each.request is None:
                await self._request(each)

    async def _request(self, element: _Element) -> None:
        wanted, element.wanted = element.wanted, None
        if wanted is None or element.printer is None or element.ticket is None:
            return
        ids, index = self._ids(element)
        task, now = ids.id(index), ids.at(index)
        element.request = await make_request(
            self.gateway, self.identity, wanted, element.printer, ticket=element.ticket, task=task, now=now
        )

    async def _tell(self, element: _Element) -> None:
        """The answer to an element, and its request into a message."""
        if element.failure:
            self.answer.append({"taskName": element.name, "success": False, "message": element.failure})
            return
        ids, index = self._ids(element)
        task = ids.id(index)
        self.answer.append({"taskName": element.name or task, "success": True, "taskId": task})
        if element.once and not element.once.answered:
            self.keyed.append((element.once, {"taskId": task}))
        if element.request and task not in self.seen:
            if element.ids:
                self.seen.add(task)
            await self.messages.add(element.request)

    def _ids(self, element: _Element) -> tuple[Block, int]:
        """The block that an element's id is in, and where in it."""
        return (element.ids, 0) if element.ids else (self.ids, element.index)


def _read(start: int, tasks: Sequence[Any]) -> list[_Element]:
    return [_element(index, task) for index, task in enumerate(tasks, start)]


def _element(index: int, task: Any) -> _Element:
    path = f"tasks[{index}]"
    if not isinstance(task, dict):
        return _Element(index, "", failure=f"{path} must be an object; it is {shown(task)}.")
    fields = Fields(task, path)
    element = _Element(index, _named(task))
    try:
        element.key = key_of(fields)
        element.wanted = read_task(fields)
        element.name = element.wanted.name
    except Rejected as reason:
        element.failure = str(reason)
    return element


def _named(task: dict[str, Any]) -> str:
    """The name of an element as its sender will look for it, also of one that is refused for it."""
    given = next((task[key] for key in NAME_KEYS if task.get(key) is not None), None)
    known = isinstance(given, str | int | float) and not isinstance(given, bool)
    return readable(str(given)[:MAX_NAME]) if known else ""


def _good(found: T | str) -> T:
    if isinstance(found, str):
        raise Rejected(found)
    return found
