"""The one document of a job as Graph shows it (graph-print.md 1.6, 2.10)."""

from typing import Any

from libs.contracts.ids import guid
from libs.contracts.jobs import JobView
from services.gateway.graph.words.configuration import configuration_of
from services.gateway.graph.words.moments import instant
from services.gateway.graph.words.older import document_configuration


def document_id(task: str, leg: int) -> str:
    """The document of a leg of a task."""
    return guid("document", task, str(leg))


def document_entity(job: JobView, *, beta: bool = False) -> dict[str, Any]:
    """A printDocument; before its payload has come it is empty, and has its id all the same.

    A printer that printed it has downloaded it, at the latest when it took the job (3.2).
    """
    document = job.document
    old = {"configuration": document_configuration(configuration_of(job))} if beta else {}
    return {
        "id": document_id(job.task, job.leg),
        "displayName": document.name,
        "contentType": document.media_type or None,
        "size": document.size,
        "uploadedDateTime": instant(document.uploaded_at),
        "downloadedDateTime": instant(document.downloaded_at or job.acknowledged_at),
        **old,
    }
