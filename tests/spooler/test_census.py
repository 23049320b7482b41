"""Tasks by stage and how old they are, counted on both databases; nobody counts without need."""

import time
from contextlib import asynccontextmanager

from sqlalchemy import update

from libs.contracts import canary
from libs.contracts.queries import PauseDevice
from libs.contracts.reports import TaskPrinted, TaskTaken, TaskUnknown
from libs.contracts.states import TERMINAL, Stage
from libs.contracts.tasks import PrinterRef
from libs.runtime.metrics import Spread
from services.spooler import census
from services.spooler.census import Ages, Census, count
from services.spooler.tables import task
from tests.spooler.deciding import deciding, printer
from tests.spooler.making import AGENT, PRINTER, converted, report, request, submission

LINE = {"region": "local", "tenant": "main", "agent": AGENT, "printer": PRINTER}
SECOND = PrinterRef(agent=AGENT, id="printer00002", name="Paper 2")


async def test_each_task_that_waits_is_counted_once_in_its_stage_with_the_age_of_the_oldest(tmp_path, database_url):
    async with deciding(tmp_path, database_url, printer(), printer(2)) as made:
        requests = {
            "unknown": request(1),
            "ended": request(2),
            "taken": request(3),
            "converted": request(4, printer=SECOND),
            "converting": request(5, printer=SECOND),
            "converting too": request(6, printer=SECOND),
            "held": request(7, hold=True),
            "scheduled": request(8, start_at=int(time.time() * 1000) + 3_600_000),
        }
        ids = {name: each.id for name, each in requests.items()}
        await made.ask(PauseDevice(**{**LINE, "printer": SECOND.id}))
        for each in requests.values():
            await made.submit(submission(each))
        await made.report(*(converted(ids[name]) for name in ("unknown", "ended", "taken", "converted", "held", "scheduled")))
        await made.report(*(report(TaskTaken, task=ids[name]) for name in ("unknown", "ended", "taken")))
        await made.report(report(TaskUnknown, task=ids["unknown"], message="The power was cut."))
        await made.report(report(TaskPrinted, task=ids["ended"]))
        taken = await made.task(ids["taken"])
        async with made.database.reading() as connection:
            found = await count(connection, 61_004)
        assert {stage: (ages.count, ages.oldest) for stage, ages in found.items()} == {
            "unknown": (1, 1_001),
            taken.stage.value: (1, 1_003) if taken.stage is not Stage.FETCHABLE else (2, 1_003),
            **({} if taken.stage is Stage.FETCHABLE else {"fetchable": (1, 1_004)}),
            "transforming": (2, 1_005),
            "release-wait": (1, 1_007),
            "held": (1, 1_008),
        }
        times = await _times(made, ids)
        assert found["transforming"].ready == 0, "what is not converted is in no line"
        assert found["unknown"].ready == times["unknown"].fetchable_at > 61_004
        # Long ago as this clock says, they came where they are when the test did.
        assert found["unknown"] == Ages(1, 1_001, times["unknown"].fetchable_at, (1,) * 9, 0)
        async with made.database.reading() as connection:
            later = await count(connection, times["unknown"].stage_at + 61_000)
        assert later["unknown"].within == (0, 0, 0, 0, 1, 1, 1, 1, 1), "a minute and a second in it, whenever it was made"
        assert later["unknown"].sum == 61_000


async def test_a_task_of_an_older_version_has_been_where_it_is_since_it_was_made(tmp_path, database_url):
    async with deciding(tmp_path, database_url, printer()) as made:
        await made.submit(submission(request(5)))
        async with made.database.transaction() as connection:
            await connection.execute(update(task).values(stage_at=0))
        async with made.database.reading() as connection:
            found = await count(connection, 61_005)
        assert found == {"transforming": Ages(1, 1_005, 0, (0, 0, 0, 1, 1, 1, 1, 1, 1), 60_000)}


async def _times(made, ids):
    return {name: await made.task(id_) for name, id_ in ids.items()}


async def test_what_tests_the_way_is_not_counted(tmp_path):
    async with deciding(tmp_path, "", printer()) as made:
        await made.submit(submission(request(1, id="_canary_-000000000001"), sn=canary.SN))
        async with made.database.reading() as connection:
            assert await count(connection, 2_000) == {}


class Database:
    """Counts its looks; `at` is what its files say."""

    def __init__(self):
        self.looks = 0
        self.at = "1"

    def stamp(self, _young=None):
        return self.at

    @asynccontextmanager
    async def reading(self):
        self.looks += 1
        yield self


async def test_nobody_counts_again_before_its_time_or_when_nothing_has_happened(monkeypatch):
    async def counted(_connection, _now):
        return {
            "fetchable": Ages(
                3, int((time.time() - 60) * 1000), int((time.time() - 30) * 1000), (1, 1, 2, 2, 3, 3, 3, 3, 3), 75_500
            ),
            "unknown": Ages(1, int((time.time() + 60) * 1000), 0, (1,) * 9, 0),
        }

    monkeypatch.setattr(census, "count", counted)
    database = Database()
    taken = Census(database)
    await taken.look()
    await taken.look()
    assert database.looks == 1, "it was done just now"
    told = taken.open()
    assert (told[("fetchable",)], told[("unknown",)], told[("printing",)]) == (3, 1, 0)
    assert {stage for (stage,) in told} == {stage.value for stage in Stage if stage not in TERMINAL}, "what is over is not told"
    oldest = taken.oldest()
    assert 59 < oldest[("fetchable",)] < 70
    assert oldest[("unknown",)] == 0, "a clock that was set back makes nobody younger than nothing"
    ready = taken.ready()
    assert 29 < ready[("fetchable",)] < 40
    assert ready[("unknown",)] == 0
    assert taken.ages()[("fetchable",)] == Spread((1, 1, 2, 2, 3, 3, 3, 3, 3), 3, 75.5)
    assert taken.ages()[("printing",)] == Spread((0,) * 9, 0, 0.0)
    monkeypatch.setattr(census, "PERIOD", 0.0)
    taken.forget()
    assert taken.open()[("fetchable",)] == 0, "another process counts now"
    await taken.look()
    taken._again_at = 0.0
    await taken.look()
    assert database.looks == 2, "nothing was committed meanwhile"
    database.at = "2"
    await taken.look()
    assert database.looks == 3


async def test_a_count_that_takes_long_is_done_less_often(monkeypatch):
    async def slow(_connection, _now):
        monkeypatch.setattr(census.time, "monotonic", lambda: 1_002.0)
        return {}

    monkeypatch.setattr(census, "count", slow)
    monkeypatch.setattr(census.time, "monotonic", lambda: 1_000.0)
    taken = Census(Database())
    await taken.look()
    assert taken._again_at == 1_002.0 + 2 * census.SHARE
