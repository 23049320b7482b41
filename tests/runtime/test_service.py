"""A service at work: loops that come again, a stop in order and in time, readiness in sentences."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from libs.runtime import service as service_module
from libs.runtime.service import Service
from libs.runtime.traces import Tracing
from tests.waiting import Leap, turns, until


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """The same pauses, a hundred times shorter."""
    monkeypatch.setattr(service_module, "_BACKOFF", (0.002, 0.005, 0.01, 0.02, 0.05))


def make(grace: float = 1.0) -> Service:
    return Service("test", Tracing("test"), grace)


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_loop_that_fails_runs_again_and_is_told(capsys):
    service = make()
    runs = []

    async def body() -> None:
        runs.append(1)
        if len(runs) < 4:
            raise RuntimeError("broken")
        await forever()

    with capture_logs() as logs:
        service.loop("work", body)
        await until(lambda: len(runs) == 4)
        await service.stop()
    assert [entry["loop"] for entry in logs if entry["event"] == "loop failed"] == ["work"] * 3


async def test_a_service_with_a_failing_loop_says_which_and_why(monkeypatch):
    monkeypatch.setattr(service_module, "_BACKOFF", (60.0,))
    service = make()

    async def body() -> None:
        raise OSError("no disk")

    service.loop("work", body)
    await until(lambda: service._faults)
    assert await service.problems() == {"work": "work failed: OSError"}
    await asyncio.wait_for(service.stop(), 20)


async def test_a_loop_whose_library_was_canceled_runs_again():
    service = make()
    runs = []

    async def body() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise asyncio.CancelledError
        await forever()

    service.loop("work", body)
    await until(lambda: len(runs) == 2)
    await service.stop()


async def test_pauses_grow_and_begin_small_again_after_a_minute_of_work(monkeypatch):
    pauses, clock = [], [0.0]
    service = make()
    monkeypatch.setattr(service_module.time, "monotonic", lambda: clock[0])

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(service, "_pause", pause)

    async def body() -> None:
        if len(pauses) == 7:
            return
        if len(pauses) == 6:
            clock[0] += 61
        raise RuntimeError

    await service._supervise("work", body)
    assert pauses == [0.002, 0.005, 0.01, 0.02, 0.05, 0.05, 0.002]


async def test_a_loop_that_returns_is_done():
    service = make()
    runs = []

    async def body() -> None:
        runs.append(1)

    service.loop("once", body)
    await until(lambda: runs and service._loops[0].done())
    assert await service.problems() == {}
    await service.stop()
    assert runs == [1]


async def test_parts_stop_in_the_reverse_order_of_their_start():
    order = []

    @asynccontextmanager
    async def part(name: str):
        order.append(f"+{name}")
        yield name
        order.append(f"-{name}")

    async def note() -> None:
        order.append("called")

    service = make()
    assert await service.enter(part("database")) == "database"
    service.on_stop(note)
    await service.enter(part("bus"))
    await service.stop()
    assert order == ["+database", "+bus", "-bus", "called", "-database"]


async def test_a_loop_with_a_stop_finishes_what_it_does():
    service = make()
    asked, finished = asyncio.Event(), []

    async def body() -> None:
        await asked.wait()
        finished.append("the batch")

    service.loop("reader", body, asked.set)
    await asyncio.sleep(0)
    await service.stop()
    assert finished == ["the batch"]


async def test_a_part_that_cannot_be_closed_does_not_keep_the_others_open():
    service = make()
    closed = []

    async def close() -> None:
        closed.append(1)

    async def fail() -> None:
        raise OSError("it is gone already")

    service.on_stop(close)
    service.on_stop(fail)
    with pytest.raises(OSError, match="gone already"):
        await service.stop()
    assert closed == [1]


async def test_loops_that_do_not_end_share_one_grace(monkeypatch):
    clock = Leap()
    monkeypatch.setattr(service_module, "time", SimpleNamespace(monotonic=asyncio.get_running_loop().time))
    service = make(grace=100.0)
    for name in "abc":
        service.loop(name, forever, lambda: None)
    await turns()
    stopping = asyncio.create_task(service.stop())
    await turns()
    await clock.ahead(90)
    assert not any(task.done() for task in service._loops), "they have the time to finish"
    await clock.ahead(11)
    await until(stopping.done, what="all are at their end, with nothing left of the grace for the others")
    assert all(task.done() for task in service._loops)


async def test_readiness_is_what_each_part_says_of_itself():
    service = make()
    state = {"bus": "there is no connection"}

    async def bus() -> str:
        return state["bus"]

    async def broken() -> str:
        raise RuntimeError("the disk is full")

    service.check("bus", bus)
    assert await service.problems() == {"bus": "there is no connection"}
    state["bus"] = ""
    assert await service.problems() == {}
    service.check("disk", broken)
    assert await service.problems() == {"disk": "the disk is full"}
    await service.stop()
    assert (await service.problems())["service"] == "it is stopping"


async def test_a_check_may_come_while_others_are_asked():
    service = make()

    async def slow() -> str:
        service.check("later", slow)
        await asyncio.sleep(0)
        return "not yet"

    service.check("first", slow)
    assert await service.problems() == {"first": "not yet"}
