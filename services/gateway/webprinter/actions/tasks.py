"""`newPrintTask` and `listTasks` (webprinter.md 1.5)."""

from dataclasses import replace
from typing import Any

from libs.contracts.documents import Document, Inline, Remote, Stored
from libs.contracts.message import encode
from libs.contracts.queries import ListTasks, TaskList
from libs.contracts.states import Status
from libs.contracts.tasks import TaskRequest
from libs.contracts.tickets import Ticket
from libs.contracts.webprinter import extended_row, task_row
from libs.runtime import traces
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.control import PATIENCE
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.idempotency import Once, key_of, once
from services.gateway.webprinter.printers import FoundPrinter, find_printer
from services.gateway.webprinter.reading import words
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.marks import marks_of, stored_marks
from services.gateway.webprinter.reading.schedule import read_moment
from services.gateway.webprinter.reading.suiting import suited
from services.gateway.webprinter.reading.wanted import Wanted, read_apart, with_upload
from services.gateway.webprinter.telling import extended
from services.gateway.webprinter.uploads import find_upload

MAX_ROWS = 1000
#: What makes an object a task: also one that stands in `data` itself.
CONTENT = {"content", "html", "url"}


async def new_print_task(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Submit one task; it is durable when this returns. Raises `Rejected`, and the bus's `NotStored` and `Unanswered`."""
    task = data.inside("task") if data.raw("task") else data
    if task is data and not data.values.keys() & CONTENT:
        several = "; several go to newPrintTaskBatch" if data.raw("tasks") else ""
        raise Rejected(f"task is missing: write the task to print as an object{several}.")
    submission = await once(gateway, identity, key_of(data, task), dict(task.values))
    return await submit_task(gateway, identity, task, submission)


async def submit_task(gateway: Gateway, identity: Identity, task: Fields, submission: Once) -> dict[str, Any]:
    """Submit one task object, or give the answer of the first time under its key. Raises as `new_print_task`."""
    if submission.answered:
        return dict(submission.answer)
    wanted = await read_wanted(gateway, identity, task)
    printer = await find_printer(gateway, identity, wanted.agent, wanted.device)
    ticket = ticket_for(wanted, printer)  # a key is not spent on a task that is refused
    ids = await submission.reserve(gateway.ids.block(identity.sn))
    request = await make_request(gateway, identity, wanted, printer, ticket=ticket, task=ids.id(), now=ids.at())
    await gateway.submit(identity, identity.source, (request,))
    answer = {"taskId": request.id}
    await submission.keep(answer)
    return answer


async def read_wanted(gateway: Gateway, identity: Identity, task: Fields) -> Wanted:
    """One task object, with the file behind the address of an upload. Raises `Rejected`."""
    wanted = await read_apart(task)
    if not wanted.given.upload:
        return wanted
    return with_upload(wanted, await find_upload(gateway, identity, wanted.path, wanted.given))


def ticket_for(wanted: Wanted, printer: FoundPrinter) -> Ticket:
    """How this printer is to print it, marks by rule included. Raises `Rejected` for what it cannot do."""
    marks = marks_of(wanted.given.format, printer.rules, wanted.marks)
    marked = replace(wanted.ticket, marks=marks) if marks else wanted.ticket
    return suited(marked, wanted.given.format, printer.device, wanted.path)


async def make_request(
    gateway: Gateway, identity: Identity, wanted: Wanted, printer: FoundPrinter, *, ticket: Ticket, task: str, now: int
) -> TaskRequest:
    """A task as it is handed over, its document where it belongs; `ticket` is the printer's, `now` is in ms since 1970."""
    marks = await stored_marks(gateway, identity, task, ticket.marks)
    return TaskRequest(
        id=task,
        name=wanted.name or task,
        printer=printer.ref,
        document=await _document(gateway, identity, wanted, task),
        ticket=replace(ticket, marks=marks) if marks else ticket,
        priority=wanted.priority,
        created_at=now,
        expires_at=now + wanted.expire_after if wanted.expire_after else 0,
        traceparent=traces.current(),
        start_at=wanted.start_at if wanted.start_at > now else 0,
        hold=printer.device.virtual,
    )


async def _document(gateway: Gateway, identity: Identity, wanted: Wanted, task: str) -> Document:
    given = wanted.given
    content: Inline | Stored | Remote
    if given.stored:
        content = given.stored
    elif given.request:
        content = Remote(given.host, gateway.sealer.seal(encode(given.request)))
    else:
        content = await gateway.content(identity, task, given.data)
    return Document(given.format, content, wanted.name or task, wanted.javascript, wanted.background)


async def list_tasks(gateway: Gateway, identity: Identity, data: Fields) -> list[dict[str, Any]]:
    """The client's tasks, newest first. Raises `Rejected`, and the bus's `Unanswered` and `Refused`."""
    query = ListTasks(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        statuses=data.words("statusList", words.STATUSES, ", ".join(Status)) or (),
        start=read_moment(data, "startTime"),
        end=read_moment(data, "endTime", end=True),
        limit=data.rows(100, MAX_ROWS),
    )
    found: TaskList = await gateway.bus.ask(query, timeout=PATIENCE)
    row = extended_row if extended.wanted(gateway, data) else task_row
    return [row(view, gateway.zone) for view in found.tasks]
