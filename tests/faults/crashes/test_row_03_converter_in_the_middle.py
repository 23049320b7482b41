"""The converter, its worker or its engine is killed in the middle of a conversion: one PDF, and nothing is left behind."""

import base64
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from libs.contracts.streams import CONVERT
from libs.runtime.bus import Bus, connect
from tests.converter import samples
from tests.faults.rig.ears import listening
from tests.faults.rig.load import client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import Installation, installation
from tests.integration.paper import Sheets
from tests.integration.processes import SERVICES, Processes, processes
from tests.waiting import until

#: Busy for so many seconds, then printed.
SLOW = "<p>words</p><script>for (const end = Date.now() + {ms}; Date.now() < end;) ;</script>"
#: Long enough for a kill to come in the middle.
LONG = "word " * 60_000


def family(running: Processes) -> list[psutil.Process]:
    """The processes below the converter."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(running.pid("converter")).children(recursive=True)
    return []


def named(running: Processes, word: str) -> list[psutil.Process]:
    """Those of them whose command line has this word."""
    found = []
    for each in family(running):
        with suppress(psutil.NoSuchProcess):
            if word in " ".join(each.cmdline()):
                found.append(each)
    return found


def at_work(server: Installation) -> bool:
    """Whether a document is being converted: each has a folder meanwhile."""
    return any((server.data / "conversions").iterdir())


async def kill_in_the_middle(server: Installation, running: Processes, word: str) -> int:
    """Kill the engine processes of this name as soon as a document is with them; how many."""
    await until(lambda: at_work(server) and named(running, word), 60, f"{word} has a document")
    found = named(running, word)
    for each in found:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    return len(found)


async def redelivered(bus: Bus) -> int:
    """How many orders of the browser are out for the second time or more."""
    return int((await bus.js.consumer_info(CONVERT, "converter_html")).num_redelivered or 0)


@pytest.mark.row(3)
@pytest.mark.timeout(300)
async def test_row_03_a_document_is_converted_once_whoever_of_its_converters_dies(row):
    paper: Path = row.folder / "paper"
    async with (
        listening(row.history("receiver")) as ears,
        installation(row.folder, [f"file://{paper}?name=Paper"], CALLBACK_URL=ears.url, CONVERTER_PAGES="1") as server,
        processes(server) as running,
    ):
        for name in SERVICES:
            running.start(name)
        await server.ready(180)
        await server.device("Paper")
        async with client([server.url], server.token, row.history("client")) as sender:
            word = base64.b64encode(samples.word(LONG)).decode()
            await sender.submit("Paper", word, mediaSource="BASE64", mediaFormat="WORD", name="office")
            offices = await kill_in_the_middle(server, running, "soffice.bin")
            await server.reaches(sender.accepted[-1], "FINISHED", within=90)
            page = await sender.submit("Paper", SLOW.format(ms=1500), mediaFormat="HTML", name="page")
            browsers = await kill_in_the_middle(server, running, "type=renderer")
            await server.reaches(page, "FINISHED", within=90)

            slow = await sender.submit("Paper", SLOW.format(ms=4000), mediaFormat="HTML", name="slow")
            await until(lambda: at_work(server) and named(running, "type=renderer"), 60, "it is being converted")
            left = family(running)
            begun = time.monotonic()
            await running.kill("converter")
            await until(lambda: not [each for each in left if each.is_running()], 20, "its engines die with it")
            died = time.monotonic() - begun
            running.start("converter")
            bus = await connect(running.url, "admin", server.data / "keys" / "admin.creds")
            try:
                await until(lambda: redelivered(bus), 60, "the order is out again, and counted", every=0.1)
            finally:
                await bus.close()
            await server.reaches(slow, "FINISHED", within=90)
            took = time.monotonic() - begun
            assert dict(await settled([sender])) == {"FINISHED": 3}
            await ears.all_ended(set(sender.accepted))
            assert sorted(note_folder(row.history("paper"), paper)) == sorted(sender.accepted)
            assert "words" in Sheets(paper / f"{slow}.pdf").words
        await until(lambda: not at_work(server), 10, "no temporary file is left")
        stored = [path.name for path in (server.data / "documents").rglob("*") if path.is_file()]
        assert len([name for name in stored if name.startswith("printable")]) <= 3
        left = family(running)
        assert set((await running.end()).values()) == {0}
        await until(lambda: not [each for each in left if each.is_running()], 20, "no stray process")
        assert not list((server.data / "engines").iterdir())
    row.did(
        f"Three documents: while the first was with LibreOffice its {offices} process(es) were killed, while the second was being "
        f"rendered {browsers} renderer(s) of the browser, while the third was, the converter itself (kill -9)."
    )
    row.check()
    row.saw(
        "Three documents, each printed once. A killed engine is replaced, and the document tried again. Of a killed converter "
        f"every process was gone after {died:.1f} s; its order came again when its lease of 20 s was over (the bus counts it as "
        f"redelivered), and was on paper {took:.0f} s after the kill. No temporary file, no stray process.",
        engines_died=round(died, 2),
        again=round(took, 1),
    )
