"""`retryTask`: the same document once more, or what is left of it, as a new task (extension, webprinter.md 3.4)."""

from dataclasses import replace
from typing import Any

from libs.contracts.documents import Document, Role, Stored
from libs.contracts.queries import GetMaterial, Material
from libs.contracts.tasks import TaskRequest
from libs.contracts.tickets import Ticket
from libs.runtime import traces
from libs.runtime.documents import Missing
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.control import PATIENCE, named_task, task_id
from services.gateway.webprinter.actions.rest import read_rest
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.idempotency import key_of, once
from services.gateway.webprinter.printers import FoundPrinter, find_printer
from services.gateway.webprinter.reading.changes import changed_ticket
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.schedule import read_lasting, read_priority, read_start
from services.gateway.webprinter.reading.suiting import suited

#: What of a request makes it the same or another one under its key.
_ASKED = ("taskId", "deviceName", "controlSn", "config", "priority", "expireAfter", "startAt", "fromPage")


async def retry_task(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Print a task again, on the same printer or another; it is durable when this returns.

    Raises `Rejected`, and the bus's `Refused`, `NotStored` and `Unanswered`.
    """
    of = task_id(data)
    asked = {"retryTask": {name: data.raw(name) for name in _ASKED}}
    submission = await once(gateway, identity, key_of(data), asked)
    if submission.answered:
        return dict(submission.answer)
    query = GetMaterial(region=gateway.region, tenant=identity.tenant, sn=identity.sn, task=of)
    with named_task():
        material: Material = await gateway.bus.ask(query, timeout=PATIENCE)
    before, rest = material.request, read_rest(data, material)
    printer = await _printer(gateway, identity, data, before)
    if rest and printer.ref.id != before.printer.id:
        raise Rejected(
            f"{data.name('deviceName')}: what is left was made for {before.printer.name}: leave out fromPage, and choose pages of "
            "the document with config.pageRanges."
        )
    ticket = rest.ticket if rest else _ticket(data, before, printer)
    config = data.inside("config")
    start_at, lasts = read_start(data, config), _lasts(data, config, before)
    priority = read_priority(data, config) or before.priority
    ids = await submission.reserve(gateway.ids.block(identity.sn))
    task, now = ids.id(), ids.at()
    request = TaskRequest(
        id=task,
        name=before.name,
        printer=printer.ref,
        document=await _own_document(gateway, identity, rest.document if rest else before.document, task),
        ticket=await _own_images(gateway, identity, ticket, task),
        priority=priority,
        created_at=now,
        expires_at=now + lasts if lasts else 0,
        traceparent=traces.current(),
        start_at=start_at,
        hold=printer.device.virtual,
        retry_of=before.id,
    )
    await gateway.submit(identity, identity.source, (request,))
    answer = {"taskId": task}
    await submission.keep(answer)
    return answer


async def _printer(gateway: Gateway, identity: Identity, data: Fields, before: TaskRequest) -> FoundPrinter:
    """Another one if it is named (by `controlSn` alone: that client's of the same name), else the one before; if it may be used."""
    name, agent = data.text("deviceName"), data.text("controlSn") or ""
    if name is None:
        name, agent = before.printer.name, agent or before.printer.agent
    return await find_printer(gateway, identity, agent, name, data.path)


def _ticket(data: Fields, before: TaskRequest, printer: FoundPrinter) -> Ticket:
    ticket = printer.ruled(changed_ticket(before.ticket, data.inside("config")), before.document.format)
    return suited(ticket, before.document.format, printer.device, data.path)


def _lasts(data: Fields, config: Fields, before: TaskRequest) -> int:
    """How long it may take from now on, in ms, 0: for ever; if nothing is said, as long as the first time."""
    given = read_lasting(data, config)
    if given is not None:
        return given
    return before.expires_at - before.created_at if before.expires_at else 0


async def _own_document(gateway: Gateway, identity: Identity, document: Document, task: str) -> Document:
    if not isinstance(document.content, Stored):
        return document
    return replace(document, content=await _copied(gateway, document.content, f"{identity.tenant}/{task}/{Role.SOURCE}"))


async def _own_images(gateway: Gateway, identity: Identity, ticket: Ticket, task: str) -> Ticket:
    marks = []
    for number, mark in enumerate(ticket.marks):
        if isinstance(mark.image, Stored):
            image = await _copied(gateway, mark.image, f"{identity.tenant}/{task}/mark-{number}")
            mark = replace(mark, image=image)  # noqa: PLW2901
        marks.append(mark)
    return replace(ticket, marks=tuple(marks))


async def _copied(gateway: Gateway, content: Stored, name: str) -> Stored:
    """The new task's own: the old one's is deleted with it."""
    try:
        await gateway.documents.copy(content.name, name)
    except Missing:
        raise Rejected("taskId: the document of this task is not kept any more: send it again with newPrintTask.") from None
    return replace(content, name=name)
