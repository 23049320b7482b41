"""Both database systems behave alike where the services rely on it."""

import asyncio
import multiprocessing

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from libs.runtime.database import open_database, whole
from tests.runtime.decider import MIGRATIONS, fact, rows, store


async def put(opened, number: int, word: str = "word") -> None:
    async with opened.transaction() as connection:
        await connection.execute(insert(fact).values(number=number, word=word))


async def test_migrating_twice_changes_nothing(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened:
        await put(opened, 1)
        await opened.migrate(MIGRATIONS)
        async with opened.reading() as connection:
            assert (await connection.execute(text("SELECT number, shade FROM fact"))).all() == [(1, "grey")]
            assert (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar() == "0002"


async def test_several_migrate_at_once_and_it_happens_once(database_url, tmp_path):
    several = [open_database(database_url, tmp_path, "decider") for _ in range(4)]
    await asyncio.gather(*(each.migrate(MIGRATIONS) for each in several))
    assert await rows(several[0], fact) == 0
    for each in several:
        await each.close()


def migrate_in_a_process(url, folder, ready):
    async def migrate() -> None:
        opened = open_database(url, folder, "decider")
        ready.wait(30)
        await opened.migrate(MIGRATIONS)
        await opened.close()

    asyncio.run(migrate())


def test_several_processes_migrate_at_once(database_url, tmp_path):
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(3)
    several = [context.Process(target=migrate_in_a_process, args=(database_url, tmp_path, ready)) for _ in range(3)]
    for each in several:
        each.start()
    for each in several:
        each.join(60)
    assert [each.exitcode for each in several] == [0, 0, 0]


async def test_services_do_not_see_each_others_tables(database_url, tmp_path):
    async with store(database_url, tmp_path, "one") as one, store(database_url, tmp_path, "two") as two:
        await put(one, 1)
        assert (await rows(one, fact), await rows(two, fact)) == (1, 0)


async def test_a_transaction_that_raises_leaves_nothing(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened:

        async def torn() -> None:
            async with opened.transaction() as connection:
                await connection.execute(insert(fact).values(number=1, word="w"))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await torn()
        assert await rows(opened, fact) == 0


async def test_readers_wait_for_no_writer_and_see_one_state(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened:
        await put(opened, 1)
        async with opened.transaction() as writing:
            await writing.execute(insert(fact).values(number=2, word="w"))
            assert await asyncio.wait_for(rows(opened, fact), 15) == 1
        async with opened.reading() as connection:
            before = (await connection.execute(select(fact.c.number))).all()
            await asyncio.wait_for(put(opened, 3), 15)
            assert (await connection.execute(select(fact.c.number))).all() == before
        assert await rows(opened, fact) == 3


async def test_two_writers_wait_for_each_other_instead_of_failing(database_url, tmp_path):
    async with store(database_url, tmp_path) as one, store(database_url, tmp_path) as two:
        await asyncio.gather(*(put(each, number + base) for number in range(20) for base, each in ((0, one), (100, two))))
        assert await rows(one, fact) == 40


async def test_errors_do_not_show_what_was_to_be_stored(database_url, tmp_path):
    async with store(database_url, tmp_path) as opened:
        await put(opened, 1)
        with pytest.raises(IntegrityError) as error:
            await put(opened, 1, "the patient's name")
    assert "patient" not in str(error.value)
    assert "hidden" in str(error.value)


async def test_a_database_that_answers_is_healthy_and_one_that_is_gone_is_not(postgres_url, tmp_path):
    async with store(postgres_url, tmp_path) as opened:
        assert await opened.healthy()
    gone = open_database("postgresql://postgres@127.0.0.1:1/nobody", tmp_path, "decider")
    assert not await gone.healthy()
    await gone.close()


async def test_sqlite_syncs_every_commit_and_keeps_readers_beside_the_writer(tmp_path):
    async with store("", tmp_path) as opened, opened.reading() as connection:
        found = [(await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
    assert found == ["wal", 2]


async def test_a_folder_with_any_name_holds_a_database(tmp_path):
    folder = tmp_path / "100% of it? #1"
    async with store("", folder) as opened:
        await put(opened, 1)
    assert (folder / "decider.sqlite").is_file()


async def test_a_canceled_caller_does_not_tear_its_transaction(tmp_path):
    async with store("", tmp_path) as opened:
        inside, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            async with opened.transaction() as connection:
                await connection.execute(insert(fact).values(number=1, word="w"))
                inside.set()
                await go_on.wait()

        caller = asyncio.create_task(whole(slow()))
        await inside.wait()
        caller.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert await rows(opened, fact) == 1


async def test_a_file_is_its_owners_only_also_one_that_was_open_to_others(tmp_path):
    path = tmp_path / "decider.sqlite"
    path.touch(mode=0o644)
    async with store("", tmp_path) as opened:
        await put(opened, 1)
        modes = {each.stat().st_mode & 0o777 for each in tmp_path.glob("decider.sqlite*")}
    assert modes == {0o600}
