"""One task object read whole: what is to be printed, where, how, and when (webprinter.md 1.5 and 3.3)."""

import asyncio
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from pydantic_core import from_json, to_json

from libs.contracts.marks import Mark
from libs.contracts.tickets import Ticket
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading import words
from services.gateway.webprinter.reading.aliases import modern
from services.gateway.webprinter.reading.content import Given, read_content
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.marks import read_marks
from services.gateway.webprinter.reading.schedule import read_lasting, read_priority, read_start
from services.gateway.webprinter.reading.ticket import read_ticket

MAX_NAME = 255
#: Configs of more bytes than this are read each time.
LONGEST_KNOWN = 1024
PRIORITY = 50
#: Contents of more characters than this are read in a thread.
LARGE = 256 * 1024
#: The largest image of a task's own mark, in bytes.
MAX_IMAGE = 4 * 1024 * 1024

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A task as it was asked for, read and found good; times are in ms. `agent` empty: the client itself.

    `path` is its place in the request, for sentences; `marks` are its own, with images of any size inside.
    """

    path: str
    name: str
    agent: str
    device: str
    given: Given
    ticket: Ticket
    javascript: bool
    background: bool
    priority: int
    expire_after: int
    start_at: int
    marks: tuple[Mark, ...] = ()


def read_task(task: Fields) -> Wanted:
    """One task object. Raises `Rejected` for the first field that is not good."""
    task = modern(task)
    kind = task.word("deviceType", words.DEVICE_TYPES, "printer")
    if kind and kind != "printer":
        raise Rejected(f"{task.name('deviceType')} must be printer: a {kind} does not print.")
    config = task.inside("config")
    for holder in (task, config):
        if holder.raw("callbackUrl") not in (None, ""):
            name = holder.name("callbackUrl")
            raise Rejected(f"{name} cannot be set by a task: leave it out, and tell addEndpoint where events go.")
    given = read_content(task)
    return Wanted(
        path=task.path,
        name=readable(task.text("name", MAX_NAME) or given.title[:MAX_NAME]),
        agent=task.text("controlSn") or "",
        device=task.text("deviceName") or "",
        given=given,
        ticket=_ticket(config),
        javascript=_either(task, config, "javascript"),
        background=_either(task, config, "printBackground"),
        priority=read_priority(task, config) or PRIORITY,
        expire_after=read_lasting(task, config) or 0,
        start_at=read_start(task, config),
        marks=(*read_marks(config, MAX_IMAGE), *read_marks(task, MAX_IMAGE)),
    )


async def read_apart(task: Fields) -> Wanted:
    """A small task here and now; decoding a large document would hold up everybody else. Raises `Rejected`."""
    content = task.raw("content")
    if isinstance(content, str) and len(content) > LARGE:
        return await asyncio.to_thread(read_task, task)
    return read_task(task)


def with_upload(wanted: Wanted, given: Given) -> Wanted:
    """A task with the file that is behind the address it gave."""
    return replace(wanted, given=given, name=wanted.name or readable(given.title))


def readable(name: str) -> str:
    """A name without control characters and direction marks: it is shown on displays and in logs."""
    return _CONTROL.sub(" ", name).strip()


def _ticket(config: Fields) -> Ticket:
    """How to print. The many tasks of a batch have few different configs."""
    spelled = to_json(config.values)
    if len(spelled) > LONGEST_KNOWN:
        return read_ticket(config)
    try:
        return _known_ticket(spelled)
    except Rejected:
        return read_ticket(config)  # which names this very task


@lru_cache(1024)
def _known_ticket(spelled: bytes) -> Ticket:
    return read_ticket(Fields(from_json(spelled)))


def _either(task: Fields, config: Fields, key: str) -> bool:
    """A switch at task level or inside the config, on unless it is switched off (webprinter.md 1.7, row 30)."""
    given = task.flag(key)
    given = config.flag(key) if given is None else given
    return given is not False
