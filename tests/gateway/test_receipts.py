"""What the bus said it has is asked about until it is a task; what it lost is named, published again, and then adds up."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from libs.contracts.ledger import Confirmed, ConfirmTasks
from libs.runtime.bus import Outgoing, Unanswered
from libs.runtime.ending import end
from services.gateway import receipts
from services.gateway.receipts import Receipts
from tests.waiting import until


class Bus:
    """A spooler that has `tasks`, behind a bus that stores what is published again."""

    def __init__(self):
        self.tasks = set()
        self.asked = []
        self.stored = []
        self.away = False

    async def ask(self, query, *, timeout):  # noqa: ASYNC109 - as the bus has it
        assert isinstance(query, ConfirmTasks)
        self.asked.append(query.tasks)
        if self.away:
            raise Unanswered("nobody is there")
        return Confirmed(missing=tuple(task for task in query.tasks if task not in self.tasks))

    async def publish_raw(self, out, *, stream):
        self.stored.append(out)
        self.tasks |= set(out.data.decode().split())


def message(*tasks: str) -> tuple[tuple[str, ...], Outgoing]:
    return tasks, Outgoing("intake.local.main.AGENT001", " ".join(tasks).encode(), tasks[0])


@asynccontextmanager
async def asking(bus):
    registry = CollectorRegistry()
    made = Receipts(bus, "local", registry)
    made.sample = registry.get_sample_value
    task = asyncio.create_task(made.confirm())
    try:
        yield made
    finally:
        await end(task)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(receipts, "PERIOD", 0.01)


async def test_what_is_saved_is_asked_about_once_and_forgotten():
    bus = Bus()
    bus.tasks = {"a", "b", "c"}
    async with asking(bus) as kept:
        kept.keep(*message("a", "b"))
        kept.keep(*message("c"))
        await until(lambda: kept.sample("gateway_receipts_waiting") == 0)
        assert sorted(task for asked in bus.asked for task in asked) == ["a", "b", "c"]
        assert (kept.missing, bus.stored, kept.sample("gateway_receipts_lost_total")) == ([], [], 0)


async def test_what_the_bus_lost_is_named_and_published_again_under_another_id_until_it_is_saved():
    bus = Bus()
    bus.tasks = {"a"}
    async with asking(bus) as kept:
        kept.keep(*message("a", "lost"))
        kept.keep(*message("a"))
        await until(lambda: bus.stored)
        assert [(out.message_id, out.data) for out in bus.stored] == [("a:again:1", b"a lost")]
        await until(lambda: not kept.missing)
        await until(lambda: kept.sample("gateway_receipts_waiting") == 0)
        assert kept.sample("gateway_receipts_lost_total") == 1
        assert kept.sample("gateway_receipts_republished_total") == 1


async def test_nothing_is_forgotten_while_nobody_answers():
    bus = Bus()
    bus.away, bus.tasks = True, {"a"}
    async with asking(bus) as kept:
        kept.keep(*message("a"))
        await until(lambda: len(bus.asked) > 2)
        assert kept.sample("gateway_receipts_waiting") == 1
        bus.away = False
        await until(lambda: kept.sample("gateway_receipts_waiting") == 0)


async def test_what_stays_lost_is_published_five_times_and_listed_from_then_on():
    bus = Bus()
    bus.publish_raw = lambda out, *, stream: _swallow(bus, out)
    async with asking(bus) as kept:
        kept.keep(*message("a"))
        await until(lambda: kept.sample("gateway_receipts_waiting") == 0)
        assert [out.message_id for out in bus.stored] == [f"a:again:{number}" for number in range(1, 6)]
        assert kept.missing == ["a"]
        assert kept.sample("gateway_receipts_missing") == 1


async def _swallow(bus, out):
    bus.stored.append(out)


async def test_for_want_of_room_the_oldest_can_only_be_listed_and_then_not_even_that(monkeypatch):
    monkeypatch.setattr(receipts, "KEPT_BYTES", 8)
    monkeypatch.setattr(receipts, "KEPT_TASKS", 3)
    bus = Bus()
    bus.away = True
    async with asking(bus) as kept:
        for number in range(4):
            kept.keep(*message(f"task{number}"))
        assert kept.sample("gateway_receipts_waiting") == 3
        assert kept.sample("gateway_receipts_forgotten_total") == 1
        bus.away = False
        await until(lambda: len(bus.stored) == 1)
        await until(lambda: kept.sample("gateway_receipts_waiting") == 0)
        assert bus.stored[0].data == b"task3", "of the others there was no room for the message"
        assert kept.missing == ["task1", "task2"]
