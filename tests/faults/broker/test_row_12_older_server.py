"""B12 with an older nats-server: a new installation is refused with a sentence; under one that runs nothing is lost unnamed."""

import asyncio
import shutil
import sys
from time import monotonic

import pytest

from libs.runtime.natsserver import binary
from libs.runtime.versions import OLDEST
from tests.faults.broker.test_row_12_rot import NOTICED, TASKS, accept, adds_up, spoil, standing
from tests.faults.rig.apart import metric
from tests.faults.rig.cluster import cluster
from tests.faults.rig.oldserver import older, understood
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import ROOT, Installation, installation
from tests.integration.processes import SERVICES
from tests.waiting import until

pytestmark = [pytest.mark.row(12), pytest.mark.timeout(400)]

#: The one that the catalogue names, and what is said of it.
VERSION, OURS = "2.12.1", ".".join(map(str, OLDEST))
SAYS = f"printbus is nats-server {VERSION}, which is too old: Printbus relies on {OURS} or newer"


async def told(server: Installation, url: str, *words: str) -> tuple[int, str]:
    """The exit code of a verb (without one: of the embedded server), and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services",
        *words,
        cwd=ROOT,
        env=server.environment(NATS_URL=url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(90):
        said, _ = await process.communicate()
    return int(process.returncode or 0), said.decode()


async def test_row_12_an_older_server_is_refused_before_anything_is_made_on_it(row, tmp_path):
    program = await older(tmp_path / "older", VERSION)
    async with installation(tmp_path, [f"file://{tmp_path / 'paper'}?name=Paper"]) as server, cluster(server, 1) as bus:
        await bus.kill(0)
        await asyncio.to_thread(shutil.rmtree, bus.store(0))
        refused = await asyncio.create_subprocess_exec(
            program, "-c", bus.configuration(0), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        _, why = await refused.communicate()
        assert refused.returncode == 1
        assert b"unknown field" in why, "our configuration is none that it takes by mistake"
        understood(bus.configuration(0))
        bus.program = str(program)
        bus.start(0)
        await bus.listens(0)
        for words in (["provision"], []):
            code, said = await told(server, bus.url, *words)
            assert code == 2, said
            assert f"printbus: PRINTBUS_NATS_URL is wrong: {SAYS}." in said
        code, said = await told(server, bus.url, "doctor")
        assert code == 1
        assert f"bad   bus: {SAYS}." in said
        admin = await bus.admin()
        try:
            assert (await admin.js.account_info()).streams == 0
        finally:
            await admin.close()
    row.did(f"nats-server {VERSION} was fetched and given our configuration, then one without the word that it does not know.")
    row.saw(
        "With our configuration it does not start. Without that word, `provision` and the embedded server refuse it with the "
        f'sentence "{SAYS}" before one stream is made, and `doctor` says the same and what to do.'
    )


async def test_row_12_an_older_server_under_an_installation_loses_nothing_that_is_not_named(row, tmp_path):
    program = await older(tmp_path / "older", VERSION)
    async with standing(row, tmp_path, 1) as world:
        server, bus, sender = world.server, world.bus, world.sender
        await accept(world.parts, sender)
        await bus.kill(0)
        what = spoil(bus.store(0), "flip")
        await asyncio.to_thread(understood, bus.configuration(0))
        bus.program = str(program)
        bus.start(0)
        await bus.listens(0)
        begun = monotonic()
        world.parts.start("spooler")
        await until(lambda: server.log.read_text().count("bus is too old") >= len(SERVICES), 60, "each service says it", every=0.2)
        code, said = await told(server, bus.url, "doctor")
        assert (code, SAYS in said) == (1, True), said
        meanwhile = [await sender.submit("Paper", f"on the older one {number}") for number in range(5)]
        stood = monotonic() - begun
        assert len(list(world.paper.glob("*.pdf"))) == 1, "nobody reads from it: it cannot reset a consumer"
        await bus.kill(0)
        bus.program = binary()
        bus.start(0)
        await bus.listens(0)
        back = monotonic()

        async def raised() -> float:
            return await metric(server, "gateway_receipts_lost_total")

        lost = int(await until(raised, NOTICED, "the loss is noticed", every=0.1))
        noticed = monotonic() - back
        log = await asyncio.to_thread(server.log.read_text)
        assert set(await settled([sender], 120)) == {"FINISHED"}, server.tail()
        assert set(meanwhile) <= set(note_folder(row.history("paper"), world.paper))
        row.check()
        assert sum(task in log for task in sender.accepted) >= lost > 0, "each lost task is named"
        await adds_up(server, bus)
    row.did(
        f"{TASKS} tasks lay in INTAKE, then {what}, and nats-server {VERSION} was started on the files of {OURS}, under an "
        f"installation that went on; {len(meanwhile)} tasks more came, and {stood:.0f} s later {OURS} was started again."
    )
    row.saw(
        f"Each service says in its log, and `doctor`, that the server is too old. It acknowledged the tasks that came, and nothing "
        f"was read from it (it knows no reset of a consumer), so nothing printed. {noticed:.0f} s after the return the {lost} "
        "messages that the older one had dropped without a word were named one by one and stored again; all "
        f"{len(sender.accepted)} tasks are on paper once, and the ledger adds up.",
        lost_older=lost,
        noticed_older=round(noticed, 1),
    )
