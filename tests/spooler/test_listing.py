"""Lists are walks along an index on both databases: what they read does not grow with what is stored."""

import json

import pytest
from sqlalchemy import insert, text

from libs.contracts.states import STATUS, Stage, Status
from libs.runtime.database import database
from services.spooler import store
from services.spooler.app import MIGRATIONS
from services.spooler.listing import Filter, listed, statement
from services.spooler.tables import task as table
from services.spooler.task import FIELDS
from tests.spooler.making import AGENT, request, task

COUNT = 8_000
#: The newest few are still on their way; of the others one in 500 ended badly.
STAGES = {0: Stage.ABORTED, 1: Stage.CANCELED}
FILTERS = {
    "all": Filter("main", AGENT, limit=50),
    "one status": Filter("main", AGENT, (Status.FINISHED,), limit=50),
    "a rare status": Filter("main", AGENT, (Status.ERROR,), limit=50),
    "several": Filter("main", AGENT, (Status.ERROR, Status.CANCELED, Status.FINISHED), limit=50),
    "several rare ones": Filter("main", AGENT, (Status.ERROR, Status.CANCELED, Status.PARTIAL_PRINTED), limit=50),
    "a window": Filter("main", AGENT, start=500, end=900, limit=50),
    "several in a window": Filter("main", AGENT, (Status.ERROR, Status.FINISHED), start=500, end=9_000, limit=50),
    "held": Filter("main", AGENT, stages=(Stage.RELEASE_WAIT,), limit=50),
    "on their way": Filter("main", AGENT, stages=(Stage.TRANSFORMING, Stage.FETCHABLE), limit=50),
    "nothing": Filter("main", AGENT, (Status.PARTIAL_PRINTED,), limit=50),
}


def made(number: int):
    stage = Stage.COMPLETED if number < COUNT - 40 else Stage.RELEASE_WAIT if number % 2 else Stage.TRANSFORMING
    stage = STAGES.get(number % 1_000, stage)
    return task(
        id=f"AGENT001-{number:012d}", sn=AGENT if number % 4 else "SOMEBODY", created_at=number // 3, stage=stage,
        told=str(STATUS[stage]), lined=False, ended_at=number if stage is Stage.COMPLETED else 0,
    )  # fmt: skip


async def fill(opened):
    async with opened.transaction() as connection:
        tasks = [made(number) for number in range(COUNT)]
        await connection.execute(insert(table), [{name: getattr(each, name) for name in FIELDS} for each in tasks])
    async with opened.transaction() as connection:
        await connection.execute(text("ANALYZE"))
    return tasks


def expected(tasks, wanted):
    found = [
        each for each in tasks
        if each.sn == wanted.sn
        and (not wanted.statuses or STATUS[each.stage] in wanted.statuses)
        and (not wanted.stages or each.stage in wanted.stages)
        and (wanted.start is None or each.created_at >= wanted.start)
        and (wanted.end is None or each.created_at <= wanted.end)
    ]  # fmt: skip
    return [each.id for each in sorted(found, key=lambda each: (each.created_at, each.id), reverse=True)[: wanted.limit]]


async def test_every_filter_gives_the_newest_of_what_it_names_and_reads_little(tmp_path, database_url):
    async with database(database_url, tmp_path, "spooler", MIGRATIONS) as opened:
        tasks = await fill(opened)
        for name, wanted in FILTERS.items():
            async with opened.reading() as connection:
                assert [each.id for each in await listed(connection, wanted)] == expected(tasks, wanted), name
            explain = _sqlite_problems if opened.sqlite else _postgres_problems
            assert not await explain(opened, statement(wanted), wanted), name


@pytest.mark.parametrize("statuses", [(), tuple(Status)])
async def test_all_statuses_are_no_filter(tmp_path, statuses):
    async with database("", tmp_path, "spooler", MIGRATIONS) as opened:
        async with opened.transaction() as connection:
            await store.add(connection, [task(told="QUEUED"), task(id="untold", told="")], [request(1), request(2)])
        async with opened.reading() as connection:
            assert [each.id for each in await listed(connection, Filter("main", AGENT, statuses))] == [task().id]
            assert await listed(connection, Filter("main", AGENT, stages=(Stage.AWAITING_DATA,))) == []


async def _sqlite_problems(opened, query, _wanted):
    """Lines of the plan that look at more than an index tells them to, or sort what an index has in order."""
    compiled = query.compile(opened.engine, compile_kwargs={"literal_binds": True})
    async with opened.reading() as connection:
        plan = [(row[1], row[3]) for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
    walks = {parent for parent, line in plan if line.startswith("SEARCH task USING INDEX task_")}
    sorted_walks = {parent for parent, line in plan if "TEMP B-TREE" in line} & walks
    scans = [line for _, line in plan if line.startswith("SCAN task")]
    return [] if walks and not scans and not sorted_walks else plan


async def _postgres_problems(opened, query, wanted):
    """Nodes of the plan that touched more rows than a few times the limit."""
    compiled = query.compile(opened.engine, compile_kwargs={"literal_binds": True})
    async with opened.reading() as connection:
        found = (await connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {compiled}"))).scalar()
    plan = json.loads(found) if isinstance(found, str) else found
    most = 4 * wanted.limit * max(len(wanted.statuses), len(wanted.stages), 1)
    return [
        (node["Node Type"], node["Actual Rows"], node.get("Rows Removed by Filter", 0))
        for node in _nodes(plan[0]["Plan"])
        if node["Actual Rows"] + node.get("Rows Removed by Filter", 0) > most
    ]


def _nodes(node):
    yield node
    for each in node.get("Plans", ()):
        yield from _nodes(each)


async def test_what_is_asked_again_and_again_has_an_index_of_its_own(tmp_path):
    async with database("", tmp_path, "spooler", MIGRATIONS) as opened:
        await fill(opened)
        async with opened.reading() as connection:
            for asked, index in {
                "SELECT * FROM task WHERE due_at > 0 AND due_at <= 5 ORDER BY due_at LIMIT 500": "task_due",
                "SELECT tenant, id FROM task WHERE ended_at > 0 AND ended_at < 5 LIMIT 500": "task_ended",
                "SELECT printer, count(*) FROM task WHERE printer IN ('a') AND step = 'print' GROUP BY printer": "task_sent",
                "SELECT printer FROM task WHERE lined GROUP BY printer": "task_line",
                "SELECT min(ordered_at) FROM task WHERE step = 'print'": "task_sent",
            }.items():
                plan = " ".join(row[3] for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {asked}")))
                assert f"USING INDEX {index}" in plan or f"USING COVERING INDEX {index}" in plan, plan
                assert "TEMP B-TREE" not in plan, plan
