"""A task as outsiders see it, and the events that tell them of its changes."""

from dataclasses import replace

from libs.contracts import canary
from libs.contracts.devices import DeviceType
from libs.contracts.events import EndTask, NewTask, TaskFetchable, UpdateTaskStatus
from libs.contracts.states import IPP, STATUS, TERMINAL, Status
from libs.contracts.tasks import TaskView
from services.spooler.sentences import sentence
from services.spooler.task import Task

Told = NewTask | UpdateTaskStatus | EndTask | TaskFetchable


def status_of(task: Task) -> Status | None:
    """Its Webprinter status; None: nobody hears of it, as of one that tests the way.

    Statuses do not go back, also when partners work on it after its release.
    """
    if not task.started or task.sn == canary.SN:
        return None
    status = STATUS[task.stage]
    return Status.QUEUED if status is Status.SUBMITTED and task.told == Status.QUEUED else status


def view(task: Task, *, paused: bool = False) -> TaskView:
    """What may be told of a task. `paused`: its printer's line is."""
    return TaskView(
        id=task.id,
        name=task.name,
        tenant=task.tenant,
        sn=task.sn,
        version=task.version,
        stage=task.stage,
        state=IPP[task.stage][0],
        reason=task.reason or IPP[task.stage][1].value,
        status=status_of(task) or Status.SUBMITTED,
        message=sentence(task, paused=paused),
        device=task.device,
        device_type=DeviceType.PRINTER,
        agent=task.agent,
        source=task.source,
        from_os=task.from_os,
        created_at=task.created_at,
        ended_at=task.ended_at or None,
        pages=task.pages,
        pages_done=task.pages_done,
        attempt=task.attempt,
        canceling=task.canceling,
        priority=task.priority,
        start_at=task.start_at,
        expires_at=task.expires_at,
        retry_of=task.retry_of,
        printer=task.printer,
        leg=task.leg,
        fetchable_at=task.fetchable_at,
    )


def events(task: Task, region: str, now: int, *, paused: bool = False, fetchable: bool = False) -> list[Told]:
    """What has to be told since `task.told`: the chain of statuses stays contiguous, the end is told once.

    `fetchable`: it has become so just now, which is told where nothing else tells it.
    """
    status = status_of(task)
    if status is None or (task.told == status and not fetchable):
        return []
    shown = view(task, paused=paused)
    if task.told == status:
        return [TaskFetchable(region=region, task=shown, at=now, traceparent=task.traceparent)]
    told: list[Told] = []
    if not task.told:
        told.append(NewTask(region=region, task=_as_new(shown), at=now, traceparent=task.traceparent))
    old = Status(task.told or Status.SUBMITTED)
    if old is not status:
        update = UpdateTaskStatus(
            region=region, task=shown, old_status=old, new_status=status, at=now, traceparent=task.traceparent
        )
        told.append(update)
    if task.stage in TERMINAL:
        told.append(EndTask(region=region, task=shown, at=now, traceparent=task.traceparent))
    return told


def _as_new(shown: TaskView) -> TaskView:
    """The first event tells the first status, whatever has happened within the same transaction."""
    return replace(shown, status=Status.SUBMITTED, ended_at=None, fetchable_at=0)
