"""Lists of a printer's jobs are walks along indexes, page by page, on both databases, also with a hundred thousand of them."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import insert, text

from libs.contracts.jobs import JobFilter, ListJobs
from libs.contracts.states import Stage
from libs.runtime.bus import Refused
from libs.runtime.database import database
from services.spooler.app import MIGRATIONS
from services.spooler.jobs import listing
from services.spooler.jobs.listing import marks, statement
from services.spooler.tables import leg as legs
from services.spooler.tables import task as tasks
from services.spooler.task import FIELDS
from tests.spooler.making import AGENT, PRINTER, task

COUNT = 100_000
ALL = ListJobs(region="local", tenant="main", agent=AGENT, printer=PRINTER)
LISTS = {
    "newest": ALL,
    "oldest": replace(ALL, ascending=True),
    "far": replace(ALL, offset=500, limit=50),
    "a submitter": replace(ALL, wanted=JobFilter(user_name="Seldom@North.example")),
    "one's own": replace(ALL, wanted=JobFilter(user="user-7")),
    "fetchable": replace(ALL, wanted=JobFilter(fetchable=True)),
    "not fetchable": replace(ALL, wanted=JobFilter(fetchable=False)),
    "a window": replace(ALL, wanted=JobFilter(start=10_000, end=10_500)),
    "a submitter's fetchable": replace(ALL, wanted=JobFilter(user_name="seldom@north.example", fetchable=True)),
}
#: 1 job in 5,000 is of one who prints seldom; 1 in 1,000 is not fetchable; 1 in 100 was printed elsewhere; two share a moment.
MANY = """
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
    INSERT INTO task (id, tenant, sn, name, device, agent, printer, seq, idx, stage, told, user_id, user_name, created_at,
                      fetchable_at)
    SELECT 'AGENT001-' || (n + 100000000000), 'main', 'AGENT001', 'letter', 'Paper', 'AGENT001',
           CASE WHEN n % 100 = 99 THEN 'another' ELSE 'printer00001' END, n, 0, 'completed', 'FINISHED',
           'user-' || (n % 1000), CASE WHEN n % 5000 = 17 THEN 'seldom@north.example' ELSE 'often@north.example' END,
           n / 2, CASE WHEN n % 1000 = 8 THEN 0 ELSE 1 END
    FROM numbers
