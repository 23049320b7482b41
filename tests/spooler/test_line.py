"""A printer's line: order, room, and the conversion that holds it."""

from libs.contracts.states import Stage
from services.spooler.line import Heads, pick
from tests.spooler.making import task


def ready(name: str):
    return task(id=name, stage=Stage.FETCHABLE)


def converting(name: str):
    return task(id=name, stage=Stage.TRANSFORMING)


def picked(line, now, heads, room=10):
    return [each.id for each in pick(line, room=room, heads=heads, now=now, head_wait=60)]


def test_the_front_of_the_line_is_sent_up_to_the_room_there_is():
    assert picked([ready("a"), ready("b"), ready("c")], 0, Heads(), room=2) == ["a", "b"]


def test_a_conversion_at_the_head_holds_the_line_for_its_time_and_is_then_stepped_over():
    heads = Heads()
    line = [converting("a"), ready("b")]
    assert picked(line, 0, heads) == []
    assert heads.overdue(59, 60) == []
    assert picked(line, 59, heads) == []
    assert heads.overdue(60, 60) == [line[0].printer]
    assert picked(line, 60, heads) == ["b"]
    assert picked(line, 61, heads) == ["b"]


def test_each_slow_conversion_has_its_own_time():
    heads = Heads()
    line = [converting("a"), converting("b"), ready("c")]
    assert picked(line, 0, heads) == []
    assert picked(line, 60, heads) == []
    assert picked(line, 119, heads) == []
    assert picked(line, 120, heads) == ["c"]


def test_a_line_of_which_enough_is_sent_is_held_by_nobody():
    heads = Heads()
    assert picked([converting("a"), ready("b"), ready("c")], 0, heads) == []
    assert picked([ready("a"), ready("b"), ready("c")], 10, heads, room=2) == ["a", "b"]
    assert heads.overdue(1000, 60) == []
    assert picked([converting("a"), ready("c")], 1000, heads) == [], "converted once more, it has all its time again"


def test_a_conversion_behind_the_room_holds_nobody():
    heads = Heads()
    assert picked([ready("a"), converting("b")], 0, heads, room=1) == ["a"]
    assert heads.overdue(1000, 60) == []
