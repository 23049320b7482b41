"""That an order was taken is told with what follows from it, or after a moment, and what follows takes its place."""

from libs.contracts.message import encode
from libs.contracts.reports import TaskExpired, TaskPrinted, TaskPrinting, TaskTaken
from services.agent.journal import Row
from services.agent.reports import HELD, Reports


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def row(number: int, kind, task: str, attempt: int = 1) -> Row:
    report = kind(region="local", tenant="main", agent="agentAAA", task=task, attempt=attempt)
    return Row(number, report.subject, encode(report), "")


def numbers(found) -> list[int]:
    return [each.row for each in found.now]


def test_an_order_that_was_taken_is_told_after_a_moment():
    clock = Clock()
    reports = Reports(clock)
    rows = [row(1, TaskTaken, "a"), row(2, TaskTaken, "b")]
    first = reports.sort(rows, all_of_them=True)
    assert (first.now, first.needless) == ([], [])
    assert abs(first.wait - HELD) < 0.001
    clock.now += HELD
    later = reports.sort([*rows, row(3, TaskTaken, "c")], all_of_them=True)
    assert numbers(later) == [1, 2]
    assert abs(later.wait - HELD) < 0.001


def test_what_follows_from_it_takes_its_place():
    found = Reports(Clock()).sort(
        [
            row(1, TaskTaken, "a"),
            row(2, TaskTaken, "b"),
            row(3, TaskPrinting, "b"),
            row(4, TaskPrinted, "a"),
            row(5, TaskTaken, "c"),
        ],
        all_of_them=True,
    )
    assert numbers(found) == [3, 4]
    assert sorted(found.needless) == [1, 2]
    assert found.wait is not None


def test_it_is_told_before_what_does_not_say_it_and_for_its_own_attempt():
    found = Reports(Clock()).sort([row(1, TaskTaken, "a"), row(2, TaskExpired, "a")], all_of_them=True)
    assert numbers(found) == [1, 2]
    found = Reports(Clock()).sort([row(1, TaskPrinted, "a"), row(2, TaskTaken, "a", 2)], all_of_them=True)
    assert (numbers(found), found.needless) == ([1], [])


def test_nothing_is_held_while_there_is_more_than_can_be_told_at_once():
    found = Reports(Clock()).sort([row(1, TaskTaken, "a"), row(2, TaskTaken, "b")], all_of_them=False)
    assert numbers(found) == [1, 2]
    assert found.wait is None


def test_nothing_to_tell_waits_for_nothing():
    found = Reports(Clock()).sort([], all_of_them=True)
    assert (found.now, found.needless, found.wait) == ([], [], None)
