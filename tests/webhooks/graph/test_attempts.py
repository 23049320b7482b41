"""Attempts by a clock that the test sets: a receiver that is away for ten minutes, for four hours, or for one of two."""

import asyncio
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from libs.runtime.database import database
from libs.runtime.traces import Tracing
from services.webhooks.app import MIGRATIONS
from services.webhooks.claims import Claims
from services.webhooks.domain import State
from services.webhooks.endpoints import Endpoints
from services.webhooks.graph import dialect
from services.webhooks.graph.lane import Correspondence, SubscriptionLane
from services.webhooks.graph.lifecycle import Lifecycle
from services.webhooks.graph.matching import notices
from services.webhooks.graph.notices import deliveries_of
from services.webhooks.graph.subscriptions import About, Subscriptions, lifecycle_id
from services.webhooks.history import History, Wanted
from services.webhooks.lane import Manner, Work
from services.webhooks.recorder import Recorder
from services.webhooks.settings import WebhooksSettings
from services.webhooks.store import Store
from services.webhooks.verdict import Answer
from tests.waiting import until
from tests.webhooks.subscribing import APP, HOUR, hooked, now, to_hooks

SECOND, MINUTE = 1000, 60_000
SCHEDULE = dialect.schedule(WebhooksSettings.model_fields["subscription_schedule"].default)


class Office:
    """The queue of a database, receivers of this process, and a clock."""

    def __init__(self, opened):
        self.now = now()
        self.lifecycle = Lifecycle(opened, 3600.0)
        self.subscriptions = Subscriptions(opened)
        self.store = Store(opened, self.lifecycle.missed)
        self.history = History(opened)
        self.claims = Claims(opened, "me")
        self.recorder = Recorder(self.store, "me", CollectorRegistry())
        self.status = {}
        self.posted = []
        self._opened = opened
        self._lanes = {}
        self._tasks = [asyncio.create_task(self.recorder.run())]

    async def post(self, url, text, headers):
        self.posted.append((url, self.now, text))
        return Answer(self.status.get(url, 202), took=1)

    async def close(self):
        """As receivers do."""

    async def tell(self, subscription, *events):
        async with self._opened.transaction() as connection:
            new = [each for number, event in enumerate(events) for each in deliveries_of(number, event, subscription)]
            assert await self.store.add(connection, [*new, *new])
            assert await self.store.add(connection, new) == []

    async def look(self):
        """Claim what is due and begin it."""
        for endpoint in await self.claims.claim(tuple(self._lanes)):
            manner = Manner(dialect, SCHEDULE, Tracing("webhooks"), lambda: self.now)
            spoken = Correspondence(self.subscriptions, lambda _one: ())
            lane = SubscriptionLane(
                endpoint, Work(manner, self.store, self.recorder, lambda: self), parallel=4, correspondence=spoken
            )
            lane.hold(endpoint, asyncio.get_running_loop().time())
            self._lanes[endpoint.id] = lane
            self._tasks.append(asyncio.create_task(lane.run()))

    async def passes(self, milliseconds):
        """Time goes by; what is due then is tried and written down."""
        self.now += milliseconds
        before = len(self.posted)
        for lane in self._lanes.values():
            lane._read_at = float("-inf")
            lane.wake()
        return before

    async def states(self, subscription):
        rows = await self.history.deliveries(Wanted(subscription.id), 10)
        return [(row.state, row.attempts) for row in reversed(rows)]

    async def stop(self):
        for lane in self._lanes.values():
            lane.end()
        await asyncio.gather(*self._tasks[1:])
        self.recorder.stop()
        await self._tasks[0]


@asynccontextmanager
async def office(folder, url=""):
    async with database(url, folder, "webhooks", MIGRATIONS) as opened:
        made = Office(opened)
        try:
            yield made
        finally:
            await made.stop()


async def tried_at(there, subscription, attempts):
    """Go from attempt to attempt; the seconds after the first at which each was made."""
    for number in range(len(await _posts(there, subscription)), attempts):
        await until(lambda number=number: _is_written(there, subscription, number))
        await there.passes(int(SCHEDULE.pauses[number - 1] * 1.1 * SECOND) + 1)
        await until(lambda number=number: _has(there, subscription, number + 1))
    times = [at for url, at, _ in there.posted if url == subscription.url]
    return [round((at - times[0]) / SECOND) for at in times]


async def _posts(there, subscription):
    return [each for each in there.posted if each[0] == subscription.url]


async def _has(there, subscription, count):
    return len(await _posts(there, subscription)) >= count


async def _is_written(there, subscription, attempts):
    return (await there.states(subscription))[0][1] == attempts


async def test_a_receiver_that_is_away_for_ten_minutes_hears_of_it_afterwards_and_the_other_at_once(tmp_path):
    async with office(tmp_path) as there:
        away, well = to_hooks("https://away/"), to_hooks("https://well/")
        for one in (away, well):
            assert await there.subscriptions.add(one, 10)
            await there.tell(one, hooked(1))
        there.status["https://away/"] = 503
        await there.look()
        await until(lambda: _is_written(there, well, 1))
        assert await there.states(well) == [(State.DELIVERED, 1)]
        assert (await tried_at(there, away, 6))[-1] > 500  # attempts after 5, 15, 45, 120 and 300 s, and a tenth more
        there.status["https://away/"] = 204
        assert (await tried_at(there, away, 7))[-1] > 600
        await until(lambda: _is_written(there, away, 7))
        assert await there.states(away) == [(State.DELIVERED, 7)]
        assert len({text for url, _, text in there.posted if url == "https://away/"}) == 1


