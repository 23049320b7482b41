"""B9: the only nats-server is killed again and again while tasks come in: nothing accepted is lost, nothing is printed twice."""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.faults.rig.cluster import cluster
from tests.faults.rig.ears import listening
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import Installation, installation
from tests.waiting import until

#: What nobody may wait longer for, in seconds.
LIMIT = 5.0


def _server(server: Installation) -> int:
    """The process of the nats-server that runs now."""
    return max((int(path.stem.split("_")[1]) for path in (server.data / "nats").glob("*.ports")), default=0)


async def _kill_the_bus(server: Installation) -> None:
    before = _server(server)
    os.kill(before, signal.SIGKILL)
    await until(lambda: _server(server) not in (0, before), 20, "the bus is started again")


@asynccontextmanager
async def _submitting(sender: Client, device: str, lanes: int = 3) -> AsyncIterator[None]:
    """Tasks one after the other in so many lanes, under keys, while the block runs."""
    stop = asyncio.Event()

    async def lane(number: int) -> None:
        while not stop.is_set():
            await sender.submit(device, f"{number} {len(sender.accepted)}")

    async with asyncio.TaskGroup() as group:
        for number in range(lanes):
            group.create_task(lane(number))
        try:
            yield
        finally:
            stop.set()


@pytest.mark.row(9, short=True)
@pytest.mark.timeout(240)
async def test_row_09_killing_the_only_server_loses_nothing_and_repeats_nothing(row, tmp_path):
    paper, kills = tmp_path / "paper", row.scale(2, 20)
    async with (
        listening(row.history("receiver")) as ears,
        installation(tmp_path, [f"file://{paper}?name=Paper"], CALLBACK_URL=ears.url, CONVERTER_ENGINES='["text"]') as server,
    ):
        await server.start()
        async with client([server.url], server.token, row.history("client")) as sender:
            begun = time.monotonic()
            async with _submitting(sender, "Paper"):
                for _ in range(kills):
                    before = len(sender.accepted)
                    await _kill_the_bus(server)
                    await until(lambda before=before: len(sender.accepted) > before + 5, 40, "the door answers again")
            took = time.monotonic() - begun
            assert set(await settled([sender], 90)) == {"FINISHED"}, server.tail()
            assert sorted(note_folder(row.history("paper"), paper)) == sorted(sender.accepted)
            await ears.all_ended(set(sender.accepted))
            row.check()
            assert sender.unguided == 0, "a 503 says when to come again"
            if row.full:
                assert sender.longest <= LIMIT, "nobody may hang"
            row.did(f"Three lanes of one client submitted without a pause; the only nats-server was killed {kills} times.")
            row.saw(
                f"{len(sender.accepted)} tasks were accepted in {took:.0f} s; each is on paper once, and its callbacks came "
                f"whole and in order. {sender.repeats['503']} calls were answered 503 with Retry-After and repeated under their "
                f"keys; the slowest answer took {sender.longest:.1f} s.",
                accepted=len(sender.accepted),
                refused=sender.repeats["503"],
                longest=round(sender.longest, 2),
            )


@pytest.mark.row(9)
@pytest.mark.timeout(240)
async def test_row_09_a_door_without_a_bus_says_so_within_five_seconds_and_heals_by_itself(row, tmp_path):
    paper, away, times = tmp_path / "paper", 7.0, 3
    async with (
        installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]') as server,
        cluster(server, 1) as bus,
    ):
        await server.start(NATS_URL=bus.url)
        async with client([server.url], server.token, row.history("client")) as sender:
            calls: Counter[str] = Counter()
            healed: list[float] = []
            for _ in range(times):
                await sender.submit("Paper", "before")
                await bus.kill(0)
                calls += await _ask_everything(sender, time.monotonic() + away)
                bus.start(0)
                begun = time.monotonic()
                await sender.submit("Paper", "after")
                healed.append(time.monotonic() - begun)
            await server.ready()
            assert sender.longest <= LIMIT, "nobody may hang"
            assert sender.unguided == 0, "a 503 says when to come again"
            assert all(
                calls[command] for command in ("newPrintTask", "newPrintTaskBatch", "listTasks", "listDevices", "cancelTask")
            )
            # What was answered 503 may have been taken all the same, and then is printed: the door knows every task.
            sender.accepted = list(await server.statuses())
            assert set(await settled([sender], 60)) == {"FINISHED"}
            assert sorted(note_folder(row.history("paper"), paper)) == sorted(sender.accepted)
            row.check()
            row.did(f"The bus, a process of its own, was killed {times} times and stayed away for {away:.0f} s each.")
            row.saw(
                f"Meanwhile {calls.total()} calls (single tasks, tasks under a key, batches, lists, cancels) were answered 503 "
                f"with Retry-After, the slowest after {sender.longest:.1f} s. Tasks were accepted {max(healed):.1f} s after the "
                "bus was there again at the latest.",
                longest=round(sender.longest, 2),
                healed=[round(each, 2) for each in healed],
            )


async def _ask_everything(sender: Client, end: float) -> Counter[str]:
    """Submit and read while there is nobody who could do it, all at once, again and again; how often each said 503."""
    task = {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "meanwhile"}
    asked: tuple[tuple[str, dict[str, Any]], ...] = (
        ("newPrintTask", {"task": task}),
        ("newPrintTask", {"task": task, "idempotencyKey": f"while away {end}"}),
        ("newPrintTaskBatch", {"tasks": [task] * 20}),
        ("listTasks", {}),
        ("listDevices", {}),
        ("cancelTask", {"taskId": "t" * 20}),
    )
    calls: Counter[str] = Counter()

    async def ask(command: str, data: dict[str, Any]) -> None:
        answer = await sender._post(json.dumps({"command": command, "data": data}))
        assert answer is not None, "the door itself is there all the time"
        calls[command] += answer.status_code == 503

    while time.monotonic() < end:
        rounds: list[Awaitable[None]] = [ask(command, data) for command, data in asked]
        await asyncio.gather(*rounds, asyncio.sleep(0.2))  # at most five rounds a second
    return calls
