"""Who is there: told when it changes, and only then."""

import asyncio

from libs.contracts.agents import Heartbeat
from services.registry.presence import Presence
from tests.waiting import Leap, turns, until


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def beat(agent="A", **more):
    return Heartbeat(region="local", tenant="main", agent=agent, journal="j", **more)


def presence():
    clock = Clock()
    return Presence(6.0, clock), clock


def test_an_agent_comes_once_however_often_it_is_heard():
    seen, clock = presence()
    assert not seen.online("A")
    seen.hear(beat())
    assert seen.changes() == [("A", True)]
    clock.now += 5
    seen.hear(beat())
    assert seen.changes() == []
    assert seen.online("A")


def test_silence_makes_offline_after_the_timeout():
    seen, clock = presence()
    seen.hear(beat())
    seen.changes()
    clock.now += 5.9
    assert seen.online("A")
    assert seen.changes() == []
    clock.now += 0.2
    assert not seen.online("A")
    assert seen.changes() == [("A", False)]
    assert seen.changes() == []
    assert seen.count() == 0


def test_a_goodbye_makes_offline_at_once():
    seen, _ = presence()
    seen.hear(beat())
    seen.hear(beat("B"))
    seen.changes()
    seen.hear(beat(leaving=True))
    assert not seen.online("A")
    assert seen.changes() == [("A", False)]
    seen.hear(beat(leaving=True))
    assert seen.changes() == []


def test_each_time_that_one_leaves_is_counted_once():
    seen, clock = presence()
    for _ in range(2):
        seen.hear(beat())
        seen.hear(beat(leaving=True))
        seen.hear(beat(leaving=True))
    seen.hear(beat())
    clock.now += 7
    seen.changes()
    seen.changes()
    assert seen.left == 3


def test_coming_and_going_between_two_looks_ends_in_what_is():
    seen, _ = presence()
    seen.hear(beat())
    seen.hear(beat(leaving=True))
    assert seen.changes() == [("A", False)]
    seen.hear(beat())
    assert seen.changes() == [("A", True)]


def test_what_the_directory_said_is_believed_for_one_timeout():
    seen, clock = presence()
    seen.restore(["A", "B"])
    assert seen.online("A")
    assert seen.changes() == []
    clock.now += 3
    seen.hear(beat("B"))
    clock.now += 4
    assert seen.changes() == [("A", False)]


def test_what_could_not_be_told_is_told_again():
    seen, _ = presence()
    seen.hear(beat())
    assert seen.changes() == [("A", True)]
    seen.again(["A"])
    assert seen.changes() == [("A", True)]


async def test_nobody_looks_before_somebody_may_be_silent_and_then_at_once():
    seen, clock = presence()
    later = Leap()
    waiting = asyncio.create_task(seen.stirred())
    await later.ahead(60)
    assert not waiting.done()
    seen.restore(["A"])
    await until(waiting.done)
    assert seen.changes() == []
    waiting = asyncio.create_task(seen.stirred())
    await turns()
    clock.now += 6
    await later.ahead(5.8)
    assert not waiting.done()
    await later.ahead(0.3)
    await until(waiting.done)
    assert seen.changes() == [("A", False)]
    seen.again(["A"])  # it could not be told, and nobody else is there to be waited for
    await asyncio.wait_for(seen.stirred(), 20)
    assert seen.changes() == [("A", False)]
