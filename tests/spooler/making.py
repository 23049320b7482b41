"""Tasks, reports and requests as the spooler's tests need them."""

from dataclasses import replace
from typing import Any

from libs.contracts.documents import Document, Format, Inline, Printable
from libs.contracts.intake import SubmitTasks
from libs.contracts.reports import DocumentConverted
from libs.contracts.states import Stage
from libs.contracts.tasks import PrinterRef, TaskRequest
from libs.contracts.tickets import Ticket
from services.spooler.task import Step, Task

AGENT = "AGENT001"
PRINTER = "printer00001"
PLACE = {"region": "local", "tenant": "main", "agent": AGENT}


def task(**changes: Any) -> Task:
    """A task that was accepted just now."""
    made = Task(
        id="AGENT001-000000000001", tenant="main", sn=AGENT, source="CLIENT_OPENAPI", from_os="linux", name="one", seq=1, idx=0,
        agent=AGENT, printer=PRINTER, device="Paper", shard=0, priority=50, created_at=1_000, expires_at=0, traceparent="",
    )  # fmt: skip
    return replace(made, **changes)


def at_agent(stage: Stage, **changes: Any) -> Task:
    """A task whose first print order is open."""
    return task(**{"stage": stage, "step": Step.PRINT, "attempt": 1, "lined": False, "taken": True, "told": "QUEUED", **changes})


def report(kind: Any, **fields: Any) -> Any:
    """A report of the first attempt."""
    return kind(**{**PLACE, "task": "AGENT001-000000000001", "attempt": 1, **fields})


def request(number: int, **changes: Any) -> TaskRequest:
    """A request to print a line of text."""
    made = TaskRequest(
        id=f"AGENT001-{number:012d}",
        name=f"task {number}",
        printer=PrinterRef(agent=AGENT, id=PRINTER, name="Paper"),
        document=Document(format=Format.TEXT, content=Inline(b"hello")),
        created_at=1_000 + number,
    )
    return replace(made, **changes)


def submission(*requests: TaskRequest, sn: str = AGENT) -> SubmitTasks:
    """What a door hands over."""
    return SubmitTasks(
        region="local", tenant="main", sn=sn, submission=requests[0].id, source="CLIENT_OPENAPI", from_os="linux", tasks=requests
    )


def converted(task_id: str, attempt: int = 1, pages: int = 1) -> DocumentConverted:
    """A conversion that is done."""
    return DocumentConverted(
        region="local", task=task_id, attempt=attempt, document=Printable(content=Inline(b"%PDF"), pages=pages), ticket=Ticket()
    )
