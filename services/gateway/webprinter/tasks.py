"""`newPrintTask` and `listTasks` (webprinter.md 1.5)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from libs.contracts.devices import DeviceType
from libs.contracts.directory import ClientEntry, DefaultEntry, DeviceEntry, Entry, client_key, default_key, device_key
from libs.contracts.documents import Document, Inline, Remote, Stored
from libs.contracts.ids import device_id
from libs.contracts.message import encode
from libs.contracts.queries import ListTasks, TaskList
from libs.contracts.states import Status
from libs.contracts.tasks import PrinterRef, TaskRequest
from libs.contracts.tickets import Ticket
from libs.contracts.webprinter import task_row
from libs.runtime import traces
from services.gateway.domain import Identity, usable_printer
from services.gateway.gateway import Gateway
from services.gateway.webprinter import words
from services.gateway.webprinter.content import Given, read_content
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.fields import Fields, shown
from services.gateway.webprinter.ticket import read_ticket

MAX_NAME = 255
MAX_ROWS = 1000
#: Timestamps below this are seconds, above it milliseconds (webprinter.md 1.5).
SECONDS_BELOW = 10**11
LATEST = 10**15
PRIORITY = 50
#: Contents of more characters than this are read in a thread.
LARGE = 256 * 1024

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


#: The same few printers are named again and again.
_place = lru_cache(8192)(device_id)

Look = Callable[..., Awaitable[list[Entry | None]]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task as it was asked for, read and found good; times are in ms. `agent` empty: the client itself."""

    name: str
    agent: str
    device: str
    given: Given
    ticket: Ticket
    javascript: bool
    background: bool
    priority: int
    expire_after: int


def read_task(task: Fields) -> Wanted:
    """One task object. Raises `Rejected` for the first field that is not good."""
    kind = task.word("deviceType", words.DEVICE_TYPES, "printer")
    if kind and kind != "printer":
        raise Rejected(f"{task.name('deviceType')} must be printer: a {kind} does not print.")
    config = task.inside("config")
    given = read_content(task)
    return Wanted(
        name=readable(task.text("name", MAX_NAME) or given.title[:MAX_NAME]),
        agent=task.text("controlSn") or "",
        device=task.text("deviceName") or "",
        given=given,
        ticket=read_ticket(config),
        javascript=_either(task, config, "javascript"),
        background=_either(task, config, "printBackground"),
        priority=task.whole("priority", 1, 100) or PRIORITY,
        expire_after=int((task.number("expireAfter", 0, 10**8, " (seconds)") or 0) * 1000),
    )


def readable(name: str) -> str:
    """A name without control characters and direction marks: it is shown on displays and in logs."""
    return _CONTROL.sub(" ", name).strip()


def _either(task: Fields, config: Fields, key: str) -> bool:
    """A switch at task level or inside the config, on unless it is switched off (webprinter.md 1.7, row 30)."""
    given = task.flag(key)
    given = config.flag(key) if given is None else given
    return given is not False


async def new_print_task(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Submit one task; it is durable when this returns. Raises `Rejected`, and the bus's `NotStored` and `Unanswered`."""
    if not data.raw("task"):
        raise Rejected("task is missing: write the task to print as an object.")
    wanted = await _read(data.inside("task"))
    printer = await find_printer(gateway, identity, wanted)
    task, now = gateway.ids.next(identity.sn)
    request = TaskRequest(
        id=task,
        name=wanted.name or task,
        printer=printer,
        document=await _document(gateway, identity, wanted, task),
        ticket=wanted.ticket,
        priority=wanted.priority,
        created_at=now,
        expires_at=now + wanted.expire_after if wanted.expire_after else 0,
        traceparent=traces.current(),
    )
    await gateway.submit(identity, identity.source, (request,))
    return {"taskId": task}


async def _read(task: Fields) -> Wanted:
    """Small tasks here and now; decoding a large document would hold up everybody else."""
    content = task.raw("content")
    if isinstance(content, str) and len(content) > LARGE:
        return await asyncio.to_thread(read_task, task)
    return read_task(task)


async def _document(gateway: Gateway, identity: Identity, wanted: Wanted, task: str) -> Document:
    given = wanted.given
    content: Inline | Stored | Remote
    if given.request:
        content = Remote(given.host, gateway.sealer.seal(encode(given.request)))
    else:
        content = await gateway.content(identity, task, given.data)
    return Document(given.format, content, wanted.name or task, wanted.javascript, wanted.background)


async def find_printer(gateway: Gateway, identity: Identity, wanted: Wanted) -> PrinterRef:
    """The printer of a task: the named one, or the client's default. Raises `Rejected`."""
    for look in (gateway.directory.get, gateway.directory.ask):  # before saying no, ask who knows best
        if printer := await _printer(look, identity, wanted):
            return printer
    if wanted.device:
        at = shown(wanted.agent or identity.sn)
        raise Rejected(f"task.deviceName: there is no printer {shown(wanted.device)} at the client {at}; listDevices names them.")
    raise Rejected(
        "task.deviceName is missing and there is no default printer: name one that listDevices names, or use setDefaultDevice."
    )


async def _printer(look: Look, identity: Identity, wanted: Wanted) -> PrinterRef | None:
    agent, place = wanted.agent or identity.sn, ""
    if wanted.device:
        place = _place(agent, wanted.device)
    else:
        (default,) = await look(default_key(identity.sn, DeviceType.PRINTER))
        if not isinstance(default, DefaultEntry):
            return None
        agent, place = default.agent, default.device
    owner, found = await look(client_key(agent), device_key(agent, place))
    if not isinstance(owner, ClientEntry) or not isinstance(found, DeviceEntry):
        return None
    return usable_printer(identity, owner, found)


async def list_tasks(gateway: Gateway, identity: Identity, data: Fields) -> list[dict[str, Any]]:
    """The client's tasks, newest first. Raises `Rejected`, and the bus's `Unanswered` and `Refused`."""
    query = ListTasks(
        region=gateway.region,
        tenant=identity.tenant,
        sn=identity.sn,
        statuses=_statuses(data),
        start=_time(data, "startTime", 0),
        end=_time(data, "endTime", 999),
        limit=min(data.whole("limit", 1, 10**9) or 100, MAX_ROWS),
    )
    found: TaskList = await gateway.bus.ask(query, timeout=5.0)
    return [task_row(view, gateway.zone) for view in found.tasks]


def _statuses(data: Fields) -> tuple[Status, ...]:
    given = data.raw("statusList")
    if given is None or given in ("", []):
        return ()
    listed = given if isinstance(given, list) else [given]
    each = [Fields({"statusList": one}).word("statusList", words.STATUSES, ", ".join(Status)) for one in listed[:100]]
    return tuple(dict.fromkeys(status for status in each if status))


def _time(data: Fields, key: str, rest: int) -> int | None:
    """A timestamp in ms; one in seconds means the whole second, up to its `rest` ms."""
    given = data.whole(key, 0, LATEST)
    if given is None:
        return None
    return given if given >= SECONDS_BELOW else given * 1000 + rest