async def test_after_four_hours_it_is_given_up_listed_told_and_can_be_replayed(tmp_path):
    async with office(tmp_path) as there:
        one = to_hooks("https://away/", lifecycle_url="https://life/", expires=now() + 48 * HOUR)
        assert await there.subscriptions.add(one, 10)
        await there.tell(one, hooked(1), hooked(2))
        there.status["https://away/"] = 404
        await there.look()
        await until(lambda: len(there.posted) == 2)
        for number, pause in enumerate(SCHEDULE.pauses, 1):
            await until(lambda number=number: _all_written(there, one, number))
            await there.passes(int(pause * 1.1 * SECOND) + 1)
            await until(lambda number=number: len(there.posted) == 2 * (number + 1))
        await until(lambda: _all_written(there, one, len(SCHEDULE.pauses) + 1))
        assert await there.states(one) == [(State.SKIPPED, 14), (State.SKIPPED, 14)]
        assert 3.5 * HOUR < there.now - there.posted[0][1] <= 4 * HOUR
        (missed,) = await there.history.deliveries(Wanted(lifecycle_id(one.id)), 5)
        assert (missed.name, missed.state) == ("missed", State.WAITING)
        await there.look()
        await until(lambda: there.posted[-1][0] == "https://life/")
        assert '"lifecycleEvent":"missed"' in there.posted[-1][2]
        del there.status["https://away/"]
        assert await there.history.replay(Wanted(one.id, state=State.SKIPPED)) == 2
        await there.passes(0)
        await until(lambda: _all_written(there, one, 1))
        assert {state for state, _ in await there.states(one)} == {State.DELIVERED}


async def _all_written(there, subscription, attempts):
    return {tries for _, tries in await there.states(subscription)} == {attempts}


async def test_what_lost_its_right_waits_and_goes_on_when_it_is_authorized_again(tmp_path, database_url):
    async with office(tmp_path, database_url) as there:
        one = to_hooks("https://well/", lifecycle_url="https://life/")
        assert await there.subscriptions.add(one, 10)
        await there.lifecycle.pause(one.id, there.now)
        await there.lifecycle.pause(one.id, there.now)
        await there.tell(one, hooked(1))
        await there.look()
        await until(lambda: _is_written(there, one, 1))
        await until(lambda: there.posted, what="the other address is told, each in its own time")
        assert [url for url, _, _ in there.posted] == ["https://life/"]
        assert "reauthorizationRequired" in there.posted[0][2]
        assert (await there.subscriptions.get("main", APP, one.id, there.now)).paused
        await there.subscriptions.change(one.id, {})
        await there.passes(0)
        await until(lambda: _is_written(there, one, 2))
        assert await there.states(one) == [(State.DELIVERED, 2)]


async def test_an_expired_subscription_is_gone_with_what_waited_and_its_lifecycle_address_hears_it(tmp_path, database_url):
    async with office(tmp_path, database_url) as there:
        one, other = (
            to_hooks("https://a/", lifecycle_url="https://life/", created_at=1, expires=now() + HOUR // 2),
            to_hooks("https://b/", expires=now() + 48 * HOUR),
        )
        for each in (one, other):
            assert await there.subscriptions.add(each, 2)
        assert not await there.subscriptions.add(to_hooks("https://c/"), 2)
        listed = await there.subscriptions.listed("main", APP, 0, 10, there.now)
        assert [each.id for each in listed] == [one.id, other.id]
        assert (await there.lifecycle.remind(there.now), await there.lifecycle.remind(there.now)) == (1, 0)
        await there.tell(one, hooked(1))
        there.now += 2 * HOUR
        assert await there.subscriptions.get("main", APP, one.id, there.now) is None
        assert [each.id for each in await there.subscriptions.listed("main", "", 0, 10, there.now)] == [other.id]
        assert (await there.lifecycle.end(there.now), await there.lifecycle.end(there.now)) == (1, 0)
        assert await there.states(one) == [(State.SKIPPED, 0)]
        rows = await there.history.deliveries(Wanted(lifecycle_id(one.id)), 5)
        assert {row.name for row in rows} == {"reauthorizationRequired", "subscriptionRemoved"}
        async with there._opened.reading() as connection:
            about = About([one.definition], [])
            found = await there.subscriptions.concerned(connection, ["main"], about, there.now)
            assert [each.id for each in found] == [other.id]
            assert await there.subscriptions.tenants(connection, ["main", "x"], there.now) == {"main"}
        await there.lifecycle.remove(other, there.now)
        assert await there.subscriptions.listed("main", APP, 0, 10, there.now) == []
        await there.lifecycle.sweep(there.now + 1)
        assert await there.subscriptions.sending(one.id) is None


async def test_the_end_of_a_subscription_is_told_though_its_queue_is_forgotten(tmp_path):
    async with office(tmp_path) as there:
        one = to_hooks("https://a/", lifecycle_url="https://life/", expires=now() + HOUR)
        assert await there.subscriptions.add(one, 1)
        there.now += 2 * HOUR
        assert await there.lifecycle.end(there.now) == 1
        await Endpoints(there._opened).sweep()
        found = await there.subscriptions.sending(one.id)
        assert found is not None
        assert (found[0].id, found[0].failing_since, found[1]) == (one.id, 0, True)


def test_an_event_has_one_delivery_for_each_subscription():
    one = to_hooks("u")
    (made,) = deliveries_of(7, hooked(1), one)
    (notice,) = notices(hooked(1), one)
    assert (made.endpoint, made.event, made.sequence, made.task) == (one.id, notice.id, 7, hooked(1).task.id)
