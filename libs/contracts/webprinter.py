"""Tasks and events in Webprinter's own words: what lists, callbacks and channels of pages show alike (webprinter.md 1.5, 1.6)."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from libs.contracts.events import EndTask, NewTask, UpdateTaskStatus
from libs.contracts.tasks import TaskView

#: `taskType` of a print task, the only type that there is.
PRINT_TASK = 0
#: The event of the bus -> its name in the protocol.
EVENT_NAMES = {"NewTask": "NewTaskEvent", "UpdateTaskStatus": "UpdateTaskStatusEvent", "EndTask": "EndTaskEvent"}


def task_row(view: TaskView, zone: tzinfo) -> dict[str, Any]:
    """The row of a task in the key order of the protocol; `createTime` is its day (yyyy-MM-dd) in `zone`."""
    return {
        "taskId": view.id,
        "taskType": PRINT_TASK,
        "taskName": view.name,
        "status": str(view.status),
        "deviceName": view.device,
        "deviceType": str(view.device_type),
        "deviceAlias": "",
        "fromOsName": view.from_os,
        "from": view.source,
        "createTime": datetime.fromtimestamp(view.created_at / 1000, UTC).astimezone(zone).date().isoformat(),
    }


def extended_row(view: TaskView, zone: tzinfo) -> dict[str, Any]:
    """The row of a task and everything else that may be told of it; times are ms since 1970, null: none (webprinter.md 1.7, 2)."""
    return {
        **task_row(view, zone),
        "taskStatus": str(view.status),
        "createTimestamp": view.created_at,
        "endTimestamp": view.ended_at,
        "message": view.message,
        "stage": str(view.stage),
        "state": str(view.state),
        "reason": view.reason,
        "pages": view.pages,
        "pagesDone": view.pages_done,
        "attempt": view.attempt,
        "controlSn": view.agent,
        "priority": view.priority,
        "startAt": view.start_at or None,
        "expiresAt": view.expires_at or None,
        "retryOf": view.retry_of,
        "canceling": view.canceling,
    }


def event_body(event: NewTask | UpdateTaskStatus | EndTask, sn: str, ips: Sequence[str], zone: tzinfo) -> dict[str, Any]:
    """An event in the key order of the protocol; `ips` are the IPv4 addresses of the client `sn` that it is told to."""
    body: dict[str, Any] = {"ips": list(ips), "sn": sn, "name": EVENT_NAMES[event.kind], "task": task_row(event.task, zone)}
    if isinstance(event, UpdateTaskStatus):
        body |= {"oldStatus": str(event.old_status), "newStatus": str(event.new_status)}
    return body
