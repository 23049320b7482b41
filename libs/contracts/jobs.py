"""Tasks as jobs, leg by leg, and what Graph's door asks of the spooler about them (graph-print.md 1.5, 3; design.md rule 12)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from libs.contracts.documents import Format, Inline, Stored
from libs.contracts.hooks import HookView
from libs.contracts.message import Message
from libs.contracts.people import Person
from libs.contracts.states import Stage
from libs.contracts.tasks import PrinterRef, TaskRequest
from libs.contracts.tickets import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """The one document of a job as it can be downloaded. Times are ms since 1970, 0: none. `size` in bytes, 0: none yet.

    `media_type` empty: not known yet. `available`: its bytes can be had now (`LocateDocument`).
    """

    name: str = ""
    media_type: str = ""
    size: int = 0
    uploaded_at: int = 0
    downloaded_at: int = 0
    available: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRef:
    """A leg of a task at a printer, as `redirectedFrom` and `redirectedTo` name it."""

    agent: str
    printer: str
    task: str
    leg: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """One leg of a task. Times are ms since 1970, 0: none.

    An old leg is COMPLETED with `redirected_to`. `acquired`: its printer (or the application that serves it) has taken it.
    `user` None: a client submitted it, which `sn` names. `configuration` is what was asked in Graph's words (JSON); empty: show the
    ticket. `hooks` only where they were asked for.
    """

    task: str
    leg: int
    tenant: str
    sn: str
    client: str = ""
    agent: str
    printer: str
    name: str
    stage: Stage
    reason: str
    message: str
    created_at: int
    fetchable_at: int = 0
    acknowledged_at: int = 0
    ended_at: int = 0
    acquired: bool = False
    canceling: bool = False
    version: int = 0
    user: Person | None = None
    ticket: Ticket = Ticket()
    configuration: str = ""
    document: DocumentView = DocumentView()
    redirected_from: JobRef | None = None
    redirected_to: JobRef | None = None
    hooks: tuple[HookView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """What an index answers; None and empty: any. Times are ms since 1970, both ends inclusive.

    `user` is an id, `user_name` a userPrincipalName (small letters or not).
    """

    user: str = ""
    user_name: str = ""
    fetchable: bool | None = None
    stages: tuple[Stage, ...] = ()
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListJobs(Message, subject="query.{region}.spooler.list-jobs"):
    """Jobs of a printer, newest first (`ascending`: oldest first). `after` is the `next` of the page before.

    `count`: how many there are on all pages is told as well, with the first one.
    """

    region: str
    tenant: str
    agent: str
    printer: str
    wanted: JobFilter = JobFilter()
    after: str = ""
    offset: int = 0
    limit: int = 100
    ascending: bool = False
    count: bool = False
    hooks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobList:
    """`next` empty: there are no more. `count` None: nobody asked, or this is not the first page."""

    jobs: tuple[JobView, ...]
    next: str = ""
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetJob(Message, subject="query.{region}.spooler.get-job"):
    """One leg of a task at this printer. `user`: only when this user (id) printed it; empty: whoever did."""

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int = 1
    user: str = ""
    hooks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAnswer:
    job: JobView


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateJob(Message, subject="query.{region}.spooler.create-job"):
    """A task that waits for its payload (AWAITING_DATA): `request` has no bytes yet, its `user` is who prints.

    The same id again is answered by the task as it stands. It ends as expired after a day without a start.
    """

    region: str
    tenant: str
    sn: str
    source: str
    from_os: str
    request: TaskRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigureJob(Message, subject="query.{region}.spooler.configure-job"):
    """Another ticket, by the application whose hook works on it.

    Refused: FORBIDDEN for another application, CONFLICT in another state.
    """

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int
    app: str
    ticket: Ticket
    configuration: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartJob(Message, subject="query.{region}.spooler.start-job"):
    """The payload is there: go on. Refused (CONFLICT) without payload, and when it was started before."""

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int = 1
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJob(Message, subject="query.{region}.spooler.cancel-job"):
    """Honest, as `CancelTask`. Refused (CONFLICT) when it has ended. `user` as in `GetJob`."""

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int = 1
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortJob(Message, subject="query.{region}.spooler.abort-job"):
    """The application whose hook works on it ends it. Refused as `ConfigureJob`."""

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int
    app: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectJob(Message, subject="query.{region}.spooler.redirect-job"):
    """The application whose hook works on it sends it to another printer: the next leg, which is the answer. Its hook is completed.

    `ticket` None: as it was. Refused as `ConfigureJob`, and CONFLICT after ten legs.
    """

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int
    app: str
    to: PrinterRef
    ticket: Ticket | None = None
    configuration: str = ""


class Service(StrEnum):
    """What an application that serves a printer says of a job: it took it, it prints, it is stuck, it is over."""

    ACKNOWLEDGED = "acknowledged"
    PRINTING = "printing"
    STOPPED = "stopped"
    COMPLETED = "completed"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeJob(Message, subject="query.{region}.spooler.serve-job"):
    """The application that serves its printer says how far a fetchable job is. The same again changes nothing.

    Refused: FORBIDDEN when the printer is served by another (or its agent), CONFLICT before it is fetchable and after its end.
    """

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int
    app: str
    state: Service
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocateDocument(Message, subject="query.{region}.spooler.locate-document"):
    """Where the bytes of a job are now. `fetched_by`: the application that serves its printer downloads them, which is noted.

    `printable`: as its printer gets it, which there is from fetchable on. Otherwise the payload as it came, where its printer
    takes its format or it is not fetchable yet, else the printable. Refused (CONFLICT) when there are none yet.
    """

    region: str
    tenant: str
    agent: str
    printer: str
    task: str
    leg: int = 1
    user: str = ""
    fetched_by: str = ""
    printable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPlace:
    """The bytes of a document, and what they are called."""

    content: Annotated[Inline | Stored, Field(discriminator="kind")]
    media_type: str
    name: str = ""
    format: Format | None = None


#: Question -> the record that answers it (or a `Refusal`).
JOB_ANSWER: dict[type[Message], type] = {
    ListJobs: JobList,
    GetJob: JobAnswer,
    CreateJob: JobAnswer,
    ConfigureJob: JobAnswer,
    StartJob: JobAnswer,
    CancelJob: JobAnswer,
    AbortJob: JobAnswer,
    RedirectJob: JobAnswer,
    ServeJob: JobAnswer,
    LocateDocument: DocumentPlace,
}
