"""What workers tell the spooler about their orders, and agents the registry about their devices."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from libs.contracts.devices import Device
from libs.contracts.documents import Printable
from libs.contracts.message import Message
from libs.contracts.tickets import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentConverted(Message, subject="report.{region}.convert", message_id="{task}:converted:{attempt}"):
    """A conversion is done. `ticket` is what is left for the printer to do; `warnings` are sentences for people."""

    kind: Literal["DocumentConverted"] = "DocumentConverted"
    region: str
    task: str
    attempt: int
    document: Printable
    ticket: Ticket
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRejected(Message, subject="report.{region}.convert", message_id="{task}:rejected:{attempt}"):
    """A document that can never be converted: `reason` is an IPP keyword, `message` a sentence that its sender understands."""

    kind: Literal["DocumentRejected"] = "DocumentRejected"
    region: str
    task: str
    attempt: int
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReport(Message, subject="report.{region}.task.{tenant}.{agent}"):
    """What an agent says of one attempt; the message id is `<journal>:<row>`, given by the agent. `at`: ms since 1970."""

    region: str
    tenant: str
    agent: str
    task: str
    attempt: int
    at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTaken(TaskReport):
    """The order is in the agent's journal."""

    kind: Literal["TaskTaken"] = "TaskTaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPrinting(TaskReport):
    """The document is being sent to the device, or the device goes on after a stop."""

    kind: Literal["TaskPrinting"] = "TaskPrinting"
    pages_done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSent(TaskReport):
    """The device has all data."""

    kind: Literal["TaskSent"] = "TaskSent"
    pages_done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStopped(TaskReport):
    """The device cannot go on: `reason` is its own printer-state-reason; `resumes` tells whether it goes on by itself."""

    kind: Literal["TaskStopped"] = "TaskStopped"
    reason: str
    message: str
    pages_done: int = 0
    resumes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPrinted(TaskReport):
    """On paper: confirmed by the device, or (`confirmed` false) confirmation is impossible and the grace time has passed."""

    kind: Literal["TaskPrinted"] = "TaskPrinted"
    pages_done: int = 0
    confirmed: bool = True
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFailed(TaskReport):
    """Not on paper, surely, or not all of it. `transient`: another attempt may succeed. `canceled`: somebody canceled it at the
    device.

    `pages_sure`: so many sides of this order's document, from the first one on and on whole sheets, are on paper by the device's
    own count, so that the rest is known; 0: that cannot be said.
    """

    kind: Literal["TaskFailed"] = "TaskFailed"
    reason: str
    message: str
    transient: bool = False
    canceled: bool = False
    pages_done: int = 0
    pages_sure: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUnknown(TaskReport):
    """Nobody can say whether it is on paper (design.md rules 9 and 10)."""

    kind: Literal["TaskUnknown"] = "TaskUnknown"
    message: str
    pages_done: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskWithdrawn(TaskReport):
    """This attempt never will be on paper: a tombstone stands in the agent's journal."""

    kind: Literal["TaskWithdrawn"] = "TaskWithdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTooLate(TaskReport):
    """A withdrawal came after the point of no return; the attempt's own end follows or has been told."""

    kind: Literal["TaskTooLate"] = "TaskTooLate"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskExpired(TaskReport):
    """The order's `expires` (`stale` false) or `valid_until` (`stale` true) was over before the attempt was begun."""

    kind: Literal["TaskExpired"] = "TaskExpired"
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicesReported(Message, subject="report.{region}.device.{tenant}.{agent}"):
    """All devices that an agent has now, each whole; a device that is not named is gone."""

    kind: Literal["DevicesReported"] = "DevicesReported"
    region: str
    tenant: str
    agent: str
    devices: tuple[Device, ...]
    at: int = 0


ConvertReport = DocumentConverted | DocumentRejected
AgentReport = (
    TaskTaken
    | TaskPrinting
    | TaskSent
    | TaskStopped
    | TaskPrinted
    | TaskFailed
    | TaskUnknown
    | TaskWithdrawn
    | TaskTooLate
    | TaskExpired
)
TaskReports = Annotated[ConvertReport | AgentReport, Field(discriminator="kind")]
Report = Annotated[ConvertReport | AgentReport | DevicesReported, Field(discriminator="kind")]
