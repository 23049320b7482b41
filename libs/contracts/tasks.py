"""Tasks as they are asked for and as they are shown."""

from dataclasses import dataclass

from libs.contracts.devices import DeviceType
from libs.contracts.documents import Document
from libs.contracts.people import Person
from libs.contracts.states import Stage, State, Status
from libs.contracts.tickets import Ticket


@dataclass(frozen=True, slots=True)
class PrinterRef:
    """Where a task goes: the owning agent's SN, the device's id and name, and the shard of its agent."""

    agent: str
    id: str
    name: str
    shard: int = 0


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """One request to print, as a door accepted it. Times are milliseconds since 1970; `expires_at` 0: never.

    `start_at`: not to be printed before it, 0: at once. `hold`: it waits until it is released to a real printer. `retry_of` is
    the task that it prints again.

    `user` is who printed it, where the door knows persons. `configuration` is how to print in Graph's words as they were given
    (JSON of a printJobConfiguration), only to show it again: what counts is the ticket.

    `traceparent` (W3C Trace Context) is the request's own: one print is one trace from door to paper to callback.
    """

    id: str
    name: str
    printer: PrinterRef
    document: Document
    ticket: Ticket = Ticket()
    priority: int = 50
    created_at: int = 0
    expires_at: int = 0
    traceparent: str = ""
    start_at: int = 0
    hold: bool = False
    retry_of: str = ""
    user: Person | None = None
    configuration: str = ""


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as it is told to outsiders: events carry it, lists are made of it. It holds no content and no secret.

    `message` is the one sentence that says what a waiting task waits for, or why it ended as it did. `printer` is the device's id;
    `leg` counts the printers that it was sent to, from 1; `fetchable_at` (ms since 1970) is when this leg became ready for its
    printer, set once and never cleared.
    """

    id: str
    name: str
    tenant: str
    sn: str
    version: int
    stage: Stage
    state: State
    reason: str
    status: Status
    message: str
    device: str
    device_type: DeviceType
    agent: str
    source: str
    from_os: str
    created_at: int
    ended_at: int | None = None
    pages: int = 0
    pages_done: int = 0
    attempt: int = 0
    canceling: bool = False
    priority: int = 50
    start_at: int = 0
    expires_at: int = 0
    retry_of: str = ""
    printer: str = ""
    leg: int = 1
    fetchable_at: int = 0
