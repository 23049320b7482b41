"""What is over is forgotten, and nothing else."""

import os
import time
from pathlib import Path

from libs.contracts.reports import TaskPrinted
from libs.contracts.states import Status
from libs.runtime.documents import Documents
from tests.spooler.making import request
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

            await until(forgotten, 20, "what is over is forgotten")
            assert (await world.shown(waiting.id)).status is Status.SUBMITTED
