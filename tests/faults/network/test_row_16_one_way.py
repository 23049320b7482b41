"""C16: bytes reach the agent, and nothing that it says arrives: its journal refuses what is delivered again."""

from collections.abc import Callable

import pytest

from tests.faults.rig.load import Client, client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.faults.rig.site import Site, site
from tests.waiting import until

TASKS = 30


@pytest.mark.row(16)
@pytest.mark.timeout(300)
async def test_row_16_what_is_delivered_again_is_printed_once(row, tmp_path):
    async with site(tmp_path) as there:
        paper = there.papers["P1"]
        async with client([there.server.url], there.server.token, row.history("client")) as sender:
            await sender.submit("P1", "before")
            await settled([sender], 60)

            # What the agent says is held back on its line to the bus, which breaks in the end.
            by_line = await _printed_unheard(there, sender, lambda: there.line.silence(inward=True, outward=False))
            there.line.cut()
            there.line.heal()
            await settled([sender], 90)
            assert await there.waiting() == (0, 0)
            assert by_line > 0

            # Packet by packet, TCP's own acknowledgements too: its documents cannot be fetched either.
            before = len(there.line.came)
            by_packet = await _printed_unheard(there, sender, lambda: there.cell.drop(leaves=True, comes=False))
            there.cell.heal()
            assert set(await settled([sender], 120)) == {"FINISHED"}
            assert await there.waiting() == (0, 0)
            came = len(there.line.came) - before
            assert came > 0, "the agent called anew"

            printed = note_folder(row.history("P1"), paper)
            assert printed == sender.accepted, "once each, and in order"
            row.check()
    row.did(
        f"{TASKS} orders were let go while a proxy held back all that the agent said to the bus, which then broke; and {TASKS} "
        "more while nft dropped every packet that left the agent's network namespace, until it counted as gone."
    )
    row.saw(
        f"{by_line} orders that were on paper were not acknowledged when the line broke: they came again, and the journal "
        f"refused each. With the packets dropped it was {by_packet}, and the agent called anew ({came} connections). All "
        f"{len(printed)} tasks are on paper once, in order.",
        by_line=by_line,
        by_packet=by_packet,
        sheets=len(printed),
    )


async def _printed_unheard(there: Site, sender: Client, spoil: Callable[[], None]) -> int:
    """Let orders go at once on a line that is spoiled; how many are on paper without the bus knowing it."""
    paper = there.papers["P1"]
    before = len(list(paper.glob("*.pdf")))
    await there.server.call("pauseDevice", deviceName="P1")
    tasks = await sender.batch("P1", [f"{before} {number}" for number in range(TASKS)])
    await there.server.all_reach(tasks, "QUEUED")
    lost = there.lost_lines()
    spoil()
    await there.server.call("resumeDevice", deviceName="P1")
    await there.gone()
    await until(lambda: there.lost_lines() > lost, 30, "the agent gives up a line that does not answer", every=0.2)
    printed = len(list(paper.glob("*.pdf"))) - before
    pending, unacknowledged = await there.waiting()
    assert pending + unacknowledged == TASKS, "the bus has heard nothing of it"
    return min(printed, unacknowledged)
