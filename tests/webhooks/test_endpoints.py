"""Endpoints and claims, on SQLite and on PostgreSQL: one process at a time serves an endpoint."""

import pytest
from sqlalchemy import update

from libs.runtime.database import database
from services.webhooks.app import MIGRATIONS
from services.webhooks.claims import TERM, Claims
from services.webhooks.domain import Delivery, Endpoint, State
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
