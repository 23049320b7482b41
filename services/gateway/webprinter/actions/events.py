"""`listEvents`: what was told of the client's tasks in the last seven days, once more (webprinter.md 3.4)."""

import re
from datetime import UTC, datetime
from typing import Any

from libs.contracts.webprinter import EVENT_NAMES
from services.gateway.domain import Identity
from services.gateway.events import Archive, Kind, Page, Told
from services.gateway.gateway import Gateway
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields, normal, shown
from services.gateway.webprinter.reading.schedule import read_moment

DEFAULT_ROWS = 100
MAX_ROWS = 1000
#: Events that one answer looks at, when most of them are not wanted.
LOOKED_AT = 20_000
#: Events that one look brings.
LOOK = 500

#: The protocol's name -> the word of the subject.
KINDS: dict[str, Kind] = {"NewTaskEvent": "new", "UpdateTaskStatusEvent": "status", "EndTaskEvent": "end"}
_NAMES = {normal(name): name for name in EVENT_NAMES.values()}
_TASK = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


async def list_events(gateway: Gateway, identity: Identity, data: Fields) -> dict[str, Any]:
    """Events oldest first, and `next`, which is `since` of the next question (`startTime` counts without one only).

    `more`: there are some already.

    Raises `Rejected`, also at the door of another region, and the bus's `Unanswered`.
    """
    since, start = data.whole("since", 0, 2**53) or 0, _start(data)
    if gateway.far:
        raise Rejected(f"Events of the region {gateway.region} are kept there: ask for them at one of its own gateways.")
    limit = data.rows(DEFAULT_ROWS, MAX_ROWS)
    names = data.words("events", _NAMES, ", ".join(EVENT_NAMES.values())) or ()
    task = _task(data)
    archive = Archive(gateway.bus, gateway.region, identity.tenant, identity.sn, gateway.zone)
    kind: Kind = KINDS[names[0]] if len(names) == 1 else "*"
    found: list[Told] = []
    seq, looked, more = since, 0, True
    while more and len(found) <= limit and looked < LOOKED_AT:
        page: Page = await archive.after(seq, LOOK, task=task, kind=kind, since=None if seq else start)
        looked += len(page.events)
        more = page.seq > seq
        seq = page.seq
        found += [event for event in page.events if not names or event.body["name"] in names]
    if len(found) > limit:
        found, more = found[:limit], True
        seq = found[-1].seq
    return {"events": [_row(event) for event in found], "next": seq, "more": more}


def _row(event: Told) -> dict[str, Any]:
    """The callback's body, with its place, its id and its time (ms since 1970)."""
    return {**event.body, "seq": event.seq, "eventId": event.id, "time": event.at}


def _task(data: Fields) -> str:
    task = data.text("taskId")
    if task and not _TASK.fullmatch(task):
        raise Rejected(f"taskId must be as newPrintTask returns it; it is {shown(task)}.")
    return task or ">"


def _start(data: Fields) -> datetime | None:
    given = read_moment(data, "startTime")
    return None if given is None else datetime.fromtimestamp(given / 1000, UTC)
