"""P4: from submitting a small PDF to the printer's first byte."""

import asyncio
import base64
import io
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pikepdf

from bench.measure import Measure, at_most
from bench.paper import Tray, problems
from bench.peers.lp import Lp, lp, said
from bench.peers.wiretap import Wire, wire
from bench.run import Run
from bench.server import listed, server
from demo.printers.eve import EvePrinter
from demo.server import Server

DOCUMENTS = 8
EVERYWHERE, RAW = "Driverless", "Untouched"
OURS, DRIVERLESS, UNTOUCHED = "ours", "lp, everywhere queue", "lp, raw queue"
#: Whether what was sent is over for whoever sent it.
Over = Callable[[], Awaitable[bool]]
GOAL = "submit to first byte, p50, by lp's"


async def take(run: Run) -> None:
    """One printer behind one wire; whoever has sent waits until the printer is idle again."""
    document = run.folder / "small.pdf"
    document.write_bytes(small_pdf())
    content = base64.b64encode(small_pdf()).decode()
    (run.folder / "eve").mkdir()
    ids: list[str] = []
    async with AsyncExitStack() as stack:
        printer = await stack.enter_async_context(EvePrinter(run.folder / "eve"))
        tap = await stack.enter_async_context(wire(printer.port))
        uri = f"ipp://localhost:{tap.port}/ipp/print"
        peer = await stack.enter_async_context(lp(run.folder, max_jobs=500))
        await peer.cupsd.add_queue(EVERYWHERE, uri, "everywhere")
        await peer.cupsd.add_queue(RAW, uri)
        started = await stack.enter_async_context(server(run.folder / "ours", [f"{uri}?name=Office"], CONVERTER_ENGINES='["pdf"]'))
        await listed(started, "Office")

        async def ours(_: int) -> float:
            return await _middle(run, printer, tap, lambda: _submit(started, content, ids))

        async def driverless(_: int) -> float:
            return await _middle(run, printer, tap, lambda: _lp(peer, document, EVERYWHERE))

        async def untouched(_: int) -> float:
            return await _middle(run, printer, tap, lambda: _lp(peer, document, RAW))

        for once in (ours, driverless, untouched):
            await once(0)
        sides = {OURS: ours, DRIVERLESS: driverless, UNTOUCHED: untouched}
        await run.turns(dict.fromkeys(sides, "ms"), sides)
        run.checked(f"{len(ids)} tasks that were accepted against the printer's paper", problems(ids, Tray(printer).tasks()))
    run.note(
        f"The median of {run.scale(DOCUMENTS, 2)} documents is a repeat; seen on a wire before an ippeveprinter. The goal is held "
        "against the everywhere queue, which is what a driverless printer gets from CUPS; the raw queue hands the file on as it is."
    )
    run.compare(GOAL, OURS, DRIVERLESS)


async def _middle(run: Run, printer: EvePrinter, tap: Wire, send: Callable[[], Awaitable[Over]]) -> float:
    """Milliseconds from the moment of sending to the document's first byte, the median of some."""
    times = []
    for _ in range(run.scale(DOCUMENTS, 2)):
        wires, sheets = len(tap.passed), Tray(printer).count()
        begun = time.perf_counter()
        after = await send()
        times.append(1000 * (await tap.next(wires) - begun))
        async with asyncio.timeout(60):
            while Tray(printer).count() <= sheets or not await after():  # noqa: ASYNC110 - the printer is another process
                await asyncio.sleep(0.05)
    return statistics.median(times)


async def _submit(started: Server, document: str, ids: list[str]) -> Over:
    task = {"name": "small", "deviceName": "Office", "mediaSource": "BASE64", "mediaFormat": "PDF", "content": document}
    found = await started.call("newPrintTask", task=task)
    ids.append(found["taskId"])

    async def over() -> bool:
        seen = await started.call("getTask", taskId=found["taskId"])
        return bool(seen["status"] == "FINISHED")

    return over


async def _lp(peer: Lp, document: Path, queue: str) -> Over:
    await peer.print(document, queue)

    async def over() -> bool:
        return not await said("lpstat", "-h", peer.cupsd.server, "-o", queue)

    return over


def small_pdf() -> bytes:
    """A page with a line of text."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = pdf.make_stream(b"BT /F1 24 Tf 72 720 Td (A small page.) Tj ET")
    held = io.BytesIO()
    pdf.save(held)
    return held.getvalue()


MEASURE = Measure(
    number="P4",
    title="submit to the printer's first byte, small PDF, p50",
    against="lp to the same printer",
    expected=115,
    take=take,
    goals=(at_most(GOAL, 0.8),),
)
