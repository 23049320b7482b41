"""The log of attempts and replays, on SQLite and on PostgreSQL."""

import pytest
from prometheus_client import CollectorRegistry

from libs.runtime.database import database
from services.webhooks.app import MIGRATIONS
from services.webhooks.claims import Claims
from services.webhooks.domain import OFF, Delivery, Endpoint, State
from services.webhooks.endpoints import Endpoints
from services.webhooks.history import History, Wanted
from services.webhooks.meters import Meters
from services.webhooks.store import Store, Waiting
from services.webhooks.verdict import Outcome

HOLDER = "me"


@pytest.fixture
async def opened(tmp_path, database_url):
    async with database(database_url, tmp_path, "webhooks", MIGRATIONS) as made:
        for name in ("a", "b"):
            await Endpoints(made).put(Endpoint(name, "jueKiUEE", f"http://{name}", "standard", tenant="main"))
        yield made


@pytest.fixture
async def history(opened):
    return History(opened)


async def fill(opened, *numbers, endpoint="a"):
    async with opened.transaction() as connection:
        rows = [Delivery(endpoint, f"t:{each}:new", each, "NewTask", "t", "{}", "", each * 100) for each in numbers]
        await Store(opened).add(connection, rows)
    await Claims(opened, HOLDER).claim([])


def outcome(number, state, attempts=1, **more):
    given = {"due_at": 0, "ended_at": 0 if state is State.WAITING else 900, "status": 500, "error": "it answered 500", "took": 3}
    given |= {"at": number * 100 + attempts, "headers": {"webhook-id": f"t:{number}:new"}, "excerpt": "纸", **more}
    return Outcome("a", f"t:{number}:new", state, attempts, **given)


async def record(opened, *outcomes, holder=HOLDER):
    await Store(opened).record(outcomes, holder)


async def test_every_attempt_is_kept_in_its_order(opened, history):
    await fill(opened, 1, 2)
    await record(opened, outcome(1, State.WAITING), outcome(2, State.DELIVERED, status=204, error="", accepted=True))
    await record(opened, outcome(1, State.SKIPPED, 2))
    log = await history.attempts("a", ["t:1:new", "t:2:new"])
    assert [(each.number, each.status, each.at, each.took) for each in log["t:1:new"]] == [(1, 500, 101, 3), (2, 500, 102, 3)]
    (only,) = log["t:2:new"]
    assert (only.headers, only.excerpt, only.error) == ({"webhook-id": "t:2:new"}, "纸", "")
    assert await history.attempts("b", ["t:1:new"]) == {}


async def test_what_is_written_down_twice_stands_there_once(opened, history):
    await fill(opened, 1)
    for _ in range(2):
        await record(opened, outcome(1, State.WAITING))
    assert len((await history.attempts("a", ["t:1:new"]))["t:1:new"]) == 1


async def test_who_does_not_hold_the_endpoint_writes_nothing(opened, history):
    await fill(opened, 1)
    await record(opened, outcome(1, State.SKIPPED, disable="gone"), holder="somebody")
    assert await history.attempts("a", ["t:1:new"]) == {}
    found = await Endpoints(opened).get("a")
    assert (found.failing_since, found.disabled_at) == (0, 0)


async def test_a_replay_begins_a_new_series_under_the_same_id(opened, history):
    await fill(opened, 1, 2, 3)
    await record(opened, outcome(1, State.SKIPPED), outcome(2, State.DELIVERED, accepted=True))
    assert await history.replay(Wanted("a", event="t:3:new")) == 0  # it waits as it is
    assert await history.replay(Wanted("b", since=0)) == 0
    assert await history.replay(Wanted("a", since=200)) == 1
    assert await history.replay(Wanted("a", event="t:1:new")) == 1
    first, second, third = await Store(opened).waiting("a", 10)
    assert [(each.event, each.replay, each.attempts) for each in (first, second, third)] == [
        ("t:1:new", 1, 0),
        ("t:2:new", 1, 0),
        ("t:3:new", 0, 0),
    ]
    await record(opened, outcome(1, State.DELIVERED, accepted=True))  # of the series before: too late
    assert (await Store(opened).waiting("a", 10))[0] == first
    await record(opened, outcome(1, State.DELIVERED, replay=1, accepted=True))
    log = (await history.attempts("a", ["t:1:new"]))["t:1:new"]
    assert [(each.replay, each.number) for each in log] == [(0, 1), (1, 1)]


