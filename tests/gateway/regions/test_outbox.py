"""What another region does not take is kept for it, in order, until its spooler has it all."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry

from libs.contracts.intake import SubmitTasks
from libs.contracts.ledger import Confirmed
from libs.contracts.message import decode
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Away, NotStored, Unanswered
from libs.runtime.ending import end
from libs.runtime.reader import Incoming
from services.gateway.receipts import Receipts
from services.gateway.regions import outbox as module
from services.gateway.regions.outbox import Outbox
from tests.gateway.regions.submitting import FAR, submission
from tests.waiting import until


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(module, "LOOK", 0.01)


class Bus:
    """The bus of this region with the outbox, and the other region behind it: `tasks` are those that its spooler has."""

    def __init__(self):
        self.js = self.client = self
        self.reconnected = asyncio.Event()
        self.refusal = None
        self.down = False
        self.tasks = set()
        self.direct = []
        self.tries = 0
        self.kept = []
        self.asked = []
        self.hearers = []
        self.looks = 0
        self._last = 0

    async def publish_batch(self, stream, batch, *, patience=15.0):
        if stream == INTAKE:
            assert patience == 0, "nobody waits for a region"
            self.tries += 1
            if self.refusal:
                raise self.refusal
            self.direct += [out.message_id for out in batch]
            return
        assert stream == f"OUT_{FAR}"
        for out in batch:
            self._last += 1
            self.kept.append(Incoming(self._last, out.subject, out.data, {"Nats-Msg-Id": out.message_id}, 0))
            for hear in self.hearers:
                await hear(None)

    async def ask(self, query, *, timeout):  # noqa: ASYNC109 - as the bus has it
        assert query.kept, "the spooler must not call them lost"
        self.asked.append(query.tasks)
        if self.refusal:
            raise Unanswered("nobody is there")
        return Confirmed(missing=tuple(task for task in query.tasks if task not in self.tasks))

    async def stream_info(self, _name):
        self.looks += 1
        return SimpleNamespace(state=SimpleNamespace(messages=len(self.kept)))

    async def purge_stream(self, _name, *, seq):
        self.kept = [each for each in self.kept if each.sequence >= seq]

    async def after(self, sequence, subject, limit, *, most):
        assert subject == f"out.{FAR}.>"
        return [each for each in self.kept if each.sequence > sequence][:limit]

    async def subscribe(self, _subject, cb):
        self.hearers.append(cb)
        return self

    async def unsubscribe(self):
        self.hearers.clear()

    def in_outbox(self):
        return [task.id for each in self.kept for task in decode(SubmitTasks, each.data).tasks]


def made_on(bus):
    receipts = Receipts(bus, FAR, CollectorRegistry())
    outbox = Outbox(bus, FAR, receipts)
    outbox._kept = bus
    outbox.receipts = receipts
    return outbox


@asynccontextmanager
async def following(bus):
    outbox = made_on(bus)
    task = asyncio.create_task(outbox.follow())
    await until(lambda: outbox._puts and not outbox.used)
    try:
        yield outbox
    finally:
        await end(task)


async def test_what_the_region_takes_goes_there_and_has_its_receipt():
    bus = Bus()
    async with following(bus) as outbox:
        await outbox.hand([submission("a"), submission("b", "c")])
        assert bus.direct == ["a", "b"]
        assert not bus.kept
        assert outbox.receipts._tasks == 3


async def test_what_it_does_not_take_is_kept_under_the_same_id_and_all_that_follows_goes_behind_it():
    bus = Bus()
    async with following(bus) as outbox:
        bus.refusal = Unanswered("no")
        await outbox.hand([submission("a")])
        assert [(each.subject, each.headers["Nats-Msg-Id"]) for each in bus.kept] == [(f"out.{FAR}.main.AGENT001", "a")]
        bus.refusal = None  # back, and what waits is not there yet
        await outbox.hand([submission("b")])
        assert (bus.direct, bus.in_outbox(), bus.tries) == ([], ["a", "b"], 1)
        await until(lambda: outbox.waiting == 2)
        bus.tasks = {"a"}
        await until(lambda: bus.in_outbox() == ["b"])
        await outbox.hand([submission("c")])
        assert bus.direct == [], "b waits still"
        bus.tasks = {"a", "b", "c"}
        await until(lambda: not outbox.used)
        assert (bus.kept, outbox.waiting) == ([], 0)
        await outbox.hand([submission("d")])
        assert bus.direct == ["d"]


async def test_the_last_one_alone_says_nothing_about_those_before_it():
    """It may have been stored the direct way, unseen, in the moment in which the line broke."""
    bus = Bus()
    async with following(bus) as outbox:
        bus.refusal = Unanswered("no")
        await outbox.hand([submission("first")])
        await outbox.hand([submission("seen")])
        bus.refusal, bus.tasks = None, {"seen"}
        await until(lambda: len(bus.asked) > 3)
        assert bus.in_outbox() == ["first", "seen"]
        bus.tasks = {"first", "seen"}
        await until(lambda: not outbox.used)


async def test_a_message_is_had_only_with_all_its_tasks():
    bus = Bus()
    async with following(bus) as outbox:
        bus.refusal = Unanswered("no")
        await outbox.hand([submission("a"), submission("b", "c")])
        bus.refusal, bus.tasks = None, {"a", "b"}
        await until(lambda: bus.in_outbox() == ["b", "c"])


async def test_many_are_asked_for_in_few_questions_of_a_bounded_size(monkeypatch):
    monkeypatch.setattr(module, "ASKED", 100)
    bus = Bus()
    async with following(bus) as outbox:
        bus.refusal = Unanswered("no")
        names = [f"t{number}" for number in range(500)]
        await outbox.hand([submission(name) for name in names])
        bus.asked.clear()
        bus.refusal, bus.tasks = None, set(names)
        await until(lambda: not outbox.used)
        assert max(map(len, bus.asked)) == 100
        assert len(bus.asked) < 15


async def test_a_region_that_is_known_to_be_away_is_not_tried():
    bus = Bus()
    async with following(bus) as outbox:
        bus.down = True
        await outbox.hand([submission("a")])
        await until(lambda: outbox.waiting == 1)
        assert (bus.tries, bus.asked, bus.in_outbox()) == (0, [], ["a"])


async def test_what_another_gateway_puts_there_is_heard():
    bus = Bus()
    async with following(bus) as outbox, following(bus) as other:
        bus.refusal = Unanswered("no")
        await outbox.hand([submission("a")])
        bus.refusal = None
        assert other.used
        await other.hand([submission("b")])
        assert (bus.direct, bus.in_outbox()) == ([], ["a", "b"])


async def test_what_was_left_is_found_out_at_the_start_and_after_a_cut():
    bus = Bus()
    bus.refusal = Unanswered("no")
    await made_on(bus).hand([submission("left")])  # by a gateway that was killed
    bus.refusal = None
    outbox = made_on(bus)
    task = asyncio.create_task(outbox.follow())
    await until(lambda: outbox.used and bus.asked)
    bus.tasks = {"left", "unheard"}
    await until(lambda: not outbox.used)
    bus.hearers.clear()  # our own line is down
    bus.refusal = Unanswered("no")
    await made_on(bus).hand([submission("unheard")])
    assert not outbox.used
    bus.refusal, before = None, bus.reconnected
    bus.reconnected = asyncio.Event()
    before.set()
    await until(lambda: len(bus.asked) and not bus.kept)
    await end(task)


async def test_what_comes_while_it_is_found_empty_is_not_forgotten():
    bus = Bus()
    outbox = made_on(bus)
    bus.refusal = Unanswered("no")
    asking = bus.stream_info

    async def slow(name):
        found = await asking(name)
        await outbox.hand([submission("just now")])
        return found

    bus.stream_info = slow
    outbox._note()
    assert await outbox._settle(), "it was empty"
    assert outbox.used, "and is not any more"


async def test_a_region_that_refuses_is_not_one_that_is_away():
    bus = Bus()
    async with following(bus) as outbox:
        bus.refusal = NotStored("full", 10077)
        with pytest.raises(NotStored):
            await outbox.hand([submission("a")])
        assert not bus.kept
        bus.refusal = Away("our own line")
        await outbox.hand([submission("b")])
        assert bus.in_outbox() == ["b"]
