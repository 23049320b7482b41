"""Questions and commands, NATS request-reply to the registry or the active spooler, which answer after their commit."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from libs.contracts.devices import Device, DeviceType
from libs.contracts.directory import Entry
from libs.contracts.documents import Role
from libs.contracts.message import Message
from libs.contracts.states import Status
from libs.contracts.tasks import TaskView


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
    """Tasks of one client, newest first; times are ms since 1970, both ends inclusive; an empty `statuses` means any."""

    region: str
    tenant: str
    sn: str
    statuses: tuple[Status, ...] = ()
    start: int | None = None
    end: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    tasks: tuple[TaskView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetTask(Message, subject="query.{region}.spooler.get-task"):
    region: str
    tenant: str
    sn: str
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTask(Message, subject="query.{region}.spooler.cancel-task"):
    """Cancel, honestly (design.md rule 11). The answer is the task as it then stands."""

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
    region: str
    tenant: str
    sn: str
    task: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    task: TaskView


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitAgent(Message, subject="query.{region}.spooler.admit-agent.{tenant}.{agent}"):
    """May this journal print for this agent (design.md rule 8)? `journal` is its random id."""

    region: str
    tenant: str
    agent: str
    journal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Orders up to stream sequence `sequence` are acknowledged unread by this journal."""

    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDocument(Message, subject="query.{region}.spooler.address-document.{tenant}.{agent}"):
    """Where can I fetch this document of my open order?"""

    region: str
    tenant: str
    agent: str
    task: str
    attempt: int
    role: Role = Role.PRINTABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAddress:
    """An HTTP address, valid for ten minutes; the client checks length and SHA-256 from its order."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDevices(Message, subject="query.{region}.registry.list-devices"):
    """Devices that a client may use; `type` None: of every type."""

    region: str
    tenant: str
    sn: str
    type: DeviceType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device as a client sees it: who owns it, whether it is there, whether it is that client's default of its type."""

    agent: str
    device: Device
    online: bool
    default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceList:
    devices: tuple[DeviceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetDevice(Message, subject="query.{region}.registry.get-device"):
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
class LookUp(Message, subject="query.{region}.registry.look-up"):
    """Entries of the directory by key, for a reader whose watch is blind."""

    region: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    entries: tuple[Annotated[Entry, Field()], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Message, subject="heartbeat.{region}.{tenant}.{agent}"):
    """An agent lives: core NATS, every few seconds; `leaving` on a graceful stop."""

    region: str
    tenant: str
    agent: str
    journal: str
    leaving: bool = False


#: Question -> the record that answers it (or a `Refusal`).
ANSWER: dict[type[Message], type] = {
    ListTasks: TaskList,
    GetTask: TaskAnswer,
    CancelTask: TaskAnswer,
    ResolveTask: TaskAnswer,
    AdmitAgent: Admitted,
    AddressDocument: DocumentAddress,
    ListDevices: DeviceList,
    GetDevice: DeviceAnswer,
    GetDefaultDevice: DeviceAnswer,
    SetDefaultDevice: DeviceAnswer,
    LookUp: Entries,
}
