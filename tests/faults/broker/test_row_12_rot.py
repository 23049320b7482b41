"""B12: a bit turns around, or a file ends early, on a disk of the bus: nothing accepted is lost, and never silently."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest

from tests.faults.rig import blocks
from tests.faults.rig.apart import Apart, apart, ledger, metric
from tests.faults.rig.cluster import Cluster, cluster
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.faults.rig.row import Row
from tests.integration.installation import Installation, installation
from tests.waiting import until

pytestmark = [pytest.mark.row(12), pytest.mark.timeout(400)]

TASKS = 30
#: What a ledger may take to raise an alarm, in seconds (the catalogue wants 300).
NOTICED = 60.0


@dataclass
class World:
    """An installation whose services are apart, its bus, one client, and the paper."""

    server: Installation
    bus: Cluster
    parts: Apart
    sender: Client
    paper: Path


@asynccontextmanager
async def standing(row: Row, tmp_path: Path, size: int) -> AsyncIterator[World]:
    paper = tmp_path / "paper"
    async with (
        installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]', AUDIT_PERIOD="0.5") as server,
        cluster(server, size) as bus,
        apart(server, bus.url) as parts,
    ):
        parts.start_all()
        await server.ready(150)
        await server.device("Paper")
        async with client([server.url], server.token, row.history("client")) as sender:
            yield World(server, bus, parts, sender, paper)


async def accept(parts: Apart, sender: Client) -> None:
    """Tasks that are in INTAKE and nowhere else: the spooler is away."""
    await sender.submit("Paper", "before all")
    await settled([sender], 60)
    await parts.kill("spooler")
    for number in range(TASKS):
        await sender.submit("Paper", f"number {number}")


def spoil(store: Path, how: str) -> str:
    """One fault in INTAKE's files of one server; what it was."""
    block = blocks.newest(store, "INTAKE")
    size = block.stat().st_size
    if how == "flip":
        blocks.flip(block, size // 2)
        return f"one bit of byte {size // 2} of {size} turned around"
    if how == "cut":
        return f"{blocks.cut(block, size * 2 // 3)} of {size} bytes cut off"
    blocks.flip(index := blocks.index(store, "INTAKE"), index.stat().st_size // 2)
    blocks.flip(block, size // 2)
    return f"one bit turned around in the index and one in byte {size // 2} of {size} of the block"


@pytest.mark.parametrize("how", ["flip", "index"])
async def test_row_12_on_the_only_server_the_loss_is_named_and_stored_again(row, tmp_path, how):
    async with standing(row, tmp_path, 1) as world:
        server, bus, sender = world.server, world.bus, world.sender
        await accept(world.parts, sender)
        await (bus.end(0) if how == "index" else bus.kill(0))
        what = spoil(bus.store(0), how)
        bus.start(0)
        await bus.listens(0)
        begun = monotonic()
        world.parts.start("spooler")

        async def raised() -> float:
            return await metric(server, "gateway_receipts_lost_total")

        lost = int(await until(raised, NOTICED, "the loss is noticed", every=0.1))
        noticed = monotonic() - begun
        log = server.log.read_text()
        assert set(await settled([sender], 90)) == {"FINISHED"}, server.tail()
        note_folder(row.history("paper"), world.paper)
        row.check()
        named = sum(task in log for task in sender.accepted)
        assert named >= lost > 0, "each lost task is named"
        await adds_up(server, bus)
        row.did(f"{TASKS} tasks lay in INTAKE of a single server, then {what}; server and spooler were started again.")
        row.saw(
            f"nats-server itself said nothing and went on without {lost} acknowledged messages; {noticed:.0f} s later they were "
            "named one by one and stored again. All tasks are on paper once, and the ledger adds up.",
            **{f"lost_{how}": lost, f"noticed_{how}": round(noticed, 1)},
        )


@pytest.mark.parametrize("how", ["flip", "cut"])
async def test_row_12_on_one_of_three_nothing_is_lost_whoever_leads(row, tmp_path, how):
    async with standing(row, tmp_path, 3) as world:
        server, bus, sender = world.server, world.bus, world.sender
        await accept(world.parts, sender)
        admin = await bus.admin()
        try:
            sick = await bus.leader(admin, "INTAKE")
            await bus.kill(sick)
            what = spoil(bus.store(sick), how)
            bus.start(sick)
            await bus.listens(sick)
            leads = await step_down_until(bus, admin, sick)
        finally:
            await admin.close()
        begun = monotonic()
        world.parts.start("spooler")
        assert set(await settled([sender], 120)) == {"FINISHED"}, server.tail()
        took = monotonic() - begun
        note_folder(row.history("paper"), world.paper)
        row.check()
        lost = int(await metric(server, "gateway_receipts_lost_total"))
        assert not lost or "accepted tasks are lost by the bus" in server.log.read_text()
        await adds_up(server, bus)
        led = "and made leader once more" if leads else "; the others did not let it lead again"
        row.did(
            f"{TASKS} tasks lay in INTAKE on three servers; its leader was killed, {what} there, and it was started again {led}."
        )
        row.saw(
            f"{lost or 'None'} of the acknowledged messages {'was' if lost == 1 else 'were'} missing when the spooler asked; all "
            f"{len(sender.accepted)} tasks are on paper once after {took:.0f} s, and the ledger adds up.",
            **{f"lost_r3_{how}": lost},
        )


async def step_down_until(bus: Cluster, admin, wanted: int) -> bool:
    """Make a server lead INTAKE, by asking whoever leads to step down; whether it came to it."""
    for _ in range(12):
        if await bus.leader(admin, "INTAKE") == wanted:
            return True
        await admin.client.request("$JS.API.STREAM.LEADER.STEPDOWN.INTAKE", b"", timeout=5)
    return await bus.leader(admin, "INTAKE") == wanted


async def adds_up(server: Installation, bus: Cluster) -> None:
    """Nothing is missing any more, as both witnesses say."""

    async def none() -> bool:
        return await metric(server, "gateway_receipts_missing") == 0

    await until(none, 30, "the receipts add up", every=0.2)
    admin = await bus.admin()
    try:

        async def even() -> bool:
            return not [entry for entry in (await ledger(admin)).entries if entry.kind.value != "gap"]

        await until(even, 90, "the ledger adds up", every=0.5)
    finally:
        await admin.close()
