"""Orders read many at a time: the short ones go together, all others and all that came before go alone, each is settled once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from libs.contracts.documents import Format, Inline, Stored
from libs.contracts.message import encode
from libs.contracts.orders import ConvertDocument
from libs.contracts.streams import CONVERT, consumers
from libs.runtime.bus import Bus, Outgoing, outgoing
from libs.runtime.pull import Puller
from services.converter import batches
from services.converter.batches import TOGETHER, Batches
from tests.bus import running_bus
from tests.converter import samples
from tests.waiting import until

(SPEC,) = (spec for spec in consumers("local") if spec.durable == "converter_text")


class Handlers:
    """Converts nothing, and remembers what it was asked for. `failing`: how often a batch fails first."""

    def __init__(self, failing: int = 0) -> None:
        self.together: list[list[str]] = []
        self.alone: list[str] = []
        self.doubtful: set[str] = set()
        self.slow = asyncio.Event()
        self.slow.set()
        self._failing = failing

    async def on_short_orders(self, orders: list[ConvertDocument]) -> list[ConvertDocument]:
        self.together.append([order.task for order in orders])
        await self.slow.wait()
        if self._failing:
            self._failing -= 1
            raise RuntimeError("the store is away")
        return [order for order in orders if order.task in self.doubtful]

    async def on_order(self, order: ConvertDocument) -> None:
        self.alone.append(order.task)

    @property
    def in_batches(self) -> list[str]:
        return [task for tasks in self.together for task in tasks]


@asynccontextmanager
async def reading(bus: Bus, handlers: Handlers, readers: int = 1) -> AsyncIterator[Batches]:
    read = Batches(bus, SPEC, handlers, readers=readers, alone=2, patience=0.2, together=TOGETHER)
    running = asyncio.create_task(read.run())
    try:
        yield read
    finally:
        handlers.slow.set()
        read.stop()
        await asyncio.wait_for(running, 10)


@pytest.fixture
async def rig(tmp_path):
    async with running_bus(tmp_path) as running:
        yield running


@pytest.fixture
async def bus(rig) -> Bus:
    return await rig.connect("converter")


@pytest.fixture
async def spooler(rig) -> Bus:
    return await rig.connect("spooler")


def order(number: int, **given: object) -> ConvertDocument:
    made = samples.order(Format.TEXT)
    return replace(made, task=f"t{number:02}", document=replace(made.document, content=Inline(b"words")), **given)


async def left(bus: Bus) -> int:
    info = await bus.js.consumer_info(CONVERT, SPEC.durable)
    return int(info.num_ack_pending or 0) + int(info.num_pending or 0)


async def settled(bus: Bus) -> None:
    async def none() -> bool:
        return await left(bus) == 0

    await until(none, what="every order is settled")


async def test_short_orders_go_together_and_others_alone(bus, spooler):
    lying = replace(order(0), document=replace(order(0).document, content=Stored("a/b/c", 1, "0" * 64)))
    orders = [order(number) for number in range(30)] + [replace(lying, task="t30")]
    await spooler.publish_batch(CONVERT, [outgoing(each) for each in orders])
    handlers = Handlers()
    handlers.doubtful = {"t07"}
    async with reading(bus, handlers):
        await settled(bus)
        await until(lambda: len(handlers.alone) == 2, what="both went alone")
    assert handlers.in_batches == [f"t{number:02}" for number in range(30)]
    assert len(handlers.together) < 10
    assert sorted(handlers.alone) == ["t07", "t30"]


async def test_what_came_before_goes_alone(bus, spooler):
    await spooler.publish_batch(CONVERT, [outgoing(order(number)) for number in range(3)])
    dying = Puller(bus, SPEC.stream, SPEC.durable)
    await dying.open()
    for message in await dying.fetch(2, 5.0):
        await message.nak()
    await dying.close()
    handlers = Handlers()
    async with reading(bus, handlers):
        await settled(bus)
    assert (handlers.together, sorted(handlers.alone)) == ([["t02"]], ["t00", "t01"])


async def test_a_batch_that_fails_as_a_whole_comes_again_one_by_one(bus, spooler, monkeypatch):
    monkeypatch.setattr(batches, "BACKOFF", (0.1,))
    await spooler.publish_batch(CONVERT, [outgoing(order(number)) for number in range(3)])
    handlers = Handlers(failing=3)
    async with reading(bus, handlers):
        await settled(bus)
    assert sorted(handlers.alone) == ["t00", "t01", "t02"]


async def test_of_what_is_slow_progress_is_told(bus, spooler, monkeypatch):
    monkeypatch.setattr(batches, "CONVERT_LEASE", 0.3)
    handlers = Handlers()
    handlers.slow.clear()
    await spooler.publish_batch(CONVERT, [outgoing(order(number)) for number in range(3)])
    async with reading(bus, handlers):
        await until(lambda: handlers.together, what="it is at work")
        sent = bus.client.stats["out_msgs"]
        await until(lambda: bus.client.stats["out_msgs"] >= sent + 9, what="progress was told of each, three times")
        handlers.slow.set()
        await settled(bus)
    assert sorted([*handlers.in_batches, *handlers.alone]) == ["t00", "t01", "t02"]


async def test_an_order_that_cannot_be_read_hurts_no_other(bus, spooler):
    lie = Outgoing("order.convert.local.text", encode(order(1, region="elsewhere")), "lie")
    broken = Outgoing("order.convert.local.text", b"{}", "broken")
    await spooler.publish_batch(CONVERT, [lie, broken, outgoing(order(2))])
    handlers = Handlers()
    async with reading(bus, handlers):
        await until(lambda: handlers.together == [["t02"]], what="the good one is converted")

        async def one() -> bool:
            return await left(bus) == 1

        await until(one, what="the lie is terminated, the broken one waits for a newer converter")


async def test_what_is_at_work_is_finished_at_the_end_and_nothing_more_is_taken(bus, spooler):
    handlers = Handlers()
    handlers.slow.clear()
    await spooler.publish_batch(CONVERT, [outgoing(order(number)) for number in range(3)])
    async with reading(bus, handlers) as read:
        await until(lambda: handlers.together, what="it is at work")
        taken = len(handlers.in_batches)
        read.stop()
        await spooler.publish_batch(CONVERT, [outgoing(order(number)) for number in range(3, 6)])
    assert len(handlers.in_batches) == taken

    async def others() -> bool:
        return await left(bus) == 6 - taken

    await until(others, what="what was taken is acknowledged")


async def test_the_slow_orders_of_one_tenant_do_not_hold_up_others_behind_them(bus, spooler):
    stored = replace(order(0).document, content=Stored("a/b/c", 1, "0" * 64))
    bad = [replace(order(number), tenant="bad", document=stored) for number in range(30)]
    good = replace(order(30), tenant="good", document=stored)
    await spooler.publish_batch(CONVERT, [outgoing(each) for each in (*bad, good)])
    handlers, over = Handlers(), asyncio.Event()
    remember = handlers.on_order

    async def on_order(each: ConvertDocument) -> None:
        await remember(each)
        if each.tenant == "bad":
            await over.wait()

    handlers.on_order = on_order
    async with reading(bus, handlers):
        await until(lambda: "t30" in handlers.alone, what="the good one has its turn")
        assert len(handlers.alone) < 6, "not all of the others were begun"
        over.set()
        await settled(bus)
    assert sorted(handlers.alone) == [f"t{number:02}" for number in range(31)]
