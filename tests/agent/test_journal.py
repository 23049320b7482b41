import asyncio
import sqlite3

import pytest

from services.agent.changes import SWEPT, buried, published, reached, remembered, told, took
from services.agent.domain import Known, Step
from services.agent.journal import Journal, JournalInUseError
from tests.agent.orders import order, task


@pytest.fixture
async def journal(tmp_path):
    opened = await Journal.open(tmp_path)
    yield opened
    await opened.close()


async def test_a_journal_keeps_its_id_and_its_open_orders_over_a_restart(tmp_path):
    first = await Journal.open(tmp_path)
    await first.write(took(order(2), 7), took(order(1), 8), told("report.x", b"one"))
    await first.write(reached(task(1), 1, Step.INTENT), reached(task(1), 1, Step.CREATED, job=42))
    await first.close()
    second = await Journal.open(tmp_path)
    held = await second.open_orders()
    assert second.id == first.id
    assert [(each.order.task, each.step, each.job) for each in held] == [(task(2), Step.TAKEN, None), (task(1), Step.CREATED, 42)]
    assert held[0].order == order(2)
    assert [row.data for row in await second.outbox(10)] == [b"one"]
    await second.close()


async def test_two_processes_cannot_have_the_same_journal(journal, tmp_path):
    with pytest.raises(JournalInUseError, match="own data folder"):
        await Journal.open(tmp_path)


async def test_the_database_is_written_through_to_the_disk(journal):
    assert await journal.read(lambda c: c.execute("PRAGMA journal_mode").fetchone()) == ("wal",)
    assert await journal.read(lambda c: c.execute("PRAGMA synchronous").fetchone()) == (2,)


async def test_an_ended_order_is_known_by_its_name_and_keeps_no_document(journal):
    await journal.write(took(order(1), 1), reached(task(1), 1, Step.DONE, said=b"printed"))
    assert await journal.known([task(1)]) == {task(1): Known(1, Step.DONE, b"printed", 1)}, "and by the report of its end"
    await journal.write(took(order(1, attempt=2), 2), reached(task(1), 1, Step.DONE), buried(task(9), 3))
    assert await journal.known([task(1), task(9), task(5)]) == {
        task(1): Known(2, Step.TAKEN, sequence=2),
        task(9): Known(3, Step.WITHDRAWN),
    }
    assert await journal.read(lambda c: c.execute("SELECT data FROM orders WHERE attempt = 1").fetchone()) == (b"",)


async def test_a_row_number_of_the_outbox_is_never_given_twice(journal):
    await journal.write(told("s", b"1"), told("s", b"2"))
    await journal.write(published([row.row for row in await journal.outbox(10)]))
    await journal.write(told("s", b"3"))
    assert [row.row for row in await journal.outbox(10)] == [3]


async def test_changes_are_durable_together_or_not_at_all_and_do_not_harm_their_neighbours(journal):
    good = journal.write(told("s", b"good"))
    bad = journal.write(told("s", b"lost"), took(order(1), 1), took(order(1), 1))
    after = journal.write(told("s", b"after"))
    with pytest.raises(sqlite3.IntegrityError):
        await bad
    await asyncio.gather(good, after)
    assert [row.data for row in await journal.outbox(10)] == [b"good", b"after"]


async def test_what_waits_is_committed_at_once(journal):
    commits = []
    await journal.read(lambda c: c.set_trace_callback(lambda statement: commits.append(1) if statement == "COMMIT" else None))
    await asyncio.gather(*(journal.write(told("s", b"x")) for _ in range(500)))
    assert len(commits) < 50


async def test_ended_orders_are_forgotten_after_their_time_and_open_ones_never(journal):
    await journal.write(took(order(1), 1), took(order(2), 2), reached(task(2), 1, Step.DONE), remembered("admitted", "5"))
    await journal.sweep(before=10**15)
    assert await journal.known([task(1), task(2)]) == {task(1): Known(1, Step.TAKEN, sequence=1)}
    assert await journal.fact("admitted") == "5"


async def test_however_many_have_ended_all_of_them_are_forgotten(journal):
    await journal.write(*(buried(task(number), 1) for number in range(2 * SWEPT + 1)))
    await journal.sweep(before=10**15)
    assert await journal.read(lambda c: c.execute("SELECT count(*) FROM orders").fetchone()) == (0,)


async def test_a_disk_that_refuses_holds_everybody_up_until_it_takes_the_step(journal, tmp_path):
    other = sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    await journal.read(lambda c: c.execute("PRAGMA busy_timeout = 50").fetchone())
    other.execute("BEGIN IMMEDIATE")
    waiting = journal.write(told("s", b"late"))
    done, _ = await asyncio.wait([waiting], timeout=0.5)
    assert not done
    other.execute("ROLLBACK")
    await asyncio.wait_for(waiting, 5)
    other.close()
