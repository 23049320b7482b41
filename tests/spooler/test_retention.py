"""What is over is forgotten, and nothing else."""

import os
import time
from dataclasses import replace
from pathlib import Path

from libs.contracts.reports import TaskPrinted
from libs.contracts.states import Stage, Status
from libs.runtime.database import database
from libs.runtime.documents import Documents
from services.spooler import store, strays
from services.spooler.app import MIGRATIONS
from services.spooler.strays import Strays
from tests.spooler.making import request, task
from tests.spooler.test_app import _is
from tests.spooler.working import stage
from tests.waiting import until

DAY = 86_400


def _age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


async def test_an_ended_task_and_its_documents_are_forgotten_after_their_retention_and_strays_after_a_day(tmp_path):
    documents = Documents("", tmp_path)
    async with stage(tmp_path, retention=0.001) as world:
        async with world.spooler() as spooler:
            await world.ready(spooler)
            over, waiting = request(1), request(2)
            await world.submit(over, waiting)
            await world.convert(over)
            await world.agent_orders(1)
            await world.tell(TaskPrinted, over.id)
            await until(lambda: _is(world, over.id, Status.FINISHED))
            for name in ("main/AGENT001-000000000001/source", "main/AGENT001-000000000002/source", "main/nobody/source"):
                await documents.put(name, b"x")
                _age(tmp_path / "documents" / name, 2 * DAY)
        async with world.spooler() as spooler:
            await world.ready(spooler)
            left = {"main/AGENT001-000000000002/source"}

            async def forgotten() -> bool:
                return {found.name async for found in documents.list()} == left

            await until(forgotten, what="what is over is forgotten")
            assert (await world.shown(waiting.id)).status is Status.SUBMITTED


async def test_an_upload_is_kept_for_its_day_and_for_the_tasks_that_were_accepted_in_it(tmp_path, database_url):
    documents = Documents("", tmp_path)
    names = {age: f"main/unim-{age:012d}/file" for age in (1, 30, 60, 100)}
    for hours, name in names.items():
        await documents.put(name, b"x")
        _age(tmp_path / "documents" / name, hours * 3600)
    now = int(time.time() * 1000)
    unread = task(stage=Stage.RELEASE_WAIT, created_at=now - 40 * 3_600_000)
    async with database(database_url, tmp_path, "spooler", MIGRATIONS) as opened:
        async with opened.transaction() as connection:
            await store.add(connection, [unread], [request(1)])
        assert await Strays(opened, documents).sweep(now) == 1
        assert {found.name async for found in documents.list()} == {names[1], names[30], names[60]}
        async with opened.transaction() as connection:
            await store.save(connection, [replace(unread, stage=Stage.COMPLETED)])
        assert await Strays(opened, documents).sweep(now) == 1
        assert {found.name async for found in documents.list()} == {names[1], names[30]}


async def test_a_sweep_looks_up_any_number_of_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(strays, "CHUNK", 2)
    documents = Documents("", tmp_path)
    for number in range(5):
        await documents.put(f"main/stray-{number}/source", b"x")
        _age(tmp_path / "documents" / f"main/stray-{number}/source", 2 * DAY)
    unfinished = tmp_path / "documents/main/unim-1/source#1"
    unfinished.parent.mkdir()
    unfinished.write_bytes(b"killed while it was stored")
    _age(unfinished, 2 * DAY)
    async with database("", tmp_path, "spooler", MIGRATIONS) as opened:
        assert await Strays(opened, documents).sweep(int(time.time() * 1000)) == 5
    assert not unfinished.exists()
