"""Questions and commands, NATS request-reply to the registry or the active spooler, which answer after their commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from libs.contracts.agents import AGENT_ANSWER
from libs.contracts.definitions import DEFINITION_ANSWER
from libs.contracts.devices import Device, DeviceType, Target
from libs.contracts.directory import Entry
from libs.contracts.documents import Document, Inline, Printable, Stored
from libs.contracts.endpoints import ENDPOINT_ANSWER
from libs.contracts.explaining import EXPLAINING_ANSWER
from libs.contracts.fleet import FLEET_ANSWER
from libs.contracts.fleetsettings import FLEET_SETTINGS_ANSWER
from libs.contracts.hooks import HOOK_ANSWER
from libs.contracts.jobs import JOB_ANSWER
from libs.contracts.ledger import LEDGER_ANSWER
from libs.contracts.marks import Mark
from libs.contracts.message import Message
from libs.contracts.people import PEOPLE_ANSWER
from libs.contracts.states import Stage, Status
from libs.contracts.subscriptions import SUBSCRIPTION_ANSWER
from libs.contracts.tasks import PrinterRef, TaskRequest, TaskView
from libs.contracts.tickets import Ticket
from libs.contracts.uploads import UPLOAD_ANSWER
from libs.contracts.usage import USAGE_ANSWER


class Code(StrEnum):
    """Why a question was refused; the doors translate it into their own shape."""

    NOT_FOUND = "not-found"
    BAD_REQUEST = "bad-request"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    BUSY = "busy"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The answer to a question that cannot be answered: a code and one sentence."""

    kind: Literal["Refusal"] = "Refusal"
    code: Code
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTasks(Message, subject="query.{region}.spooler.list-tasks"):
    """Tasks of one client, newest first; times are ms since 1970, both ends inclusive; empty `statuses` and `stages` mean any."""

    region: str
    tenant: str
    sn: str
    statuses: tuple[Status, ...] = ()
    start: int | None = None
    end: int | None = None
    limit: int = 100
    stages: tuple[Stage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    tasks: tuple[TaskView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetTask(Message, subject="query.{region}.spooler.get-task"):
    """One task: of this client, or on a device of its own."""

    region: str
    tenant: str
    sn: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTask(Message, subject="query.{region}.spooler.cancel-task"):
    """Cancel, honestly (design.md rule 11), a task of this client or on a device of its own. The answer is the task as it then
    stands.
    """

    region: str
    tenant: str
    sn: str
    task: str


class Outcome(StrEnum):
    """What a person says of a task whose outcome is unknown (design.md rule 10)."""

    PRINTED = "printed"
    REPRINT = "reprint"
    GIVE_UP = "give-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveTask(Message, subject="query.{region}.spooler.resolve-task"):
    """A person's word on a task of this client or on a device of its own."""

    region: str
    tenant: str
    sn: str
    task: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    task: TaskView


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseTask(Message, subject="query.{region}.spooler.release-task"):
    """Send a task that is held for release to a real printer; `ticket` None: as it was submitted."""

    region: str
    tenant: str
    sn: str
    task: str
    printer: PrinterRef
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMaterial(Message, subject="query.{region}.spooler.get-material"):
    """What a task is made of, to print or to show it again."""

    region: str
    tenant: str
    sn: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The request as it came (or as it was released), and what the converter made of it; None: not ready for a printer yet.

    `left` is what the printer of the printable still has to do, `two_sided` whether it prints on both sides as far as is known, and
    `before` how many of the task's sides the printable leaves out, as they were on paper already.
    """

    task: TaskView
    request: TaskRequest
    printable: Printable | None = None
    left: Ticket | None = None
    two_sided: bool = False
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseDevice(Message, subject="query.{region}.spooler.pause-device"):
    """Send this printer nothing more, and take back what it has not begun; its tasks wait in their order."""

    region: str
    tenant: str
    agent: str
    printer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeDevice(Message, subject="query.{region}.spooler.resume-device"):
    region: str
    tenant: str
    agent: str
    printer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLines(Message, subject="query.{region}.spooler.list-lines"):
    """How the lines of these printers stand, (agent, device id) each."""

    region: str
    tenant: str
    printers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One printer's line: `waiting` tasks are not yet sent, `sent` ones are with its agent."""

    agent: str
    printer: str
    paused: bool = False
    waiting: int = 0
    sent: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """In the order in which they were asked for."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDevices(Message, subject="query.{region}.registry.list-devices"):
    """Devices that a client may use, from the `offset`-th on; `type` None: of every type."""

    region: str
    tenant: str
    sn: str
    type: DeviceType | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device as a client sees it: who owns it, whether it is there, whether it is that client's default of its type.

    `shared`: others than its owner may use it.
    """

    agent: str
    device: Device
    online: bool
    default: bool
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceList:
    """Without what the devices can do: `GetDevice` tells that. `more`: ask again with an offset."""

    devices: tuple[DeviceView, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDevice(Message, subject="query.{region}.registry.get-device"):
    """`agent` empty: the client's own device of that name, else its default of that name, else the only one that it may use."""

    region: str
    tenant: str
    sn: str
    agent: str
    name: str
    type: DeviceType = DeviceType.PRINTER


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDefaultDevice(Message, subject="query.{region}.registry.get-default-device"):
    region: str
    tenant: str
    sn: str
    type: DeviceType


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDefaultDevice(Message, subject="query.{region}.registry.set-default-device"):
    """Makes a device the default of its type; the one before loses that place."""

    region: str
    tenant: str
    sn: str
    agent: str
    name: str
    type: DeviceType


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAnswer:
    """`device` None: there is none (only to `GetDefaultDevice`)."""

    device: DeviceView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareDevice(Message, subject="query.{region}.registry.share-device"):
    """Who of the tenant may use a device of this client beside itself: `users` are SNs, or `EVERYBODY`; none: nobody any more.

    `by` says who asks beside the client, such as `the token till`, for the audit log.
    """

    region: str
    tenant: str
    sn: str
    name: str
    type: DeviceType = DeviceType.PRINTER
    users: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMarks(Message, subject="query.{region}.registry.set-marks"):
    """What is printed by rule on every page: of this client's tasks, or (with `device`, a name) on this device of its own.

    `by` says who asks beside the client, such as `the token till`, for the audit log.
    """

    region: str
    tenant: str
    sn: str
    device: str = ""
    marks: tuple[Mark, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAction(Message, subject="query.{region}.registry.record-action"):
    """A door's own doing, for the audit log: what was done to what, on behalf of this client. `details` never hold a secret.

    `by` says who asked for it beside the client, such as `the token till`.
    """

    region: str
    tenant: str
    sn: str
    action: str
    what: str
    details: Mapping[str, str] = field(default_factory=dict)
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It is done, and there is nothing to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewDocument(Message, subject="query.{region}.converter.preview-document"):
    """One page as it would be printed, as a PNG. `page` counts printed pages from 1, `dpi` is from 20 to 300.

    With `printable` the document is finished already; otherwise it is rendered and finished as an order would be.
    """

    region: str
    tenant: str
    document: Document | None = None
    printable: Printable | None = None
    ticket: Ticket = Ticket()
    target: Target = Target()
    name: str = ""
    client: str = ""
    page: int = 1
    dpi: int = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The page, and how many there are. Width and height in pixels."""

    content: Annotated[Inline | Stored, Field(discriminator="kind")]
    pages: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp(Message, subject="query.{region}.registry.look-up"):
    """Entries of the directory by key, for a reader whose watch is blind."""

    region: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    entries: tuple[Annotated[Entry, Field()], ...]


#: Question -> the record that answers it (or a `Refusal`).
ANSWER: dict[type[Message], type] = {
    ListTasks: TaskList,
    GetTask: TaskAnswer,
    CancelTask: TaskAnswer,
    ResolveTask: TaskAnswer,
    ReleaseTask: TaskAnswer,
    GetMaterial: Material,
    PauseDevice: Lines,
    ResumeDevice: Lines,
    ListLines: Lines,
    ListDevices: DeviceList,
    GetDevice: DeviceAnswer,
    GetDefaultDevice: DeviceAnswer,
    SetDefaultDevice: DeviceAnswer,
    ShareDevice: DeviceAnswer,
    SetMarks: Done,
    RecordAction: Done,
    PreviewDocument: Preview,
    LookUp: Entries,
    **ENDPOINT_ANSWER,
    **AGENT_ANSWER,
    **DEFINITION_ANSWER,
    **FLEET_ANSWER,
    **FLEET_SETTINGS_ANSWER,
    **HOOK_ANSWER,
    **JOB_ANSWER,
    **LEDGER_ANSWER,
    **EXPLAINING_ANSWER,
    **PEOPLE_ANSWER,
    **SUBSCRIPTION_ANSWER,
    **UPLOAD_ANSWER,
    **USAGE_ANSWER,
}
