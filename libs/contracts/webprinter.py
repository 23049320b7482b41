"""A task in Webprinter's own words: the one row that both `listTasks` and the callback events show (webprinter.md 1.5)."""

from datetime import UTC, datetime, tzinfo
from typing import Any

from libs.contracts.tasks import TaskView

#: `taskType` of a print task, the only type that there is.
PRINT_TASK = 0


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
