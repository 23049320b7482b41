"""What the spooler counts of what becomes of tasks: when printers begin, how tasks end, and nothing of what only tests the way."""

import time

import pytest
from prometheus_client import CollectorRegistry

from libs.contracts import canary
from libs.contracts.states import Stage
from services.spooler.meters import Meters
from services.spooler.task import altered
from tests.spooler.making import at_agent


@pytest.fixture
def counted():
    metrics = CollectorRegistry()
    meters = Meters(metrics)

    def walk(task, *stages, **more):
        """A task goes through these stages, each in a transaction of its own."""
        for stage in stages:
            ended = {"ended_at": 1, **more} if stage in (Stage.COMPLETED, Stage.ABORTED, Stage.CANCELED) else {}
            moved = altered(task, stage=stage, **ended)
            meters.moved([moved], {task.id: task})
            task = moved

    def told(name, **labels):
        return metrics.get_sample_value(name, labels)

    return walk, told


def ready(**changes):
    """Accepted a minute ago, ready for its printer for two seconds."""
    now = int(time.time() * 1000)
    return at_agent(Stage.FETCHABLE, created_at=now - 60_000, fetchable_at=now - 2_000, **changes)


@pytest.mark.parametrize(
    "stages",
    [
        (Stage.OUTGOING, Stage.PRINTING, Stage.COMPLETED),
        (Stage.COMPLETED,),
        (Stage.STOPPED, Stage.OUTGOING, Stage.STOPPED, Stage.OUTGOING, Stage.PRINTING, Stage.COMPLETED),
    ],
)
def test_the_first_byte_is_counted_once_whatever_the_printer_does_afterwards(counted, stages):
    walk, told = counted
    walk(ready(), *stages)
    assert told("spooler_first_byte_seconds_count", since="accepted") == 1
    assert told("spooler_first_byte_seconds_count", since="ready") == 1
    assert 60 <= told("spooler_first_byte_seconds_sum", since="accepted") < 70
    assert 2 <= told("spooler_first_byte_seconds_sum", since="ready") < 12


def test_what_a_printer_never_had_has_no_first_byte(counted):
    walk, told = counted
    walk(ready(), Stage.STOPPED, Stage.ABORTED)
    assert told("spooler_first_byte_seconds_count", since="accepted") == 0


def test_a_task_with_a_time_of_its_own_is_not_late_for_having_waited_for_it(counted):
    walk, told = counted
    walk(ready(start_at=int(time.time() * 1000) - 1_000), Stage.OUTGOING)
    assert 1 <= told("spooler_first_byte_seconds_sum", since="accepted") < 11


def test_what_expired_and_what_wanted_other_paper_is_told_by_its_name(counted):
    walk, told = counted
    for stage, reason in ((Stage.CANCELED, "expired"), (Stage.ABORTED, "media-mismatch"), (Stage.ABORTED, "a-driver's-word")):
        walk(ready(), stage, reason=reason)
    assert told("spooler_tasks_ended_total", stage="canceled", reason="expired") == 1
    assert told("spooler_tasks_ended_total", stage="aborted", reason="media-mismatch") == 1
    assert told("spooler_tasks_ended_total", stage="aborted", reason="other") == 1


def test_how_long_a_task_was_in_a_stage_is_counted_when_it_leaves_it(counted):
    walk, told = counted
    now = int(time.time() * 1000)
    task = ready(stage_at=now - 7_000)
    walk(task, Stage.FETCHABLE)
    assert told("spooler_stage_seconds_count", stage="fetchable") == 0, "it is still there"
    walk(task, Stage.STOPPED)
    assert told("spooler_stage_seconds_count", stage="fetchable") == 1
    assert 7 <= told("spooler_stage_seconds_sum", stage="fetchable") < 17
    walk(ready(), Stage.ABORTED)
    assert 67 <= told("spooler_stage_seconds_sum", stage="fetchable") < 87, "nobody wrote it down: since it was accepted"


def test_what_only_tests_the_way_is_not_counted(counted):
    walk, told = counted
    walk(ready(sn=canary.SN, pages=1), Stage.COMPLETED)
    assert told("spooler_pages_printed_total") == 0
    assert told("spooler_first_byte_seconds_count", since="ready") == 0
    assert told("spooler_tasks_ended_total", stage="completed", reason="job-completed-successfully") is None
