"""One holder at a time, whose every transaction says so."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from libs.runtime import database as database_module
from libs.runtime import lease as lease_module
from libs.runtime.ending import end
from libs.runtime.lease import Lease, LeaseLost
from tests.runtime.decider import fact, lease, rows, store
from tests.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """A term of half a second."""
    monkeypatch.setattr(lease_module, "TERM", 0.5)
    monkeypatch.setattr(lease_module, "RENEWAL", 0.05)


@asynccontextmanager
async def holding(opened, holder: str):
    """A lease at work, and what it told."""
    claim = Lease(opened, lease, "decider", holder)
    told: list[bool] = []
    task = asyncio.create_task(claim.hold(told.append))
    try:
        yield claim, told
    finally:
        await end(task)


async def write(opened, claim: Lease, number: int) -> None:
    async with opened.transaction() as connection:
        await claim.verify(connection)
        await connection.execute(insert(fact).values(number=number, word="w"))


async def take_away(opened, seconds: float = 60.0) -> None:
    """Somebody else's claim, as it looks in the database, of a term that ends in so many seconds."""
    until_at = time.time() + seconds
    async with opened.transaction() as connection:
        await connection.execute(update(lease).values(holder="thief", epoch=lease.c.epoch + 1, until=until_at))


async def test_of_two_only_one_holds_it_and_the_other_knows(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened, holding(opened, "a") as (a, _), holding(opened, "b") as (b, _):
        await until(lambda: a.looked and b.looked and a.held != b.held)
        holder, other = (a, b) if a.held else (b, a)
        await write(opened, holder, 1)
        with pytest.raises(LeaseLost):
            await write(opened, other, 2)
        assert await rows(opened, fact) == 1


async def test_many_first_claims_at_once_have_one_winner(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened:
        claims = [Lease(opened, lease, "decider", f"holder-{number}") for number in range(5)]
        await asyncio.gather(*(each._claim() for each in claims))
        assert sum(each.held for each in claims) == 1


async def test_a_silent_holder_is_followed_when_its_term_has_run_out(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened:
        async with holding(opened, "a") as (a, _):
            await until(lambda: a.held)
        async with holding(opened, "b") as (b, told):
            await until(lambda: b.looked)
            assert not b.held
            await until(lambda: told)
            assert told == [True]
            with pytest.raises(LeaseLost):
                await write(opened, a, 1)


async def test_a_holder_that_is_frozen_in_a_transaction_is_followed_and_writes_nothing(postgres_url, tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "IDLE", 300)
    async with store(postgres_url, tmp_path) as one, store(postgres_url, tmp_path) as two:
        frozen = Lease(one, lease, "decider", "frozen")
        await frozen._claim()
        with pytest.raises(DBAPIError):  # noqa: PT012 - the end of the transaction may raise it, too
            async with one.transaction() as connection:
                await frozen.verify(connection)  # it locks the lease's row
                async with holding(two, "next") as (claim, _):
                    await until(lambda: claim.held, what="the next one has the lease")
                await connection.execute(insert(fact).values(number=1, word="late"))
        assert await rows(two, fact) == 0


async def test_a_term_of_before_the_clock_was_set_back_is_not_waited_for(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened:
        async with holding(opened, "a") as (a, _):
            await until(lambda: a.held)
        await take_away(opened, 3600.0)
        async with holding(opened, "b") as (b, _):
            await until(lambda: b.held)


async def test_a_lease_that_is_given_up_is_taken_without_waiting(tmp_path, monkeypatch):
    monkeypatch.setattr(lease_module, "TERM", 60.0)
    async with store("", tmp_path) as opened, holding(opened, "b") as (b, _):
        async with opened.transaction() as connection:
            await connection.execute(update(lease).values(until=0.0))
        await until(lambda: b.held)
        first = Lease(opened, lease, "decider", "first")
        await b.release()
        await first._claim()
        assert first.held


async def test_one_that_cannot_do_the_work_gives_it_to_another_and_stands_by(tmp_path):
    able = True
    async with store(None, tmp_path) as opened:
        first = Lease(opened, lease, "decider", "first", fit=lambda: able)
        task = asyncio.create_task(first.hold(lambda _held: None))
        await until(lambda: first.held)
        async with holding(opened, "second") as (second, _):
            able = False
            await until(lambda: second.held)
            assert not first.held
            able = True
            for _ in range(3):  # it looks again and again
                first.looked = False
                await until(lambda: first.looked)
                assert not first.held, "it has it back when the other has had enough"
        await end(task)


async def test_the_same_holder_takes_over_at_once_with_a_new_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr(lease_module, "TERM", 60.0)
    async with store("", tmp_path) as opened:
        async with holding(opened, "embedded") as (before, _):
            await until(lambda: before.held)
        async with holding(opened, "embedded") as (after, _):
            await until(lambda: after.held)
            await write(opened, after, 1)
            with pytest.raises(LeaseLost):
                await write(opened, before, 2)


async def test_a_transaction_under_a_stolen_lease_leaves_nothing(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened, holding(opened, "a") as (a, told):
        await until(lambda: a.held)
        await take_away(opened)
        with pytest.raises(LeaseLost):
            await write(opened, a, 1)
        assert await rows(opened, fact) == 0
        await until(lambda: told == [True, False], what="the loss is told although a transaction saw it first")


async def test_a_lease_lost_and_won_again_between_two_looks_is_told_as_both(tmp_path, monkeypatch):
    async with store("", tmp_path) as opened:
        claim = Lease(opened, lease, "decider", "a")
        told: list[bool] = []
        await claim._claim()
        claim._tell(told.append)
        await take_away(opened, -1.0)
        with pytest.raises(LeaseLost):
            await write(opened, claim, 1)
        await claim._claim()
        claim._tell(told.append)
        assert told == [True, False, True]
        await write(opened, claim, 2)


async def test_who_cannot_ask_the_database_holds_nothing(tmp_path):
    async with store("", tmp_path) as opened, holding(opened, "a") as (a, told):
        await until(lambda: a.held)
        async with opened.transaction() as connection:
            await connection.exec_driver_sql("ALTER TABLE lease RENAME TO elsewhere")
        await until(lambda: told == [True, False])
        async with opened.transaction() as connection:
            await connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO lease")
        await until(lambda: told == [True, False, True])


async def test_a_holder_that_is_frozen_within_a_statement_is_followed(postgres_url, tmp_path, monkeypatch):
    """PostgreSQL ends a transaction in which nothing is done, but not one whose statement waits for the rest of itself."""
    monkeypatch.setattr(lease_module, "PATIENCE", 0.2)
    monkeypatch.setattr(lease_module, "STALE", 0.5)
    async with store(postgres_url, tmp_path) as opened:
        async with holding(opened, "a") as (a, _):
            await until(lambda: a.held)

        async def frozen() -> None:
            async with opened.transaction() as connection:
                await a.verify(connection)
                await connection.execute(text("SELECT pg_sleep(60)"))

        working = asyncio.create_task(frozen())  # and it renews nothing any more
        await asyncio.sleep(0)
        async with holding(opened, "b") as (b, _):
            await until(lambda: b.held)
            await write(opened, b, 1)
        with pytest.raises(DBAPIError):
            await working
