"""The ledger on a real bus and both databases: what does not add up is raised with its ids, and struck out when it adds up."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import delete

from libs.contracts.ledger import ConfirmTasks, Mismatch, ReadLedger
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Outgoing, outgoing
from libs.runtime.database import open_database
from services.spooler import tables
from tests.spooler.making import request, submission
from tests.spooler.working import stage
from tests.waiting import until

FAST = {"audit_period": 0.05, "overdue_after": 0.2}


@asynccontextmanager
async def tampering(world):
    """Somebody who writes into the spooler's database."""
    opened = open_database(world.settings.database_url, world.settings.data_dir, "spooler")
    try:
        async with opened.transaction() as connection:
            yield connection
    finally:
        await opened.close()


async def entries(world) -> dict[str, Mismatch]:
    view = await world.admin.ask(ReadLedger(region="local"), timeout=5)
    assert view.mismatches == len(view.entries)
    return {entry.what: entry.kind for entry in view.entries}


async def of(world, *kinds: Mismatch) -> list[str]:
    return [what for what, kind in (await entries(world)).items() if kind in kinds]


def metric(spooler, kind: Mismatch) -> float:
    return spooler.metrics.get_sample_value("spooler_ledger_mismatches", {"kind": kind.value})


async def test_the_ledger_adds_up_and_says_when_it_looked(tmp_path, database_url):
    async with stage(tmp_path, database_url, **FAST) as world, world.spooler() as spooler:
        await world.ready(spooler)
        await world.submit(*(request(number) for number in range(1, 4)))
        await world.admin.publish_raw(Outgoing("intake.local.main.AGENT001", b"garbage", "x"), stream=INTAKE)

        async def checked() -> bool:
            return (await world.admin.ask(ReadLedger(region="local"), timeout=5)).checked >= 3

        await until(checked)
        assert await entries(world) == {}
        assert 0 <= spooler.metrics.get_sample_value("spooler_ledger_checked_seconds") < 5
        assert [metric(spooler, kind) for kind in Mismatch] == [0, 0, 0, 0]


async def test_a_planted_mismatch_is_raised_and_struck_out_when_it_is_healed(tmp_path, database_url):
    """A task that vanished, a message that vanished unread, and a promise that nobody kept."""
    async with stage(tmp_path, database_url, **FAST) as world, world.spooler() as spooler:
        await world.ready(spooler)
        one, two, never = request(1), request(2), request(3)
        asking = ConfirmTasks(region="local", tasks=(one.id, two.id, never.id))
        await world.submit(one)
        await world.submit(two)
        assert (await world.admin.ask(replace(asking, kept=True), timeout=5)).missing == (never.id,)
        assert await of(world, Mismatch.LOST) == [], "it is on its way, in the outbox of whoever asks"
        assert (await world.admin.ask(asking, timeout=5)).missing == (never.id,)
        assert await of(world, Mismatch.LOST) == [never.id]
        assert metric(spooler, Mismatch.LOST) == 1
        again = outgoing(submission(never), "again")
        await world.admin.publish_raw(again, stream=INTAKE)
        assert (await world.admin.ask(asking, timeout=5)).missing == ()
        assert await of(world, Mismatch.LOST) == []

        async with tampering(world) as connection:
            await connection.execute(delete(tables.task).where(tables.task.c.id == two.id))
        assert (await world.admin.ask(asking, timeout=5)).missing == (two.id,)
        assert metric(spooler, Mismatch.LOST) == 1


async def test_a_new_term_walks_along_everything_once_more(tmp_path, database_url, monkeypatch):
    monkeypatch.setattr("services.spooler.ledger.ledger.FULL_BEGINS", 0.0)
    async with stage(tmp_path, database_url, **FAST) as world:
        requests = [request(number) for number in range(1, 4)]
        async with world.spooler() as spooler:
            await world.ready(spooler)
            for each in requests:
                await world.submit(each)
            await world.convert_orders(3)
        async with tampering(world) as connection:
            gone = [requests[0].id, requests[1].id]
            await connection.execute(delete(tables.task).where(tables.task.c.id.in_(gone)))
            await connection.execute(delete(tables.material).where(tables.material.c.task.in_(gone)))
        await world.admin.js.delete_msg(INTAKE, 2)
        async with world.spooler() as spooler:
            await world.ready(spooler)

            async def found() -> bool:
                return await of(world, Mismatch.MISSING, Mismatch.GAP) == [requests[0].id, "INTAKE 2-2"]

            await until(found)
            assert (metric(spooler, Mismatch.MISSING), metric(spooler, Mismatch.GAP)) == (1, 1)
            await world.admin.publish_raw(outgoing(submission(requests[0]), "again"), stream=INTAKE)
            await world.admin.js.purge_stream(INTAKE, seq=3)

            async def healed() -> bool:
                return not await of(world, Mismatch.MISSING, Mismatch.GAP)

            await until(healed)


async def test_a_task_past_its_limit_is_listed_until_it_moves(tmp_path, database_url):
    async with stage(tmp_path, database_url, **FAST) as world, world.spooler() as spooler:
        await world.ready(spooler)
        one = request(1)
        await world.submit(one)

        async def late() -> bool:
            return await entries(world) == {one.id: Mismatch.OVERDUE}

        await until(late, what="no converter is there")
        assert metric(spooler, Mismatch.OVERDUE) == 1
        await world.convert(one)

        async def moved() -> bool:
            return await entries(world) == {}

        await until(moved, what="its order is with its agent, which may take its time")


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr("services.spooler.ledger.overdue.LATE", 100)
