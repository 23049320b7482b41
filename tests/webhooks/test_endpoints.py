"""Endpoints and claims, on SQLite and on PostgreSQL: one process at a time serves an endpoint."""

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from libs.contracts.endpoints import DeviceFilter, EventKind
from libs.runtime.database import database
from services.webhooks import endpoints as endpoints_module
from services.webhooks.app import MIGRATIONS
from services.webhooks.claims import TERM, Claims
from services.webhooks.domain import OFF, Delivery, Endpoint, State
from services.webhooks.endpoints import Endpoints
from services.webhooks.history import History, Wanted
from services.webhooks.store import Store
from services.webhooks.tables import endpoint as table

A = Endpoint("a", "jueKiUEE", "http://a", "webprinter", "whsec_x")


@pytest.fixture
async def opened(tmp_path, database_url):
    async with database(database_url, tmp_path, "webhooks", MIGRATIONS) as made:
        yield made


@pytest.fixture
async def waiting(opened):
    """Endpoint `a` with one delivery that waits."""
    await Endpoints(opened).put(A)
    async with opened.transaction() as connection:
        await Store(opened).add(connection, [Delivery("a", "t:1:new", 1, "NewTask", "t", "{}", "", 5)])


async def of(opened, sn="jueKiUEE"):
    async with opened.reading() as connection:
        return await Endpoints(opened).of(connection, {sn})


async def test_an_endpoint_is_added_changed_and_removed(opened):
    endpoints = Endpoints(opened)
    await endpoints.put(A)
    assert await of(opened) == [A]
    moved = Endpoint("a", "jueKiUEE", "http://elsewhere", "webprinter")
    await endpoints.put(moved)
    assert await of(opened) == [moved]
    assert await of(opened, "somebody") == []
    await endpoints.remove("a", 9)
    assert await of(opened) == []
    await endpoints.put(A)
    assert await of(opened) == [A]


async def test_what_waited_for_a_removed_endpoint_is_skipped_and_says_so(opened, waiting):
    await Endpoints(opened).remove("a", 9)
    (found,) = await History(opened).deliveries(Wanted("a"), 10)
    assert (found.state, found.error, found.ended_at) == (State.SKIPPED, "the endpoint was removed", 9)


async def test_only_one_process_gets_an_endpoint(opened, waiting):
    assert await Claims(opened, "one").claim([]) == [A]
    assert await Claims(opened, "two").claim([]) == []
    assert await Claims(opened, "one").claim(["a"]) == []
    assert await Claims(opened, "one").claim([]) == [A]  # its lane has ended


async def test_an_endpoint_with_nothing_to_tell_is_nobodys(opened):
    await Endpoints(opened).put(A)
    assert await Claims(opened, "me").claim([]) == []


async def test_a_claim_that_is_not_renewed_runs_out(opened, waiting):
    one, two = Claims(opened, "one"), Claims(opened, "two")
    await one.claim([])
    assert await one.renew(["a"]) == {"a": A}
    await until_is(opened, "a", -1.0)
    assert await two.claim([]) == [A]
    assert await one.renew(["a"]) == {}


async def test_a_claim_that_ends_impossibly_late_does_not_count(opened, waiting):
    await Claims(opened, "one").claim([])
    await until_is(opened, "a", 3 * TERM)
    assert await Claims(opened, "two").claim([]) == [A]


async def test_a_released_claim_is_free_at_once(opened, waiting):
    one = Claims(opened, "one")
    await one.claim([])
    await one.release()
    assert await Claims(opened, "two").claim([]) == [A]


async def test_a_renewal_brings_the_endpoint_as_it_is_now(opened, waiting):
    one = Claims(opened, "one")
    await one.claim([])
    moved = Endpoint("a", "jueKiUEE", "http://elsewhere", "webprinter")
    await Endpoints(opened).put(moved)
    assert await one.renew(["a"]) == {"a": moved}


async def until_is(opened, name, seconds):
    """Let the claim end so many seconds from now."""
    async with opened.transaction() as connection:
        now = await Claims(opened, "x")._now(connection)
        await connection.execute(update(table).where(table.c.id == name).values(until=now + seconds))


MINE = Endpoint("b", "jueKiUEE", "http://b", "standard", "whsec_x", tenant="main", created_at=2)


async def test_a_client_has_so_many_endpoints_and_its_tenant_others(opened):
    endpoints = Endpoints(opened)
    assert await endpoints.add(MINE, 2)
    assert await endpoints.add(replace(MINE, id="c", created_at=1), 2)
    assert not await endpoints.add(replace(MINE, id="d"), 2)
    assert await endpoints.add(replace(MINE, id="e", sn="", created_at=3), 2)
    assert [each.id for each in await endpoints.owned("main", "jueKiUEE")] == ["c", "b"]
    assert [each.id for each in await endpoints.owned("main", "")] == ["e"]
    assert [each.id for each in await endpoints.owned("main", None)] == ["c", "b", "e"]
    assert await endpoints.owned("other", "jueKiUEE") == []


