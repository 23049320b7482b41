"""The pool, with engines of paper."""

import asyncio

import pytest

from services.converter.domain import Rejected
from services.converter.pool import EngineDied, EngineLate, NoEngine, OutOfMemory, Pool, twice
from tests.waiting import Leap, turns, until


class Engine:
    """An engine that keeps a record of itself."""

    made: list["Engine"]
    pid = 0

    def __init__(self) -> None:
        self.alive, self.started, self.closed = False, False, False
        Engine.made.append(self)

    async def start(self) -> None:
        await asyncio.sleep(0)
        self.alive = self.started = True

    async def close(self) -> None:
        self.alive, self.closed = False, True


@pytest.fixture
def make_pool():
    Engine.made = []

    def make(**given):
        return Pool("paper", Engine, **({"limit": 2, "spare": 0, "recycle": 100, "idle": 100.0, "patience": 100.0} | given))

    return make


async def test_nothing_starts_before_the_first_document_and_one_engine_serves_many(make_pool):
    pool = make_pool()
    assert Engine.made == []
    for _ in range(5):
        async with pool.borrow():
            pass
    assert len(Engine.made) == 1
    await pool.close()
    assert Engine.made[0].closed


async def test_documents_that_take_long_make_room_for_others(make_pool, monkeypatch):
    slowed = []
    monkeypatch.setattr("services.converter.watchdog.give_way", lambda _, others_first: slowed.append(others_first))
    pool, clock = make_pool(limit=1, patience=100.0), Leap()
    over = asyncio.Event()

    async def slow():
        async with pool.borrow():
            await over.wait()

    slow_ones = [asyncio.create_task(slow())]
    await until(lambda: pool.busy == 1)
    await clock.ahead(101)
    assert slowed == [True], "the first is made to give way"
    async with asyncio.timeout(5), pool.borrow() as engine:
        assert engine is not Engine.made[0]
    slow_ones += [asyncio.create_task(slow()) for _ in range(3)]
    for busy in (2, 3):
        await until(lambda busy=busy: pool.busy == busy)
        await clock.ahead(101)
    assert slowed == [True, True], "only one more than the limit step aside"
    assert pool.busy == 3
    over.set()
    await asyncio.gather(*slow_ones)
    await until(lambda: Engine.made[0].closed, what="one that cannot be made quick again is not used again")
    await pool.close()


async def test_a_document_does_not_wait_for_an_engine_to_start_where_another_is_free(make_pool, monkeypatch):
    """The first starts at once, all others take ages."""
    start = Engine.start

    async def slow_start(self):
        await (start(self) if self is Engine.made[0] else asyncio.Event().wait())

    monkeypatch.setattr(Engine, "start", slow_start)
    pool = make_pool(limit=2)
    async with asyncio.timeout(5):
        async with pool.borrow() as first:
            waiting = asyncio.create_task(pool.borrow().__aenter__())
            await until(lambda: len(Engine.made) == 2, what="an engine is started for the second")
        assert await waiting is first
    for task in pool._tasks:
        task.cancel()


async def test_while_a_document_seems_to_take_long_another_engine_is_made_ready(make_pool):
    pool, clock = make_pool(limit=1, patience=100.0), Leap()
    async with pool.borrow():
        assert len(Engine.made) == 1
        await clock.ahead(26)
        assert [engine.started for engine in Engine.made] == [True, True], "before anybody needs it"
    await pool.close()


async def test_engines_whose_documents_may_end_them_are_replaced_before_they_are_missed(make_pool):
    pool = make_pool(limit=2, patience=0.02)
    async with pool.borrow() as first, pool.borrow() as second:
        await until(lambda: [engine.started for engine in Engine.made] == [True] * 4, what="two more engines are ready")
        first.alive = second.alive = False
    async with pool.borrow() as third, pool.borrow() as fourth:
        assert {id(third), id(fourth)} == {id(engine) for engine in Engine.made[2:4]}
    await pool.close()


async def test_where_none_starts_everybody_who_waits_hears_it(make_pool, monkeypatch):
    async def refuse(self):
        await asyncio.sleep(0)
        raise EngineDied

    monkeypatch.setattr(Engine, "start", refuse)
    pool = make_pool(limit=3)

    async def work():
        async with pool.borrow():
            pass

    async with asyncio.timeout(5):
        ends = await asyncio.gather(*(work() for _ in range(6)), return_exceptions=True)
    assert [type(end) for end in ends] == [NoEngine] * 6
    await pool.close()


@pytest.mark.parametrize("first", ["slow one", "waiting one"])
async def test_where_one_waits_room_is_made_sooner(make_pool, monkeypatch, first):
    slowed = []
    monkeypatch.setattr("services.converter.watchdog.give_way", lambda _, others_first: slowed.append(others_first))
    pool, clock = make_pool(limit=1, patience=100.0, courtesy=10.0), Leap()
    async with pool.borrow():
        if first == "slow one":
            await clock.ahead(11)
            assert slowed == [], "nobody waits"
        waiting = asyncio.create_task(pool.borrow().__aenter__())
        if first == "waiting one":
            await turns()
            assert not waiting.done()
            await clock.ahead(11)
        await asyncio.wait_for(waiting, 5)
        assert slowed == [True]
    await pool.close()


