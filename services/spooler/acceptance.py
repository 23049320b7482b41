"""A task as it begins, made of what a door handed over."""

from dataclasses import replace

from libs.contracts.intake import SubmitTasks
from libs.contracts.jobs import CreateJob
from libs.contracts.states import Stage
from libs.contracts.tasks import TaskRequest
from services.spooler.desk import Desk
from services.spooler.sentences import told
from services.spooler.task import Task

#: How long a task waits for its document and its start, in ms (graph-print.md 7.2).
START_LIMIT = 86_400_000


def new_task(desk: Desk, asked: SubmitTasks | CreateJob, request: TaskRequest, place: tuple[int, int]) -> Task:
    """A task to print at once, within what every database takes; `place` is its (INTAKE sequence, index)."""
    printer, user = request.printer, request.user
    unknown, served = desk.printers.policies(printer.agent, printer.id)
    since = max(request.created_at, request.start_at if served else 0)  # nobody fetches it before its time
    return Task(
        id=request.id,
        tenant=asked.tenant,
        sn=asked.sn,
        source=asked.source,
        from_os=asked.from_os,
        name=told(request.name, 1000),
        seq=place[0],
        idx=place[1],
        agent=printer.agent,
        printer=printer.id,
        device=told(printer.name, 1000),
        shard=printer.shard,
        priority=request.priority,
        created_at=request.created_at,
        expires_at=desk.expiry(since, request.expires_at, hold=request.hold, served=served),
        traceparent=request.traceparent,
        start_at=request.start_at,
        hold=request.hold,
        retry_of=told(request.retry_of, 64),
        lined=not (request.hold or request.start_at or served),
        unknown=unknown,
        served=served,
        user_id=told(user.id, 64) if user else "",
        user_name=told(user.name.lower(), 320) if user else "",
    )


def awaiting_task(desk: Desk, created: CreateJob, request: TaskRequest, now: int) -> Task:
    """A task that waits for its document, and is told to nobody; `now` in ms since 1970."""
    made = new_task(desk, created, request, (0, -1))
    expires_at = now + START_LIMIT
    return replace(made, stage=Stage.AWAITING_DATA, expires_at=expires_at, due_at=expires_at, lined=False)
