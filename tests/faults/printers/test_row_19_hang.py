"""Row 19: printers that take 4 KB and no more, that never answer, that take a byte a second."""

import asyncio
import time

import pytest

from services.agent.stall import NOT_READING
from tests.faults.rig.ippfake import FakePrinter
from tests.faults.rig.paper import note_bytes
from tests.faults.rig.rawport import RawPort
from tests.faults.rig.shopfloor import Shopfloor, shopfloor
from tests.waiting import until

#: Seconds after which a printer has given up, in this test; 600 by default.
LIMIT = 8.0
#: How late the sentence may be, in seconds.
LATE = 5.0


@pytest.mark.row(19)
@pytest.mark.timeout(180)
async def test_row_19_printers_that_hang_say_so_and_hold_up_nobody(row, tmp_path):
    async with (
        FakePrinter("Deaf", row.history("Deaf"), deaf_after=4096, window=4096) as deaf,
        FakePrinter("Mute", row.history("Mute")) as mute,
        RawPort("Crawl", rate=1.0) as crawl,
        RawPort("Stuck", stops_after=4096) as stuck,
        FakePrinter("Good", row.history("Good")) as good,
        shopfloor(
            row,
            tmp_path,
            [each.entry for each in (deaf, mute, crawl, stuck, good)],
            CONVERTER_ENGINES='["text", "image"]',
            STALL_LIMIT=str(LIMIT),
            UNKNOWN_POLICY="give-up",
        ) as at,
    ):
        for name in ("Deaf", "Mute", "Crawl", "Stuck", "Good"):
            await at.server.device(name)
        mute.hang = True
        row.did(
            "One agent with five printers: an IPP printer that reads 4 KB of a document and no more, one that stops to answer IPP "
            "altogether, a port 9100 that stops after 4 KB, one that reads a byte a second, and a good one. "
            f"A printer has given up after {LIMIT:.0f} s (PRINTBUS_STALL_LIMIT; 600 by default)."
        )
        hung = {
            "Deaf": await at.photo("Deaf", 6000),
            "Mute": await at.submit("Mute", "nobody answers"),
            "Crawl": await at.photo("Crawl", 200),
            "Stuck": await at.photo("Stuck", 6000),
        }
        behind = {name: await at.submit(name, "the next one") for name in ("Deaf", "Stuck")}

        told: dict[str, float] = {}
        sentences: dict[str, str] = {}
        slowest = 0.0

        async def good_ones() -> None:
            nonlocal slowest
            for number in range(10):
                since = time.monotonic()
                task = await at.submit("Good", f"number {number}")
                await at.shows(task, status="FINISHED", within=20)
                slowest = max(slowest, time.monotonic() - since)

        await asyncio.gather(_all_told(at, hung, told, sentences), good_ones())
        for name, seconds in told.items():
            assert seconds <= (15.0 if name == "Mute" else NOT_READING) + LATE, (name, seconds, sentences[name])
        for name in ("Deaf", "Stuck"):
            assert f"The printer {name} is not reading" in sentences[name] or "stopped reading" in sentences[name]
        assert "The printer Crawl is not reading: it has taken" in sentences["Crawl"]
        assert "Mute" in sentences["Mute"]
        assert slowest < 5
        shown = "; ".join(f"{name} after {seconds:.1f} s: “{sentences[name]}”" for name, seconds in told.items())
        row.saw(f"Each task says what its printer does: {shown}", told={name: round(value, 1) for name, value in told.items()})
        row.saw(f"Meanwhile 10 tasks of the good printer took at most {slowest:.1f} s each.", slowest_good=round(slowest, 2))

        since = time.monotonic()
        await at.shows(behind["Deaf"], status="FINISHED", within=40)
        freed = time.monotonic() - since
        ends = {name: (await at.shows(hung[name], status="ERROR", within=40))[0] for name in ("Crawl", "Stuck")}
        assert {end["reason"] for end in ends.values()} == {"outcome-unknown"}
        stuck.read_on()
        await at.shows(behind["Stuck"], status="FINISHED", within=40)
        later, _ = await at.shows(hung["Deaf"], message="stopped reading", within=40)
        assert (later["status"], later["pagesDone"]) == ("QUEUED", 0)
        row.saw(
            "The lanes are free after the limit: the task behind the IPP printer that stopped reading was printed "
            f"({freed:.1f} s after all four were told), the stuck one is a failure that is tried again later, and on port 9100, "
            "where nobody can say what is on paper, the outcome is unknown and the policy (here: give up) applied."
        )
        mute.hang = False
        await at.shows(hung["Mute"], status="FINISHED", within=40)
        row.saw("The printer that did not answer printed its task by itself when it answered again.")
        whole = [job for job in stuck.jobs if job.rstrip().endswith(b"%%EOF")]
        assert len(whole) == 1
        note_bytes(row.history("Stuck"), f"{behind['Stuck']}.1", whole[0])

        async def canceled() -> bool:
            await at.server.post("cancelTask", {"taskId": hung["Deaf"]})
            return (await at.task(hung["Deaf"]))["status"] == "CANCELED"

        await until(canceled, 60, "it is canceled between two attempts", every=0.5)
        row.saw("The task that the IPP printer does not take could be canceled while it waited for its next attempt.")
    row.check()


async def _all_told(at: Shopfloor, hung: dict[str, str], told: dict[str, float], sentences: dict[str, str]) -> None:
    """Wait until each task says what is the matter: how many seconds after it was given to its printer, and in what words."""
    began = dict.fromkeys(hung, 0.0)

    async def all_told() -> bool:
        for name, task in hung.items():
            shown = await at.task(task)
            now = time.monotonic()
            if not began[name] and (shown["status"] == "PRINTING" or name == "Mute"):
                began[name] = now
            if began[name] and name not in told and "not" in shown["message"]:
                told[name], sentences[name] = now - began[name], shown["message"]
        return len(told) == len(hung)

    await until(all_told, 60, "each says what is the matter", every=0.1)
