"""Whose turn it is: of each flow in its order, of all flows alike, and never before what was sent earlier to the same."""

import asyncio

import pytest

from libs.runtime import backlog
from libs.runtime.backlog import Backlog
from libs.runtime.reader import Incoming


def message(sequence: int, flows: str, size: int = 1000) -> Incoming:
    """One of these flows, which are letters."""
    return Incoming(sequence, flows, b"x" * size, {}, sequence * 10)


def waiting(*messages: Incoming) -> Backlog:
    made = Backlog(lambda each: set(each.subject))
    made.add(messages)
    return made


async def one(queue: Backlog) -> str:
    """The subjects and sequences of the next portion, which is applied."""
    portion = await queue.next()
    queue.done(portion)
    return " ".join(f"{each.subject}{each.sequence}" for each in portion)


async def test_who_comes_later_with_little_waits_for_one_portion_of_a_flood(monkeypatch):
    monkeypatch.setattr(backlog, "SHARED", 2000)
    queue = waiting(*(message(number, "f") for number in range(1, 101)))
    assert await one(queue) == "f1 f2"
    queue.add([message(101, "a"), message(102, "b"), message(103, "a")])
    assert [await one(queue) for _ in range(3)] == ["f3 a101", "b102 f4", "a103 f5"]
    assert await one(queue) == "f6 f7"


async def test_what_shares_a_flow_keeps_its_order_whoever_is_between():
    messages = [message(1, "a", 9000), message(2, "ab", 10), message(3, "b", 10), message(4, "c", 10), message(5, "bc", 10)]
    queue = waiting(*messages)
    order = (await one(queue)).split()
    for flow in "abc":
        mine = [each for each in order if flow in each]
        assert mine == sorted(mine, key=lambda each: each[-1]), flow
    assert order[0] == "c4", "it waits for nobody"


async def test_the_place_reached_is_before_the_first_that_is_not_applied():
    queue = waiting(message(3, "a", 5000), message(4, "b", 10), message(6, "c", 20))
    first, second, third = (message(4, "b", 10), message(6, "c", 20), message(3, "a", 5000))
    assert queue.reach([first]) is None
    queue.done([first])
    assert queue.reach([second]) is None
    queue.done([second])
    reached = queue.reach([third])
    assert reached is not None
    assert (reached.sequence, reached.at) == (6, 60)
    queue.done([third])
    await asyncio.wait_for(queue.drained(), 10)


async def test_what_comes_again_is_there_once_until_all_is_applied():
    queue = waiting(message(1, "a"), message(2, "b"))
    queue.add([message(1, "a"), message(2, "b"), message(3, "c")])
    assert await one(queue) == "a1 b2 c3"
    await queue.drained()
    queue.add([message(1, "a")])
    assert await one(queue) == "a1", "another stream counts anew"


async def test_one_flow_alone_is_applied_in_large_portions(monkeypatch):
    monkeypatch.setattr(backlog, "TOGETHER", 0.0)
    monkeypatch.setattr(backlog, "ALONE", 50_000)
    queue = waiting(*(message(number, "f") for number in range(1, 101)))
    assert len((await one(queue)).split()) == 50


async def test_no_more_is_read_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(backlog, "MOST_BYTES", 2500)
    queue = waiting(message(1, "a"), message(2, "a"), message(3, "a"))
    waits = asyncio.create_task(queue.room())
    await asyncio.sleep(0)
    assert not waits.done()
    queue.done(await queue.next())
    await asyncio.wait_for(waits, 10)


@pytest.mark.parametrize("wait", ["next", "drained", "room"])
async def test_nobody_waits_for_what_is_closed(wait, monkeypatch):
    monkeypatch.setattr(backlog, "MOST", 0)
    queue = waiting(*([] if wait == "next" else [message(1, "a")]))
    waits = asyncio.create_task(getattr(queue, wait)())
    await asyncio.sleep(0)
    assert not waits.done()
    queue.close()
    await asyncio.wait_for(waits, 10)
    assert await queue.next() == []


async def test_of_a_subject_that_has_nothing_here_all_is_applied_once_the_stream_was_read_so_far():
    queue = waiting(message(1, "f"), message(2, "a", 10))
    assert not queue.clear_of("a", 2)
    assert queue.clear_of("b", 2)
    assert not queue.clear_of("b", 3), "it may be the next that comes"
    assert await one(queue) == "a2 f1"
    assert queue.clear_of("a", 2)
