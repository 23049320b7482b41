"""B9: the only nats-server is killed again and again while tasks come in: nothing accepted is lost, nothing is printed twice."""

import asyncio
import os
import signal

import httpx
import pytest

from tests.integration.installation import Installation, installation
from tests.integration.receiver import receiving
from tests.waiting import until


def _server(server: Installation) -> int:
    """The process of the nats-server that runs now."""
    return max((int(path.stem.split("_")[1]) for path in (server.data / "nats").glob("*.ports")), default=0)


async def _kill_the_bus(server: Installation) -> None:
    before = _server(server)
    os.kill(before, signal.SIGKILL)
    await until(lambda: _server(server) not in (0, before), 20, "the bus is started again")


@pytest.mark.timeout(240)
async def test_killing_the_bus_loses_nothing_and_repeats_nothing(tmp_path):
    paper = tmp_path / "paper"
    async with (
        receiving() as receiver,
        installation(tmp_path, [f"file://{paper}?name=Paper"], CALLBACK_URL=receiver.url, CONVERTER_ENGINES='["text"]') as server,
    ):
        await server.start()
        accepted: list[str] = []
        stop = asyncio.Event()

        async def client(number: int) -> None:
            while not stop.is_set():
                try:
                    accepted.append(await server.submit("Paper", content=f"{number} {len(accepted)}"))
                except (httpx.HTTPError, AssertionError):
                    continue  # not accepted, so not promised

        clients = [asyncio.create_task(client(number)) for number in range(3)]
        for _ in range(4):
            before = len(accepted)
            await _kill_the_bus(server)
            await until(lambda before=before: len(accepted) > before + 5, 40, "the door answers again")
        stop.set()
        await asyncio.gather(*clients)
        await server.ready()
        ended = await server.all_reach(accepted, "FINISHED", "ERROR", "CANCELED", "PARTIAL_PRINTED", within=90)
        assert set(ended.values()) == {"FINISHED"}, server.tail()
        rows = await server.statuses()  # a task that was refused for want of an acknowledgement may have been taken all the same
        await server.all_reach(list(rows), "FINISHED", within=60)
        for task in rows:
            await receiver.ended(task)
        assert sorted(path.name for path in paper.glob("*.pdf")) == sorted(f"{task}.pdf" for task in rows)
