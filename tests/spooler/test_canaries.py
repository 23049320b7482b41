"""What only tests the way: told to nobody, in nobody's accounts, forgotten soon and not missed."""

import time

import pytest
from sqlalchemy import select, update

from libs.contracts import canary
from libs.contracts.ids import task_id
from libs.contracts.queries import GetTask, ListTasks
from libs.contracts.reports import TaskPrinted, TaskTaken
from libs.contracts.states import Stage
from libs.contracts.streams import TASKS
from libs.contracts.tasks import PrinterRef
from libs.runtime.bus import Refused
from services.spooler import canaries
from services.spooler.ledger.walk import unaccounted
from services.spooler.tables import archived, task
from tests.spooler.deciding import deciding, printer
from tests.spooler.making import AGENT, converted, report, request, submission

NOWHERE = PrinterRef(agent=AGENT, id=canary.printer(AGENT), name=canary.NAME)
WHO = {"region": "local", "tenant": "main", "sn": canary.SN}


def id_of(ago, number=0):
    """The id of one that was made so many seconds ago."""
    return task_id(canary.SN, int((time.time() - ago) * 1000), 0, number)


async def test_one_goes_its_way_and_nobody_hears_of_it(tmp_path, database_url):
    async with deciding(tmp_path, database_url, printer()) as made:
        bird, other = request(1, id=id_of(1), printer=NOWHERE), request(2)
        await made.submit(submission(bird, sn=canary.SN))
        await made.submit(submission(other))
        for each in (bird, other):
            await made.report(converted(each.id))
            await made.report(report(TaskTaken, task=each.id), report(TaskPrinted, task=each.id, pages_done=1))
        assert (await made.ask(GetTask(**WHO, task=bird.id))).task.stage is Stage.COMPLETED, "who sent it may ask"
        with pytest.raises(Refused):
            await made.ask(GetTask(**{**WHO, "sn": "CLIENT01"}, task=bird.id))
        for sn, ids in ((canary.SN, []), (AGENT, [other.id])):
            listed = await made.ask(ListTasks(**{**WHO, "sn": sn}))
            assert [each.id for each in listed.tasks] == ids
        assert {event.task.id for stream, event in made.published if stream == TASKS} == {other.id}
        async with made.database.reading() as connection:
            assert [row.task for row in await connection.execute(select(archived.c.task))] == [other.id]


async def test_those_that_are_over_are_forgotten_after_ten_minutes_and_not_missed(tmp_path, database_url):
    async with deciding(tmp_path, database_url, printer()) as made:
        old, open_, young = (request(1, id=id_of(ago), printer=NOWHERE) for ago in (700, 650, 100))
        usual = request(4)
        for each in (old, open_, young):
            await made.submit(submission(each, sn=canary.SN))
        await made.submit(submission(usual))
        async with made.database.transaction() as connection:
            ended = update(task).where(task.c.id != open_.id).values(ended_at=1_000, stage=Stage.COMPLETED.value)
            await connection.execute(ended)
            assert await canaries.forget(connection) == [("main", old.id)]
            assert await canaries.forget(connection) == []
        async with made.database.reading() as connection:
            assert await unaccounted(connection, [old.id, "CLIENT01-nowhere"]) == ["CLIENT01-nowhere"]
