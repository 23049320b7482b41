"""A reader looks again when somebody has committed, and not before."""

import asyncio
import os
import time

import pytest
from sqlalchemy import insert

from libs.runtime import database
from libs.runtime.stillness import Stillness
from tests.runtime.decider import fact, store
from tests.waiting import turns, until


@pytest.fixture
def no_margin(monkeypatch):
    monkeypatch.setattr(database, "YOUNG", 0.0)


def looked(still: Stillness) -> None:
    still.settle(still.begin())


async def put(opened, number: int) -> None:
    async with opened.transaction() as connection:
        await connection.execute(insert(fact).values(number=number, word="word"))


async def test_a_commit_of_another_connection_ends_it(tmp_path, no_margin):
    async with store("", tmp_path) as ours, store("", tmp_path) as theirs:
        await put(ours, 1)
        still = Stillness(ours)
        assert not still.holds
        looked(still)
        assert still.holds
        await put(theirs, 2)
        assert not still.holds


async def test_a_young_commit_is_not_trusted_to_be_the_last(tmp_path):
    async with store("", tmp_path) as opened:
        await put(opened, 1)
        still = Stillness(opened)
        looked(still)
        assert not still.holds
        for name in ("decider.sqlite", "decider.sqlite-wal"):
            os.utime(tmp_path / name, (time.time() - 60, time.time() - 60))
        looked(still)
        assert still.holds


async def test_a_look_that_found_something_or_failed_is_repeated(tmp_path, no_margin):
    async with store("", tmp_path) as opened:
        still = Stillness(opened)
        looked(still)
        still.begin()
        assert not still.holds


async def test_a_look_during_which_another_began_does_not_speak_for_what_was_committed_between(tmp_path, no_margin):
    async with store("", tmp_path) as opened:
        still = Stillness(opened)
        slow = still.begin()
        await put(opened, 1)
        quick = still.begin()
        still.settle(slow)
        assert not still.holds
        still.settle(quick)
        assert still.holds


async def test_a_look_is_due_now_and_then_whatever_the_files_say(tmp_path, no_margin):
    async with store("", tmp_path) as opened:
        still = Stillness(opened, 0.0)
        looked(still)
        assert not still.holds


async def test_a_commit_of_our_own_is_counted_and_told(tmp_path):
    async with store("", tmp_path) as opened:
        await put(opened, 1)
        log = tmp_path / "decider.sqlite-wal"
        os.utime(log, (time.time() - 60, time.time() - 60))
        still, before = Stillness(opened), log.stat()
        looked(still)
        assert still.holds
        waiting = asyncio.create_task(opened.committed(60))
        await turns()
        assert not waiting.done()
        await put(opened, 2)
        await until(waiting.done)
        os.truncate(log, before.st_size)
        os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))  # as one whose file tells nothing
        assert not still.holds


async def test_a_database_server_is_always_looked_at(postgres_url, tmp_path):
    async with store(postgres_url, tmp_path) as opened:
        still = Stillness(opened)
        looked(still)
        assert not still.holds
