"""The queue in the database, on SQLite and on PostgreSQL."""

from dataclasses import replace

import pytest
from sqlalchemy import inspect

from libs.runtime.database import database
from services.webhooks.app import MIGRATIONS
from services.webhooks.claims import Claims
from services.webhooks.domain import Delivery, Endpoint, State
from services.webhooks.endpoints import Endpoints
from services.webhooks.history import History, Wanted
from services.webhooks.store import Store
from services.webhooks.tables import metadata
from services.webhooks.verdict import Outcome

HOLDER = "me"


@pytest.fixture
async def opened(tmp_path, database_url):
    async with database(database_url, tmp_path, "webhooks", MIGRATIONS) as made:
        yield made


@pytest.fixture
async def store(opened):
    endpoints = Endpoints(opened)
    for name in ("a", "b"):
        await endpoints.put(Endpoint(name, "jueKiUEE", f"http://{name}", "webprinter"))
    made = Store(opened)
    made.history = History(opened)
    made.add_all = lambda *new: _add(opened, made, new)
    return made


async def _add(opened, store, new):
    async with opened.transaction() as connection:
        return await store.add(connection, new)


def delivery(number, endpoint="a", **more):
    return Delivery(endpoint, f"t:{number}:new", number, "NewTask", "t", '{"标":1}', "tp", 5, **more)


def outcome(number, state, endpoint="a", attempts=1, due_at=0, ended_at=0, error=""):
    return Outcome(endpoint, f"t:{number}:new", state, attempts, due_at, ended_at, 200, error, 3)


async def claim(opened, holder=HOLDER):
    return await Claims(opened, holder).claim([])


async def test_what_was_added_waits_in_its_order(store):
    await store.add_all(*(delivery(number) for number in (1, 2, 3)), delivery(2, "b"))
    assert await store.waiting("a", 10) == [delivery(1), delivery(2), delivery(3)]
    assert [each.sequence for each in await store.waiting("a", 1)] == [1]
    assert await store.waiting("b", 10) == [delivery(2, "b")]
    assert await store.count_waiting() == 4


async def test_an_event_is_added_once_for_each_endpoint(store):
    await store.add_all(delivery(1), delivery(1), delivery(1, "b"))
    again = await store.add_all(delivery(1), replace(delivery(1), sequence=99), delivery(2))
    assert again == [delivery(2)]
    assert [each.sequence for each in await store.waiting("a", 10)] == [1, 2]


async def test_more_events_than_a_statement_takes_are_added_in_one_transaction(store):
    many = [delivery(number) for number in range(1, 1300)]
    assert await store.add_all(*many) == many
    assert await store.add_all(*many) == []
    assert len(await store.waiting("a", 5000)) == len(many)


async def test_what_came_of_attempts_is_written_down(opened, store):
    await store.add_all(delivery(1), delivery(2), delivery(3))
    await claim(opened)
    outcomes = [
        outcome(1, State.DELIVERED, ended_at=9),
        outcome(2, State.SKIPPED, attempts=3, ended_at=9, error="it answered 500"),
        outcome(3, State.WAITING, attempts=2, due_at=77, error="it answered 404"),
    ]
    await store.record(outcomes, HOLDER)
    (left,) = await store.waiting("a", 10)
    assert (left.sequence, left.attempts, left.due_at, left.error) == (3, 2, 77, "it answered 404")
    (skipped,) = await store.history.deliveries(Wanted("a", state=State.SKIPPED), 100)
    assert (skipped.sequence, skipped.attempts, skipped.error, skipped.body) == (2, 3, "it answered 500", '{"标":1}')
    assert [each.sequence for each in await store.history.deliveries(Wanted("a", state=State.DELIVERED), 100)] == [1]


async def test_only_the_holder_writes_down(opened, store):
    await store.add_all(delivery(1))
    await claim(opened, "somebody")
    await store.record([outcome(1, State.SKIPPED)], HOLDER)
    assert len(await store.waiting("a", 10)) == 1


async def test_what_ended_never_changes_again(opened, store):
    await store.add_all(delivery(1))
    await claim(opened)
    await store.record([outcome(1, State.DELIVERED, ended_at=9)], HOLDER)
    await store.record([outcome(1, State.SKIPPED, ended_at=10)], HOLDER)
    assert [each.state for each in await store.history.deliveries(Wanted("a"), 100)] == [State.DELIVERED]


async def test_what_was_told_is_listed_newest_first_and_by_what_is_asked_for(store):
    await store.add_all(*(replace(delivery(number), at=number * 100) for number in range(1, 6)), delivery(9, "b"))

    async def listed(limit=10, **wanted):
        return [each.sequence for each in await store.history.deliveries(Wanted("a", **wanted), limit)]

    assert await listed() == [5, 4, 3, 2, 1]
    assert await listed(2) == [5, 4]
    assert await listed(since=200, until=400) == [4, 3, 2]
    assert await listed(event="t:3:new") == [3]
    assert await listed(task="other") == []
    assert await listed(state=State.DELIVERED) == []


async def test_only_what_ended_long_ago_is_forgotten(opened, store):
    await store.add_all(*(delivery(number) for number in range(1, 700)))
    await claim(opened)
    await store.record([outcome(number, State.DELIVERED, ended_at=10 if number < 600 else 20) for number in range(1, 650)], HOLDER)
    assert [await store.sweep(15), await store.sweep(15), await store.sweep(15)] == [500, 99, 0]
    assert len(await store.history.deliveries(Wanted("a"), 1000)) == 100
    assert await store.count_waiting() == 50


async def test_the_migrations_make_the_tables_that_the_code_knows(opened):
    def columns(connection):
        look = inspect(connection)
        return {
            name: ({column["name"] for column in look.get_columns(name)}, {index["name"] for index in look.get_indexes(name)})
            for name in metadata.tables
        }

    async with opened.engine.connect() as connection:
        found = await connection.run_sync(columns)
    known = {
        name: ({column.name for column in table.columns}, {index.name for index in table.indexes})
        for name, table in metadata.tables.items()
    }
    assert found == known


async def test_sqlite_finds_the_next_delivery_by_the_index_of_what_waits(tmp_path):
    sql = "SELECT * FROM delivery WHERE endpoint = ? AND state = 'waiting' AND sequence > ? ORDER BY sequence LIMIT 10"
    async with database("", tmp_path, "webhooks", MIGRATIONS) as opened, opened.reading() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("a", 0))).all()
    assert "delivery_waiting" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