async def test_those_that_come_at_once_are_no_more_than_are_allowed(opened):
    endpoints = Endpoints(opened)
    added = await asyncio.gather(*(endpoints.add(replace(A, id=f"ep-{number}"), 2) for number in range(8)))
    assert sum(added) == len(await endpoints.owned(A.tenant, A.sn)) == 2


async def test_what_an_endpoint_chose_comes_back_as_it_was(opened):
    chosen = replace(MINE, kinds=(EventKind.END,), devices=(DeviceFilter("标签", "jueKiUEE"),), binary=True, old_secret="o")
    await Endpoints(opened).put(chosen)
    assert await Endpoints(opened).get("b") == chosen


async def test_a_tenants_endpoints_are_found_beside_a_clients(opened):
    endpoints = Endpoints(opened)
    for each in (MINE, replace(MINE, id="all", sn=""), replace(MINE, id="other", sn="", tenant="other")):
        await endpoints.put(each)
    async with opened.reading() as connection:
        found = await endpoints.of(connection, {"jueKiUEE"}, {"main"})
    assert sorted(each.id for each in found) == ["all", "b"]


async def test_an_endpoint_is_changed_at_a_time_and_a_removed_one_is_not(opened):
    endpoints = Endpoints(opened)
    await endpoints.put(MINE)
    changed = await endpoints.change("b", {"name": "till", "kinds": (EventKind.NEW,)}, 99)
    assert (changed.name, changed.kinds, changed.changed_at, changed.secret) == ("till", (EventKind.NEW,), 99, "whsec_x")
    assert await endpoints.get("b") == changed
    await endpoints.remove("b", 100)
    assert await endpoints.get("b") is None
    assert await endpoints.change("b", {"name": "x"}, 101) is None


async def test_what_waits_for_an_endpoint_that_is_switched_off_is_skipped_and_nobody_claims_it(opened, waiting):
    await Endpoints(opened).change("a", {"disabled_at": 50, "reason": "why"}, 50)
    (found,) = await History(opened).deliveries(Wanted("a"), 10)
    assert (found.state, found.error, found.ended_at) == (State.SKIPPED, OFF, 50)
    assert await Claims(opened, "me").claim([]) == []


async def test_a_lane_loses_an_endpoint_that_is_switched_off(opened, waiting):
    one = Claims(opened, "one")
    await one.claim([])
    await Endpoints(opened).change("a", {"disabled_at": 50}, 50)
    assert await one.renew(["a"]) == {}


async def test_an_endpoint_without_order_is_claimed_when_something_is_due(opened):
    await Endpoints(opened).put(replace(MINE, id="a"))
    async with opened.transaction() as connection:
        later = int(time.time() * 1000) + 60_000
        await Store(opened).add(connection, [Delivery("a", "t:1:new", 1, "NewTask", "t", "{}", "", 5, attempts=1, due_at=later)])
    assert await Claims(opened, "me").claim([]) == []
    assert [each.id for each in await Claims(opened, "me", ("standard",)).claim([])] == ["a"]


async def test_a_removed_endpoint_is_forgotten_with_its_last_delivery(opened, waiting):
    endpoints = Endpoints(opened)

    async def secrets():
        async with opened.reading() as connection:
            return list((await connection.execute(select(table.c.secret))).scalars())

    await endpoints.remove("a", 9)
    await endpoints.sweep()
    assert await secrets() == [""]  # it is nobody's any more, and can sign nothing
    assert await Store(opened).sweep(100) == 1
    await endpoints.sweep()
    assert await secrets() == []


async def test_putting_what_is_there_already_changes_nothing(opened):
    await Endpoints(opened).put(MINE)
    await Endpoints(opened).put(replace(MINE, created_at=50, changed_at=50))
    assert await Endpoints(opened).get("b") == MINE
    await Endpoints(opened).put(replace(MINE, url="http://c", created_at=50, changed_at=50))
    assert await Endpoints(opened).get("b") == replace(MINE, url="http://c", changed_at=50)


async def test_a_change_does_not_undo_what_somebody_writes_down_meanwhile(opened, monkeypatch):
    """Lanes switch endpoints off while their owners change them; a change writes all of an endpoint."""
    await Endpoints(opened).put(A)
    reached, find = asyncio.Event(), endpoints_module._find

    async def found(*arguments, **options):
        reading = asyncio.create_task(find(*arguments, **options))
        await asyncio.wait([reading], timeout=0.2)  # it waits for the lane, which has not come to its end
        reached.set()
        return await reading

    monkeypatch.setattr(endpoints_module, "_find", found)
    async with opened.transaction() as lane:
        await lane.execute(update(table).where(table.c.id == "a").values(disabled_at=7, reason="gone"))
        changing = asyncio.create_task(Endpoints(opened).change("a", {"name": "new"}, 9))
        if not opened.sqlite:  # which lets one write at a time
            await reached.wait()
    assert (await changing).disabled_at == 7
    (now,) = await of(opened)
    assert (now.name, now.disabled_at, now.reason) == ("new", 7, "gone")
