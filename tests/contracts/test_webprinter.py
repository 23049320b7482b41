"""The row of a task, key by key as the protocol's capture shows it."""

from zoneinfo import ZoneInfo

import pytest

from libs.contracts.devices import DeviceType
from libs.contracts.states import Stage, State, Status
from libs.contracts.tasks import TaskView
from libs.contracts.webprinter import task_row

EVENING = 1_647_993_600_000  # 2022-03-23T00:00:00Z


def view(created_at=EVENING):
    return TaskView(
        id="jueKiUEE-79h86ap05on4",
        name="Task001",
        tenant="main",
        sn="jueKiUEE",
        version=7,
        stage=Stage.COMPLETED,
        state=State.COMPLETED,
        reason="job-completed-successfully",
        status=Status.FINISHED,
        message="",
        device="Microsoft XPS Document Writer",
        device_type=DeviceType.PRINTER,
        agent="jueKiUEE",
        source="CLIENT_OPENAPI",
        from_os="windows",
        created_at=created_at,
    )


def test_a_row_is_the_capture_of_the_protocol_in_its_key_order():
    assert list(task_row(view(), ZoneInfo("Asia/Shanghai")).items()) == [
        ("taskId", "jueKiUEE-79h86ap05on4"),
        ("taskType", 0),
        ("taskName", "Task001"),
        ("status", "FINISHED"),
        ("deviceName", "Microsoft XPS Document Writer"),
        ("deviceType", "printer"),
        ("deviceAlias", ""),
        ("fromOsName", "windows"),
        ("from", "CLIENT_OPENAPI"),
        ("createTime", "2022-03-23"),
    ]


@pytest.mark.parametrize(
    ("zone", "day"), [("Asia/Shanghai", "2022-03-23"), ("America/New_York", "2022-03-22"), ("UTC", "2022-03-23")]
)
def test_the_day_is_the_day_of_the_given_time_zone(zone, day):
    assert task_row(view(), ZoneInfo(zone))["createTime"] == day


def test_a_task_made_before_midnight_in_london_is_of_the_next_day_in_shanghai():
    assert task_row(view(EVENING - 3_600_000), ZoneInfo("Asia/Shanghai"))["createTime"] == "2022-03-23"
    assert task_row(view(EVENING - 3_600_000), ZoneInfo("UTC"))["createTime"] == "2022-03-22"
