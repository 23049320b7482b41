"""The one document of a job as Graph shows it (graph-print.md 1.6, 2.10)."""

from typing import Any

from libs.contracts.ids import guid
from libs.contracts.jobs import JobView
from services.gateway.graph.words.moments import instant


def document_id(task: str, leg: int) -> str:
    """The document of a leg of a task."""
    return guid("document", task, str(leg))


def document_entity(job: JobView) -> dict[str, Any]:
    """A printDocument; before its payload has come it is empty, and has its id all the same."""
    document = job.document
    return {
        "id": document_id(job.task, job.leg),
        "displayName": document.name,
        "contentType": document.media_type or None,
        "size": document.size,
        "uploadedDateTime": instant(document.uploaded_at),
        "downloadedDateTime": instant(document.downloaded_at),
    }
