"""printJob: one leg of a task (graph-print.md 2.7, 3.5; design.md rule 12)."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from libs.contracts.ids import guid, job_id
from libs.contracts.jobs import JobRef, JobView
from services.gateway.graph.call import Call
from services.gateway.graph.entities.documents import document_entity
from services.gateway.graph.entities.task import job_url, task_entities
from services.gateway.graph.odata.query import Query
from services.gateway.graph.words.configuration import configuration_of
from services.gateway.graph.words.moments import instant
from services.gateway.graph.words.states import status_of


def job_entity(job: JobView, base: str, *, beta: bool = False) -> dict[str, Any]:
    """A job without what may be expanded. Its name and when it ended are told in v1.0, too, where only beta has them."""
    return {
        "id": job_id(job.task, job.leg),
        "createdDateTime": instant(job.created_at),
        "createdBy": _created_by(job),
        "displayName": job.name or job.document.name or None,
        "configuration": configuration_of(job),
        "isFetchable": bool(job.fetchable_at),
        "acknowledgedDateTime": instant(job.acknowledged_at),
        "completedDateTime": instant(job.ended_at),
        "errorCode": None,
        "redirectedFrom": _url(base, job.redirected_from),
        "redirectedTo": _url(base, job.redirected_to),
        "status": status_of(job, beta=beta),
    }


async def expanded(call: Call, jobs: Sequence[JobView], query: Query) -> list[dict[str, Any]]:
    """Jobs with their documents and tasks where `query` expands them; the tasks must have been asked for."""
    told = [job_entity(job, call.base, beta=call.beta) for job in jobs]
    options = {name.lower(): each for name, each in query.expand.items()}
    if "documents" in options:
        for job, entity in zip(jobs, told, strict=True):
            entity["documents"] = [document_entity(job, beta=call.beta)]
    if "tasks" in options:
        hooks = [hook for job in jobs for hook in job.hooks]
        tasks = iter(await task_entities(call, hooks, options["tasks"]))
        for job, entity in zip(jobs, told, strict=True):
            entity["tasks"] = list(islice(tasks, len(job.hooks)))
    return told


def wants_tasks(query: Query) -> bool:
    """Whether the hooks of jobs are needed."""
    return query.expands("tasks")


def etag_of(job: JobView) -> str:
    """It changes whenever anything of the task does."""
    return f'W/"{job.version}.{job.leg}"'


def _created_by(job: JobView) -> dict[str, Any]:
    """The user, or the client that submitted the task through another door."""
    if job.user is None:
        who = {"id": guid("client", job.sn), "displayName": job.client or job.sn}
        return {**who, "ipAddress": None, "userPrincipalName": None}
    return {
        "id": job.user.id,
        "displayName": job.user.display or job.user.name or None,
        "ipAddress": job.user.address or None,
        "userPrincipalName": job.user.name or None,
    }


def _url(base: str, ref: JobRef | None) -> str | None:
    return job_url(base, ref.agent, ref.printer, ref.task, ref.leg) if ref else None
