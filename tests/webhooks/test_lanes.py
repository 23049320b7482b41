"""Lanes and the record of answers while the database or a claim fails them."""

import asyncio
import time
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from libs.runtime.database import database
from libs.runtime.traces import Tracing
from services.webhooks.app import MIGRATIONS
from services.webhooks.claims import Claims
from services.webhooks.dialects import Place, webprinter
from services.webhooks.domain import Endpoint, State, deliveries
from services.webhooks.endpoints import Endpoints
from services.webhooks.history import History, Wanted
from services.webhooks.lane import Manner, Work
from services.webhooks.lanes import Lanes
from services.webhooks.ordered import UNWRITTEN, OrderedLane
from services.webhooks.receiver import Receiver, trusted
from services.webhooks.recorder import Recorder
from services.webhooks.store import Store
from services.webhooks.tables import endpoint as table
from services.webhooks.verdict import Schedule
from tests.waiting import until
from tests.webhooks.events import SN, life, news
from tests.webhooks.receivers import never, receiver

PLACE = Place(("10.0.0.1",), ZoneInfo("Asia/Shanghai"))


class Failing(Store):
    """A store whose writing down fails as long as `broken`, and how often it did."""

    broken = False
    failed = 0

    async def record(self, outcomes, holder):
        if self.broken:
            self.failed += 1
            raise ConnectionError
        await super().record(outcomes, holder)


class Part:
    """Lanes with all they need, as `app.py` wires them."""

    def __init__(self, opened, holder):
        self.store, self.claims = Failing(opened), Claims(opened, holder)
        self.history = History(opened)
        self.recorder = Recorder(self.store, holder, CollectorRegistry())
        manner = Manner(webprinter, Schedule((0.1, 0.1)), Tracing("webhooks"))
        context = trusted()
        self.lanes = Lanes(
            self.claims,
            lambda endpoint: OrderedLane(endpoint, Work(manner, self.store, self.recorder, partial(Receiver, context, 5.0))),
            self.recorder,
        )
        self._loops = [asyncio.create_task(self._again(self.recorder.run)), asyncio.create_task(self.lanes.run())]

    async def _again(self, body):
        while True:
            try:
                return await body()
            except ConnectionError:
                await asyncio.sleep(0.05)  # the pause that a service makes

    async def until_tried_in_vain(self):
        """It is tried to write down what is known, several times more."""
        tries = self.store.failed + 5
        await until(lambda: self.store.failed >= tries)

    async def stop(self):
        self.lanes.stop()
        await asyncio.wait_for(self._loops[1], 10)
        self.recorder.stop()
        await asyncio.wait_for(self._loops[0], 10)


@pytest.fixture
async def opened(tmp_path):
    async with database("", tmp_path, "webhooks", MIGRATIONS) as made:
        yield made


@pytest.fixture
async def part(opened):
    made = Part(opened, "me")
    yield made
    await made.stop()


async def fill(opened, url, events):
    """Deliveries that wait; returns their ids."""
    endpoint = Endpoint("a", SN, url, "webprinter")
    await Endpoints(opened).put(endpoint)
    new = [
        each
        for sequence, event in enumerate(events, 1)
        for each in deliveries(event, event.id, sequence, [endpoint], lambda at, event=event: webprinter.shape(event, at, PLACE))
    ]
    async with opened.transaction() as connection:
        await Store(opened).add(connection, new)
    return [each.event for each in new]


async def test_a_lane_stops_when_too_many_answers_are_unwritten_and_goes_on_when_they_are(opened, part):
    part.store.broken = True
    async with receiver() as there:
        ids = await fill(opened, there.url, news(100))
        await until(lambda: len(there.requests) == UNWRITTEN)
        await part.until_tried_in_vain()
        assert len(there.requests) == UNWRITTEN
        part.store.broken = False
        await until(lambda: len(there.requests) == 100)
        assert there.ids == ids
        await until(lambda: _delivered(part.history, 100))


async def test_the_next_event_of_a_task_waits_until_the_one_before_is_written_down(opened, part):
    one, two = list(life("one")), list(life("two"))
    part.store.broken = True
    async with receiver() as there:
        ids = await fill(opened, there.url, [one[0], two[0], two[1], one[1], *one[2:], *two[2:]])
        await until(lambda: len(there.requests) == 2)
        await part.until_tried_in_vain()
        assert there.ids == ids[:2]  # killed now, each task would hear its own last event again, and nothing out of order
        part.store.broken = False
        await until(lambda: there.ids == ids)


async def test_a_lane_whose_endpoint_somebody_else_took_ends(opened, part):
    async with receiver(never) as there:
        await fill(opened, there.url, news(2))
        await until(lambda: there.requests)
        async with opened.transaction() as connection:
            await connection.execute(update(table).values(holder="somebody", until=time.time() + 11))
        await until(part.lanes._lanes["a"]._ended.is_set)
        await until(lambda: not part.lanes._lanes)
        assert len(there.requests) == 1
    assert len(await part.store.waiting("a", 10)) == 2  # what it knew was not its to write down


async def test_a_lane_does_not_trust_a_claim_that_nobody_renews(opened, part):
    async with receiver() as there:
        await fill(opened, there.url, news(1))
        await until(lambda: there.requests)
        lane = part.lanes._lanes["a"]
        lane.hold(lane.endpoint, time.monotonic() - 60)
        assert not await lane._may_go_after(0)
        lane.hold(lane.endpoint, time.monotonic())
        assert await lane._may_go_after(0)


async def test_an_idle_lane_ends_and_comes_back_with_the_next_event(opened, part, monkeypatch):
    monkeypatch.setattr("services.webhooks.ordered.LINGER", 0.0)
    monkeypatch.setattr("services.webhooks.ordered.GLANCE", 0.05)
    async with receiver() as there:
        await fill(opened, there.url, news(1))
        await until(lambda: there.requests)
        await until(lambda: not part.lanes._lanes)
        await fill(opened, there.url, news(2))
        part.lanes.wake({"a"})
        await until(lambda: len(there.requests) == 2)
        await until(lambda: _delivered(part.history, 2))


async def _delivered(history, count):
    return len(await history.deliveries(Wanted("a", state=State.DELIVERED), 1000)) == count
