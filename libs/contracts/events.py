"""Facts for outsiders, the public face of the bus: the three task events of the Webprinter protocol, and device changes."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from libs.contracts.devices import Device
from libs.contracts.hooks import HookView
from libs.contracts.message import Message
from libs.contracts.states import Status
from libs.contracts.tasks import TaskView


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask(Message, subject="task.new.{region}.{task.tenant}.{task.sn}.{task.id}", message_id="{task.id}:{task.version}:new"):
    """A task was accepted."""

    kind: Literal["NewTask"] = "NewTask"
    region: str
    task: TaskView
    at: int
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTaskStatus(
    Message,
    subject="task.status.{region}.{task.tenant}.{task.sn}.{task.id}",
    message_id="{task.id}:{task.version}:status",
):
    """A task's Webprinter status changed; consecutive events of a task join: new is the next one's old."""

    kind: Literal["UpdateTaskStatus"] = "UpdateTaskStatus"
    region: str
    task: TaskView
    old_status: Status
    new_status: Status
    at: int
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTask(Message, subject="task.end.{region}.{task.tenant}.{task.sn}.{task.id}", message_id="{task.id}:{task.version}:end"):
    """A task is over, told exactly once."""

    kind: Literal["EndTask"] = "EndTask"
    region: str
    task: TaskView
    at: int
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChanged(
    Message,
    subject="device.{region}.{tenant}.{agent}.{device.id}.{what}",
    message_id="{agent}:{device.id}:{revision}:{what}",
):
    """A device appeared, changed its state or its capabilities, or went away."""

    kind: Literal["DeviceChanged"] = "DeviceChanged"
    region: str
    tenant: str
    agent: str
    device: Device
    what: Literal["added", "state", "capabilities", "removed"]
    revision: int
    at: int


#: `TaskHooked.occasion`: the hook begins; and once more, its time is over soon.
BEGUN = "hooked"
REMINDER = "reminder"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHooked(
    Message,
    subject="partner.hooked.{region}.{task.tenant}.{task.agent}.{task.printer}.{task.id}",
    message_id="{hook.id}:{occasion}",
):
    """A hook began to work on a task: Graph's JobStarted. `occasion` is `BEGUN` or `REMINDER`."""

    kind: Literal["TaskHooked"] = "TaskHooked"
    region: str
    task: TaskView
    hook: HookView
    at: int
    traceparent: str = ""
    occasion: str = BEGUN


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFetchable(
    Message,
    subject="partner.fetchable.{region}.{task.tenant}.{task.agent}.{task.printer}.{task.id}",
    message_id="{task.id}:{task.leg}:fetchable",
):
    """A task became ready for its printer without a change of its status.

    Where the status changes as well, the first event that has `fetchable_at` says it.
    """

    kind: Literal["TaskFetchable"] = "TaskFetchable"
    region: str
    task: TaskView
    at: int
    traceparent: str = ""


TaskEvent = Annotated[NewTask | UpdateTaskStatus | EndTask, Field(discriminator="kind")]

#: All of the stream TASKS: what everybody may hear, and what only partner applications are told.
AnyTaskEvent = Annotated[NewTask | UpdateTaskStatus | EndTask | TaskHooked | TaskFetchable, Field(discriminator="kind")]

_WORD = re.compile(r"[^\s.*>]+")


def task_subjects(region: str, tenant: str, sn: str, task: str = ">", kind: Literal["new", "status", "end", "*"] = "*") -> str:
    """The subjects of the events of one client, or of one task of it.

    Raises `ValueError` for a word that would lead into another's subjects.
    """
    if not all(_WORD.fullmatch(word) for word in (tenant, sn, *(() if task == ">" else (task,)))):
        raise ValueError("tenant, serial number and task must be one word each")
    return f"task.{kind}.{region}.{tenant}.{sn}.{task}"
