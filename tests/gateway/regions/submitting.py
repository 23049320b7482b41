"""Submissions for another region, as doors hand them over."""

from libs.contracts.documents import Document, Format, Inline
from libs.contracts.intake import SubmitTasks
from libs.contracts.tasks import PrinterRef, TaskRequest
from libs.runtime.bus import outgoing

FAR = "us"


def submission(*tasks: str):
    """The ids of these tasks, and the message with all of them."""
    printer = PrinterRef("AGENT001", "p", "Office", 0)
    made = tuple(TaskRequest(id=task, name=task, printer=printer, document=Document(Format.TEXT, Inline(b"x"))) for task in tasks)
    message = SubmitTasks(
        region=FAR, tenant="main", sn="AGENT001", submission=tasks[0], source="webprinter", from_os="linux", tasks=made
    )
    return tasks, outgoing(message)