async def test_only_those_that_ended_so_are_replayed(opened, history):
    await fill(opened, 1, 2)
    await record(opened, outcome(1, State.SKIPPED), outcome(2, State.DELIVERED, accepted=True))
    assert await history.replay(Wanted("a", since=0, state=State.SKIPPED)) == 1
    assert [each.event for each in await Store(opened).waiting("a", 10)] == ["t:1:new"]


async def test_an_endpoint_fails_since_its_first_failure_until_its_next_success(opened):
    await fill(opened, 1, 2, 3)
    await record(opened, outcome(1, State.WAITING))
    await record(opened, outcome(2, State.WAITING))
    assert (await Endpoints(opened).get("a")).failing_since == 101
    await record(opened, outcome(1, State.WAITING, 2), outcome(3, State.DELIVERED, accepted=True))
    assert (await Endpoints(opened).get("a")).failing_since == 0


async def test_an_answer_that_switches_an_endpoint_off_skips_what_waits_for_it_alone(opened, history):
    await fill(opened, 1, 2)
    await fill(opened, 7, endpoint="b")
    await record(opened, outcome(1, State.SKIPPED, disable="gone"))
    found = await Endpoints(opened).get("a")
    assert (found.disabled_at, found.reason) == (900, "gone")
    (second,) = await history.deliveries(Wanted("a", event="t:2:new"), 1)
    assert (second.state, second.error) == (State.SKIPPED, f"{OFF}: gone")
    assert len(await Store(opened).waiting("b", 10)) == 1


async def test_something_of_our_own_is_told_behind_all_that_waits(opened, history):
    await fill(opened, 5, 9)
    await history.enqueue(Delivery("a", "test:1", 0, "Test", "", "{}", "", 1))
    assert [each.event for each in await Store(opened).waiting("a", 10)] == ["t:5:new", "t:9:new", "test:1"]


async def test_queues_are_counted_by_dialect_with_their_oldest_event(opened):
    assert await Store(opened).queues() == {}
    await fill(opened, 3, 4)
    assert await Store(opened).queues() == {"standard": (2, 300)}


async def test_the_endpoints_that_have_waited_longest_are_told(opened):
    assert await Store(opened).worst(1_000, 10) == []
    await fill(opened, 3, 4)
    await fill(opened, 2, 7, endpoint="b")
    assert await Store(opened).worst(1_000, 10) == [Waiting("b", "standard", 200), Waiting("a", "standard", 300)]
    assert await Store(opened).worst(1_000, 1) == [Waiting("b", "standard", 200)]
    assert await Store(opened).worst(300, 10) == [Waiting("b", "standard", 200)], "the other one waits for less long"


async def test_an_endpoint_that_others_wait_for_is_told_by_its_name_and_no_more_when_it_was_told(opened):
    metrics = CollectorRegistry()
    meters = Meters(Store(opened), ("standard", "webprinter"), metrics)
    labels = {"endpoint": "a", "dialect": "standard"}
    await meters.look()
    assert metrics.get_sample_value("webhooks_endpoint_oldest_seconds", labels) is None
    await fill(opened, 3, 4)
    await meters.look()
    assert metrics.get_sample_value("webhooks_endpoint_oldest_seconds", labels) > 60
    assert metrics.get_sample_value("webhooks_deliveries_waiting", {"dialect": "standard"}) == 2
    await record(opened, outcome(3, State.DELIVERED, accepted=True), outcome(4, State.DELIVERED, accepted=True))
    await meters.look()
    assert metrics.get_sample_value("webhooks_endpoint_oldest_seconds", labels) is None
    assert metrics.get_sample_value("webhooks_oldest_waiting_seconds", {"dialect": "standard"}) == 0


async def test_what_is_forgotten_is_forgotten_with_its_attempts(opened, history):
    await fill(opened, 1, 2)
    await record(opened, outcome(1, State.SKIPPED))
    assert await Store(opened).sweep(901) == 1
    assert await history.attempts("a", ["t:1:new"]) == {}