async def test_one_that_found_no_room_steps_aside_when_there_is_some(make_pool):
    pool, clock = make_pool(limit=1, patience=100.0), Leap()
    ends = [asyncio.Event() for _ in range(3)]

    async def work(end=None):
        async with pool.borrow():
            if end:
                await end.wait()

    slow_ones = [asyncio.create_task(work(end)) for end in ends]
    for busy in (1, 2, 3):
        await until(lambda busy=busy: pool.busy == busy)
        await clock.ahead(101)
    quick = asyncio.create_task(work())
    await turns()
    assert not quick.done(), "two are aside, and the third one found no room there"
    ends[0].set()
    await asyncio.wait_for(quick, 5)
    assert [each.done() for each in slow_ones] == [True, False, False]
    for end in ends:
        end.set()
    await asyncio.gather(*slow_ones)
    await pool.close()


async def test_no_more_engines_work_than_the_limit(make_pool):
    pool = make_pool(limit=2)
    working = most = 0

    async def work():
        nonlocal working, most
        async with pool.borrow():
            working += 1
            most = max(most, working)
            await turns()
            working -= 1

    await asyncio.gather(*(work() for _ in range(10)))
    assert most == 2
    assert len(Engine.made) == 2
    await pool.close()


async def test_a_spare_stands_ready_when_one_dies(make_pool):
    pool = make_pool(limit=1, spare=1)
    async with pool.borrow() as first:
        await until(lambda: len(Engine.made) == 2 and Engine.made[1].started)
        first.alive = False
    async with pool.borrow() as second:
        assert second is Engine.made[1]
    await until(lambda: first.closed)
    await pool.close()


async def test_one_engine_is_proof_enough_and_the_first_document_brings_the_spare_one(make_pool):
    pool = make_pool(limit=2, spare=1)
    await asyncio.gather(*(pool.ready() for _ in range(3)))
    assert len(Engine.made) == 1
    async with pool.borrow() as engine:
        assert engine is Engine.made[0]
        await until(lambda: len(Engine.made) == 2 and Engine.made[1].started)
    await pool.close()
    assert all(engine.closed for engine in Engine.made)


async def test_who_waits_for_an_engine_that_is_proven_meets_what_keeps_it_from_starting(make_pool, monkeypatch):
    going = asyncio.Event()

    async def fail(_self):
        await going.wait()
        raise EngineDied

    monkeypatch.setattr(Engine, "start", fail)
    pool = make_pool(limit=1)
    proof = asyncio.create_task(pool.ready())
    await asyncio.sleep(0)

    async def work():
        async with pool.borrow():
            pass

    document = asyncio.create_task(work())
    await asyncio.sleep(0)
    going.set()
    for task in (proof, document):
        with pytest.raises(NoEngine):
            await asyncio.wait_for(task, 5)
    await pool.close()


async def test_a_worn_engine_is_replaced(make_pool):
    pool = make_pool(recycle=2)
    for _ in range(4):
        async with pool.borrow():
            pass
    assert len(Engine.made) == 2
    await pool.close()
    assert all(engine.closed for engine in Engine.made)


async def test_idle_engines_are_stopped_and_start_again(make_pool):
    pool = make_pool(idle=0.05)
    async with pool.borrow():
        pass
    await until(lambda: Engine.made[0].closed)
    await until(lambda: pool._sleeper is None, what="nobody looks at engines that are not there")
    async with pool.borrow() as engine:
        assert engine is Engine.made[1]
    await until(lambda: Engine.made[1].closed)
    await pool.close()


async def test_an_engine_that_does_not_start_is_not_the_documents_fault(make_pool, monkeypatch):
    async def fail(_self):
        raise EngineDied

    monkeypatch.setattr(Engine, "start", fail)
    pool = make_pool()
    with pytest.raises(NoEngine):
        async with pool.borrow():
            pass
    await pool.close()
    with pytest.raises(NoEngine):
        await pool.ready()


@pytest.mark.parametrize(
    ("ends", "reason"),
    [
        ([EngineDied, EngineDied], "crashed on this one, twice"),
        ([EngineLate], "too long"),
        ([EngineDied, EngineLate], "too long"),
        ([EngineDied, OutOfMemory], "too much memory"),
        ([OutOfMemory, OutOfMemory], "too much memory"),
    ],
)
async def test_a_document_that_kills_engines_ends_with_its_reason(ends, reason):
    left = iter(ends)

    async def work():
        raise next(left)

    with pytest.raises(Rejected, match=reason):
        await twice(work)
    assert list(left) == []


async def test_one_accident_is_forgiven():
    left = iter([EngineDied, None])

    async def work():
        if end := next(left):
            raise end
        return "done"

    assert await twice(work) == "done"
