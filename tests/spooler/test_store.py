"""The spooler's store on both databases: what the migrations make is what the statements expect."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from libs.contracts.states import Stage
from libs.runtime.database import database
from services.spooler import store
from services.spooler.app import MIGRATIONS
from services.spooler.tables import metadata
from services.spooler.task import Step
from tests.spooler.making import PRINTER, request, task


async def test_the_migrations_make_the_tables_that_the_code_names(tmp_path, database_url):
    async with database(database_url, tmp_path, "spooler", MIGRATIONS) as opened, opened.reading() as connection:
        differences = await connection.run_sync(lambda sync: compare_metadata(MigrationContext.configure(sync), metadata))
    assert [each for each in differences if each[0] not in ("remove_index", "add_index", "remove_table")] == []


async def test_a_line_is_ordered_by_retries_then_priority_then_position(tmp_path, database_url):
    line = [
        task(id="late", seq=3, stage=Stage.FETCHABLE),
        task(id="early", seq=2, idx=1, stage=Stage.FETCHABLE),
        task(id="earlier", seq=2, idx=0, stage=Stage.FETCHABLE),
        task(id="urgent", seq=9, priority=90, stage=Stage.FETCHABLE),
        task(id="again", seq=8, place=0, stage=Stage.FETCHABLE),
        task(id="sent", seq=1, lined=False, step=Step.PRINT, stage=Stage.FETCHABLE),
        task(id="elsewhere", seq=1, printer="another", stage=Stage.FETCHABLE),
    ]
    async with database(database_url, tmp_path, "spooler", MIGRATIONS) as opened:
        async with opened.transaction() as connection:
            await store.add(connection, line, [request(number) for number in range(len(line))])
        async with opened.reading() as connection:
            assert [each.id for each in await store.line(connection, PRINTER, 10)] == [
                "again",
                "urgent",
                "earlier",
                "early",
                "late",
            ]
            assert await store.sent_counts(connection, [PRINTER, "another"]) == {PRINTER: store.Sent(1, 0)}
            assert sorted(await store.lines(connection)) == ["another", PRINTER]


async def test_what_is_saved_is_what_is_loaded(tmp_path, database_url):
    before = task(stage=Stage.STOPPED, message="纸张用完了", canceling=True, due_at=5, pages_done=2)
    async with database(database_url, tmp_path, "spooler", MIGRATIONS) as opened:
        async with opened.transaction() as connection:
            await store.add(connection, [task()], [request(1)])
        async with opened.transaction() as connection:
            await store.save(connection, [before])
        async with opened.reading() as connection:
            assert await store.load(connection, [before.id, "nobody"]) == {before.id: before}
            assert [each.id for each in await store.due(connection, 5)] == [before.id]
            assert await store.due(connection, 4) == []
