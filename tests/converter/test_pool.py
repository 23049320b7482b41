"""The pool, with engines of paper."""

import asyncio

import pytest

from services.converter.domain import Rejected
from services.converter.pool import EngineDied, EngineLate, NoEngine, OutOfMemory, Pool, twice
from tests.waiting import until


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
    pool = make_pool(limit=1, patience=0.02)
    over = asyncio.Event()

    async def slow():
        async with pool.borrow():
            await over.wait()

    first = asyncio.create_task(slow())
    await until(lambda: slowed == [True], what="the first is made to give way")
    async with asyncio.timeout(5), pool.borrow() as engine:
        assert engine is not Engine.made[0]
    second = asyncio.create_task(slow())
    await asyncio.sleep(0.1)
    assert slowed == [True], "only as many as the limit step aside"
    waiting = asyncio.create_task(slow())
    await asyncio.sleep(0.05)
    assert len(Engine.made) == 2
    over.set()
    await asyncio.gather(first, second, waiting)
    assert Engine.made[0].closed, "one that cannot be made quick again is not used again"
    await pool.close()


@pytest.mark.parametrize("first", ["slow one", "waiting one"])
async def test_where_one_waits_room_is_made_sooner(make_pool, monkeypatch, first):
    slowed = []
    monkeypatch.setattr("services.converter.watchdog.give_way", lambda _, others_first: slowed.append(others_first))
    pool = make_pool(limit=1, patience=100.0, courtesy=0.05)
    async with asyncio.timeout(5), pool.borrow():
        if first == "slow one":
            await asyncio.sleep(0.1)
            assert slowed == [], "nobody waits"
        async with pool.borrow():
            assert slowed == [True]
    await pool.close()


async def test_one_that_found_no_room_steps_aside_when_there_is_some(make_pool):
    pool = make_pool(limit=1, patience=0.02)
    ends = [asyncio.Event(), asyncio.Event()]

    async def slow(end):
        async with pool.borrow():
            await end.wait()

    slow_ones = [asyncio.create_task(slow(end)) for end in ends]
    await until(lambda: len(Engine.made) == 2, what="both work, one of them aside")
    third = asyncio.create_task(slow(ends[0]))
    await asyncio.sleep(0.1)
    assert not third.done()
    ends[0].set()
    async with asyncio.timeout(5):
        await third
    ends[1].set()
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
            await asyncio.sleep(0.01)
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
    async with pool.borrow() as engine:
        assert engine is Engine.made[1]
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