"""


async def many(opened, count=COUNT):
    async with opened.transaction() as connection:
        await connection.execute(text(MANY), {"last": count - 1})
        rows = [
            {
                "task": f"AGENT001-{n + 100_000_000_000}",
                "leg": 1,
                "tenant": "main",
                "agent": AGENT,
                "printer": PRINTER,
                "user_id": "user-7",
                "user_name": "seldom@north.example",
                "created_at": n // 2,
                "ended_at": n,
                "shown": b"{}",
            }
            for n in range(99, count, count // 20)
        ]
        await connection.execute(insert(legs), rows)
    async with opened.transaction() as connection:
        await connection.execute(text("ANALYZE"))


async def test_a_hundred_thousand_jobs_are_listed_from_indexes(tmp_path, database_url):
    async with database(database_url, tmp_path, "spooler", MIGRATIONS) as opened:
        await many(opened)
        problems = _sqlite_problems if opened.sqlite else _postgres_problems
        for name, query in LISTS.items():
            async with opened.reading() as connection:
                found = await marks(connection, query)
                await problems(connection, opened.engine, query, name)
            keys = [(mark.created_at, mark.task, mark.leg) for mark in found]
            assert keys == sorted(keys, reverse=not query.ascending), name
            assert len(found) == 101 or name in ("far", "a submitter", "one's own", "a submitter's fetchable"), name
        async with opened.reading() as connection:
            every = replace(ALL, wanted=JobFilter(user_name="seldom@north.example"))
            assert await listing.count(connection, every) == len(await marks(connection, every)) == 40
            assert await listing.count(connection, ALL) == COUNT - COUNT // 100 + 20


async def _sqlite_problems(connection, engine, query, name):
    """Walks end with the page: no table is scanned, and nothing is sorted but what the walks gave."""
    compiled = statement(query).compile(engine, compile_kwargs={"literal_binds": True})
    plan = [(row[1], row[3]) for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
    walks = {parent for parent, line in plan if line.startswith(("SEARCH task USING", "SEARCH leg USING")) and " INDEX " in line}
    scans = [line for _, line in plan if line.startswith(("SCAN task", "SCAN leg"))]
    sorted_walks = {parent for parent, line in plan if "TEMP B-TREE" in line} & walks
    assert walks, (name, plan)
    assert not scans, (name, plan)
    assert not sorted_walks, (name, plan)


async def _postgres_problems(connection, engine, query, name):
    """No node touches many more rows than the page has."""
    compiled = statement(query).compile(engine, compile_kwargs={"literal_binds": True})
    found = (await connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}"))).scalar()
    plan = json.loads(found) if isinstance(found, str) else found
    for node in _nodes(plan[0]["Plan"]):
        touched = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        assert touched <= 4 * (query.offset + query.limit + 1), (name, node["Node Type"], touched)


def _nodes(node):
    yield node
    for each in node.get("Plans", ()):
        yield from _nodes(each)


@pytest.mark.parametrize("ascending", [False, True])
async def test_pages_follow_each_other_without_gaps_also_where_moments_and_tasks_are_the_same(tmp_path, ascending):
    async with database("", tmp_path, "spooler", MIGRATIONS) as opened:
        await many(opened, 2_000)
        query = replace(ALL, limit=300, ascending=ascending)
        async with opened.reading() as connection:
            whole = await marks(connection, replace(query, limit=5_000))
            pages, after = [], ""
            while not pages or after:
                found = await marks(connection, replace(query, after=after))
                pages += found[:300]
                after = found[299].text if len(found) > 300 else ""
            assert pages == whole
            assert len(whole) == await listing.count(connection, query) == 2_000


@pytest.mark.parametrize(
    "wrong",
    ["x", "1.2", "-1.1.AGENT001-1", "1..AGENT001-1", "\u0663.1.AGENT001-1", "1.99999.AGENT001-1", f"{'9' * 19}.1.AGENT001-1"],
)
async def test_a_next_that_never_was_is_refused(wrong):
    with pytest.raises(Refused, match="take the address as the page before gave it"):
        statement(replace(ALL, after=wrong))


async def test_stages_choose_and_what_was_redirected_counts_as_completed(tmp_path):
    async with database("", tmp_path, "spooler", MIGRATIONS) as opened:
        made = [task(id="one", stage=Stage.HOOKED, printer="p"), task(id="two", stage=Stage.COMPLETED, printer="p", fetchable_at=5)]
        over = {"task": "one", "leg": 1, "tenant": "main", "agent": AGENT, "printer": "p", "created_at": 1_000, "shown": b"{}"}
        async with opened.transaction() as connection:
            await connection.execute(insert(tasks), [{name: getattr(each, name) for name in FIELDS} for each in made])
            await connection.execute(insert(legs), [over])
        expected = {
            (): ["two", "one", "one"], (Stage.COMPLETED,): ["two", "one"], (Stage.HOOKED,): ["one"], (Stage.HELD,): [],
        }  # fmt: skip
        async with opened.reading() as connection:
            for stages, ids in expected.items():
                query = replace(ALL, printer="p", wanted=JobFilter(stages=stages))
                assert [mark.task for mark in await marks(connection, query)] == ids
            for fetchable, ids in ((True, ["two"]), (False, ["one", "one"])):
                query = replace(ALL, printer="p", wanted=JobFilter(fetchable=fetchable))
                assert [mark.task for mark in await marks(connection, query)] == ids
