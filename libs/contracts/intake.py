"""What a door hands over: tasks to print, durable before the door answers."""

from dataclasses import dataclass
from typing import Literal

from libs.contracts.message import Message
from libs.contracts.tasks import TaskRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitTasks(Message, subject="intake.{region}.{tenant}.{sn}", message_id="{submission}"):
    """One to many tasks of one client. `submission` is the first task's id; `source` names the door (webprinter.md 1.5)."""

    kind: Literal["SubmitTasks"] = "SubmitTasks"
    region: str
    tenant: str
    sn: str
    submission: str
    source: str
    from_os: str
    tasks: tuple[TaskRequest, ...]


Intake = SubmitTasks


def intake_of(region: str, tenant: str, sn: str) -> str:
    """The subject of everything that one client hands over to a region."""
    return f"intake.{region}.{tenant}.{sn}"


def all_intake(region: str) -> str:
    """The subjects of everything that is handed over to a region."""
    return f"intake.{region}.>"
