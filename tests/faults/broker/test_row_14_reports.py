"""B14: REPORTS is deleted with what agents and converters told and nobody had read: it is told again, and printed once."""

import asyncio
import signal

import pytest

from libs.contracts.streams import CONVERT, PRINT, REPORTS
from tests.faults.rig.apart import apart
from tests.faults.rig.cluster import cluster
from tests.faults.rig.load import client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import installation
from tests.waiting import until

pytestmark = [pytest.mark.row(14), pytest.mark.timeout(400)]

#: Tasks that the agent has printed, and tasks that the converter has converted, when REPORTS goes.
PRINTED, CONVERTED = 30, 10


async def test_row_14_reports_that_nobody_had_read_are_told_again_and_nothing_is_printed_twice(row, tmp_path):
    paper = tmp_path / "paper"
    async with (
        installation(tmp_path, [f"file://{paper}?name=Paper"], CONVERTER_ENGINES='["text"]') as server,
        cluster(server, 1) as bus,
        apart(server, bus.url) as parts,
    ):
        parts.start_all()
        await server.ready(150)
        await server.device("Paper")
        admin = await bus.admin()
        try:
            async with client([server.url], server.token, row.history("client")) as sender:
                parts.signal("agent", signal.SIGSTOP)
                for number in range(PRINTED):
                    await sender.submit("Paper", f"printed {number}")

                async def ordered():
                    return (await admin.js.stream_info(PRINT)).state.messages >= PRINTED

                await until(ordered, 60, "all orders wait for the agent", every=0.2)
                parts.signal("converter", signal.SIGSTOP)
                for number in range(CONVERTED):
                    await sender.submit("Paper", f"converted {number}")
                await until(lambda: _asked(admin), 60, "the converter is asked", every=0.2)
                await parts.kill("spooler")
                before = (await admin.js.stream_info(REPORTS)).state.messages
                for name in ("agent", "converter"):
                    parts.signal(name, signal.SIGCONT)

                async def told():
                    found = (await admin.js.stream_info(REPORTS)).state.messages - before
                    return found if found >= PRINTED + CONVERTED else 0

                lost = await until(told, 60, "both have told what they did", every=0.2)
                await until(lambda: len(list(paper.glob("*.pdf"))) >= PRINTED, 60, "all is on paper", every=0.2)
                await admin.js.delete_stream(REPORTS)
                provisioning = server.run("services", "provision", NATS_URL=bus.url)
                assert await asyncio.to_thread(provisioning.wait, 60) == 0, server.tail()
                parts.start("spooler")
                assert await settled([sender], 120) == {"FINISHED": PRINTED + CONVERTED}, server.tail()
                assert len(note_folder(row.history("paper"), paper)) == PRINTED + CONVERTED
                row.check()
        finally:
            await admin.close()
    row.did(
        f"The spooler was killed. The agent printed {PRINTED} tasks and the converter converted {CONVERTED} meanwhile; then "
        f"REPORTS was deleted with the {lost} reports that nobody had read, made again by `provision`, and the spooler started."
    )
    row.saw(
        "The spooler saw that it is another stream and asked once more: of what was on paper the agent's journal told again how it "
        f"ended, nothing was printed twice, and what was converted was converted anew. All {PRINTED + CONVERTED} are FINISHED.",
        reports_lost=lost,
    )


async def _asked(admin) -> bool:
    """Whether every conversion's order lies in its stream."""
    return bool((await admin.js.stream_info(CONVERT)).state.messages >= CONVERTED)
