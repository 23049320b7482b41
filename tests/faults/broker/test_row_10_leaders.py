"""B10: the leader of a cluster of three is killed or stopped every five seconds: no loss, work goes on, lag returns to nothing."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from libs.contracts.streams import INTAKE, PRINT, REPORTS, TASKS
from libs.runtime.bus import Bus
from tests.faults.rig.cluster import Cluster, cluster
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import installation
from tests.waiting import until

EVERY, FAULTS = 5.0, 10
#: Tasks per second that the clients offer: what a busy office sends, far below what the machine can do.
OFFERED = 8.0
LEADING = (INTAKE, PRINT, REPORTS, TASKS)


@pytest.mark.row(10)
@pytest.mark.timeout(400)
async def test_row_10_work_goes_on_while_leaders_die(row, tmp_path):
    paper = tmp_path / "paper"
    async with (
        installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]') as server,
        cluster(server, 3) as bus,
    ):
        await server.start(NATS_URL=bus.url)
        admin = await bus.admin()
        try:
            info = await admin.js.stream_info(INTAKE)
            assert info.config.num_replicas == 3
            async with client([server.url], server.token, row.history("client")) as sender:
                quiet = await _goodput(sender, paper, _quiet(10))
                during = await _goodput(sender, paper, _fault_leaders(bus, admin))
                # What was accepted is printed when the last leader is back: the lag returns to nothing.
                assert set(await settled([sender], 120)) == {"FINISHED"}, server.tail()
                lag = await _no_lag(admin)
                assert sorted(note_folder(row.history("paper"), paper)) == sorted(sender.accepted)
                row.check()
        finally:
            await admin.close()
    ratio = during / quiet
    row.did(
        f"Three nats-servers with three copies of every stream; {OFFERED:g} tasks were offered per second. Every {EVERY:g} s the "
        f"leader of {', '.join(LEADING)} in turn was killed with kill -9 and started again after a second, or stopped (SIGSTOP) "
        f"for four, {FAULTS} times."
    )
    row.saw(
        f"{len(sender.accepted)} tasks were accepted, and each is on paper once. Until the last of them was printed, "
        f"{during:.1f} came out per second, against {quiet:.1f} in quiet ({ratio:.2f}); {sender.repeats['503']} calls were "
        f"answered 503 and repeated under their keys, the slowest command took {sender.slowest:.1f} s with its repeats. "
        f"{lag:.1f} s after the last task no consumer had anything left.",
        quiet=round(quiet, 2),
        during=round(during, 2),
        ratio=round(ratio, 3),
        slowest=round(sender.slowest, 2),
    )
    assert ratio >= 0.8


async def _goodput(sender: Client, paper: Path, while_this: Coroutine[Any, Any, None]) -> float:
    """Tasks on paper per second, from the first offer until all that was offered meanwhile is printed."""
    before, begun, stop = len(sender.accepted), time.monotonic(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        offering = group.create_task(_offer(sender, stop))
        await while_this
        stop.set()
        offered = await offering
    assert len(sender.accepted) - before == offered
    wanted = set(sender.accepted[before:])
    await until(lambda: wanted <= {path.stem for path in paper.glob("*.pdf")}, 60, "what was accepted is printed", every=0.1)
    return len(wanted) / (time.monotonic() - begun)


async def _offer(sender: Client, stop: asyncio.Event) -> int:
    """Tasks at a steady rate, whether or not the ones before are answered; how many, when all are."""
    async with asyncio.TaskGroup() as group:
        number = 0
        while not stop.is_set():
            group.create_task(sender.submit("Paper", f"task {number}"))
            number += 1
            await asyncio.sleep(1 / OFFERED)  # the rate at which tasks come
    return number


async def _quiet(seconds: float) -> None:
    await asyncio.sleep(seconds)  # what is measured is this time


async def _fault_leaders(bus: Cluster, admin: Bus) -> None:
    for number in range(FAULTS):
        leader = await bus.leader(admin, LEADING[number % len(LEADING)])
        if number % 2 == 0:
            await bus.kill(leader)
            await asyncio.sleep(1)  # the pace of the faults
            bus.start(leader)
            await asyncio.sleep(EVERY - 1)  # the pace of the faults
        else:
            bus.freeze(leader)
            await asyncio.sleep(EVERY - 1)  # the pace of the faults
            bus.thaw(leader)
            await asyncio.sleep(1)  # the pace of the faults


async def _no_lag(admin: Bus) -> float:
    """Wait until every durable consumer has read and acknowledged all that is for it; how long that took, in seconds."""
    begun = time.monotonic()

    async def nothing() -> bool:
        consumers = [each for stream in (INTAKE, PRINT, REPORTS, TASKS) for each in await admin.js.consumers_info(stream)]
        return all(not each.num_pending and not each.num_ack_pending for each in consumers if each.config.durable_name)

    await until(nothing, 60, "no consumer lags", every=0.2)
    return time.monotonic() - begun
