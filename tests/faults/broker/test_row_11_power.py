"""B11: the power goes: what a server acknowledged is on the disk, or what was lost is named, listed and stored again."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from libs.runtime.database import open_database
from tests.faults.rig import blocks
from tests.faults.rig.apart import Apart, apart, ledger, metric
from tests.faults.rig.cluster import Cluster, cluster
from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import Installation, installation
from tests.waiting import until

TRACE = ("strace", "-D", "-f", "-y", "-s", "200", "-e", "trace=write,pwrite64,writev,fsync,fdatasync,sendto", "-o")
_LINE = re.compile(r"^(?P<thread>\d+) +(?P<rest>.*)$")
_CALL = re.compile(r"^(?P<name>\w+)\((?P<file>\d+<[^>]*>)(?P<said>.*)$")


@dataclass
class Trace:
    """What a server did with one block and what it told, in the order in which the calls ended."""

    synced: int = 0
    written: int = 0
    syncs: int = 0
    acknowledged: int = 0
    early: list[str] = field(default_factory=list)


def read_trace(path: Path, stream: str) -> Trace:
    """An acknowledgement is early when something of the block was written and not synced before it was sent."""
    found = Trace()
    begun: dict[str, str] = {}
    for line in path.read_text(errors="replace").splitlines():
        matched = _LINE.match(line)
        if not matched:
            continue
        thread, rest = matched["thread"], matched["rest"]
        if rest.endswith("<unfinished ...>"):
            begun[thread] = rest
            if "PubAck" not in rest and f'{{\\"stream\\":\\"{stream}\\"' not in rest:
                continue
        elif " resumed>" in rest:
            rest = begun.pop(thread, "") + rest.partition(" resumed>")[2]
            if f'{{\\"stream\\":\\"{stream}\\"' in rest:
                continue  # it was looked at when it began: that is when it may be on its way
        call = _CALL.match(rest)
        if call:
            _note(found, call["name"], call["file"], call["said"], stream)
    return found


def _note(found: Trace, name: str, file: str, said: str, stream: str) -> None:
    if f"/streams/{stream}/msgs/" in file and file.endswith(".blk>"):
        if name in ("fsync", "fdatasync"):
            found.synced, found.syncs = found.written, found.syncs + 1
        elif name in ("write", "pwrite64"):
            found.written += int(said.rpartition("= ")[2].split()[0])
    elif f'{{\\"stream\\":\\"{stream}\\"' in said and name in ("write", "writev", "sendto"):
        found.acknowledged += said.count(f'{{\\"stream\\":\\"{stream}\\"')
        if found.synced < found.written:
            found.early.append(said[:200])


@asynccontextmanager
async def standing(tmp_path: Path) -> AsyncIterator[tuple[Installation, Cluster, Apart, Path]]:
    """An installation on a bus of its own, nothing started yet."""
    paper = tmp_path / "paper"
    async with (
        installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]', AUDIT_PERIOD="0.5") as server,
        cluster(server, 1) as bus,
        apart(server, bus.url) as parts,
    ):
        yield server, bus, parts, paper


async def accept(parts: Apart, server: Installation, sender: Client, count: int) -> None:
    """So many tasks that nobody takes out of INTAKE: the spooler is away."""
    await server.ready()
    await server.device("Paper")
    await parts.kill("spooler")
    for number in range(count):
        await sender.submit("Paper", f"number {number}")


async def lose_power(bus: Cluster, trace: Path) -> tuple[int, Trace]:
    """The server is gone, and with it what its block has that was not synced; bytes that are lost."""
    await bus.kill(0)
    seen = read_trace(trace, "INTAKE")
    block = blocks.newest(bus.store(0), "INTAKE")
    gone = blocks.cut(block, block.stat().st_size - (seen.written - seen.synced))
    return gone, seen


pytestmark = [pytest.mark.row(11), pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _tools() -> None:
    if not shutil.which("strace"):
        pytest.skip("strace is missing: apt-get install strace")


async def test_row_11_with_sync_always_what_was_acknowledged_survives_a_loss_of_power(row, tmp_path):
    trace = tmp_path / "trace"
    async with standing(tmp_path) as (server, bus, parts, paper):
        await bus.end(0)
        bus.start(0, *TRACE, str(trace))
        await bus.listens(0, 60)
        parts.start_all()
        await server.ready(120)
        async with client([server.url], server.token, row.history("client")) as sender:
            await accept(parts, server, sender, 20)
            gone, seen = await lose_power(bus, trace)
            assert seen.acknowledged >= 20, "every acknowledgement is in the trace"
            assert seen.syncs >= 20
            assert not seen.early, "nothing was acknowledged before it was synced"
            assert gone == 0
            bus.start(0)
            parts.start("spooler")
            assert set(await settled([sender], 90)) == {"FINISHED"}, server.tail()
            note_folder(row.history("paper"), paper)
            row.check()
            assert await metric(server, "gateway_receipts_lost_total") == 0
            async with _admin(bus) as admin:
                assert (await ledger(admin)).mismatches == 0
            row.did(
                "Under strace, a nats-server with sync_interval always stored 20 tasks one by one; then it was killed, and its "
                "newest block cut back to what the last fsync had covered."
            )
            row.saw(
                f"{seen.acknowledged} acknowledgements were sent, each after the fsync of its message ({seen.syncs} fsyncs); the "
                "cut took 0 bytes away, and all 20 tasks are on paper once.",
                fsyncs=seen.syncs,
            )


async def test_row_11_without_it_what_is_lost_is_named_and_stored_again(row, tmp_path):
    trace, accepted = tmp_path / "trace", 25
    async with standing(tmp_path) as (server, bus, parts, paper):
        await bus.end(0)
        config = bus.configuration(0)
        config.write_text(config.read_text().replace("sync_interval: always", "sync_interval: 2m"))
        bus.start(0, *TRACE, str(trace))
        await bus.listens(0, 60)
        parts.start_all()
        await server.ready(120)
        async with client([server.url], server.token, row.history("client")) as sender:
            await sender.submit("Paper", "before all")
            await settled([sender], 60)
            await accept(parts, server, sender, accepted)
            gone, _ = await lose_power(bus, trace)
            assert gone > 0, "the default syncs every two minutes"
            lost = sender.accepted[1:]
            bus.start(0)
            parts.start("spooler")

            async def named() -> bool:
                return await metric(server, "gateway_receipts_lost_total") >= len(lost)

            await until(named, 60, "the loss is noticed", every=0.2)
            log = server.log.read_text()
            assert all(task in log for task in lost), "each one is named"
            assert set(await settled([sender], 90)) == {"FINISHED"}, server.tail()
            note_folder(row.history("paper"), paper)
            row.check()

            async def healed() -> bool:
                return await metric(server, "gateway_receipts_missing") == 0

            await until(healed, 30, "it adds up again", every=0.2)
            async with _admin(bus) as admin:
                assert (await ledger(admin)).mismatches == 0
            row.did(
                f"The same with nats-server's own default (a sync every two minutes) and {accepted} tasks that no spooler had "
                f"read: killed, and INTAKE's newest block cut back to its last synced length ({gone} bytes)."
            )
            row.saw(
                f"The gateway's receipts named all {len(lost)} lost tasks (metric, log and ledger) and stored them again; each is "
                "on paper once. Were the gateway's memory lost with the same power, only its clients' repeats under keys would "
                "heal it: that is why sync_interval always is what Printbus sets.",
                lost=len(lost),
            )


async def test_row_11_sequences_that_are_used_again_after_a_cut_are_not_taken_for_seen(row, tmp_path):
    """The cut goes back behind what the spooler has applied, and the gateway stores more before the spooler looks."""
    async with standing(tmp_path) as (server, bus, parts, paper):
        parts.start_all()
        await server.ready(120)
        async with client([server.url], server.token, row.history("client")) as sender:
            await server.device("Paper")
            for number in range(10):
                await sender.submit("Paper", f"applied {number}")
            await settled([sender], 60)
            await parts.kill("spooler")
            await bus.kill(0)
            block = blocks.newest(bus.store(0), "INTAKE")
            gone = blocks.cut(block, block.stat().st_size // 2)
            bus.start(0)
            await bus.listens(0)
            for number in range(10):
                await sender.submit("Paper", f"after the cut {number}")
            parts.start("spooler")
            assert set(await settled([sender], 90)) == {"FINISHED"}, server.tail()
            note_folder(row.history("paper"), paper)
            row.check()
            row.did(
                f"INTAKE lost its last {gone} bytes, back behind what the spooler had applied; before the spooler looked, 10 new "
                "tasks were stored under the sequences of the lost ones."
            )
            row.saw(
                "The spooler knew by the time of the message at its cursor that it was another stream, read it from its beginning "
                "and made each new task; all 20 are on paper once."
            )


async def test_row_11_the_spoolers_database_syncs_each_commit(row, tmp_path):
    opened = open_database("", tmp_path, "spooler")
    try:
        async with opened.reading() as connection:
            mode = (await connection.exec_driver_sql("PRAGMA synchronous")).scalar()
            journal = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar()
    finally:
        await opened.close()
    assert (mode, journal) == (2, "wal")
    row.did("The spooler's own database was asked how it writes.")
    row.saw("SQLite has synchronous=FULL with a write-ahead log: a commit returns after the fsync of its log.")


@asynccontextmanager
async def _admin(bus: Cluster) -> AsyncIterator:
    admin = await bus.admin()
    try:
        yield admin
    finally:
        await admin.close()
