"""`make demo`: five documents through `POST /openapi` onto the paper of a real IPP printer and of a CUPS queue."""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pypdfium2

from demo.callbacks import Callbacks, receiving
from demo.documents import Sample, samples
from demo.printers.cupsd import PrivateCupsd
from demo.printers.eve import EvePrinter
from demo.printers.paper import Paper
from demo.server import Failed, Server

PAPER = Path("paper")
OFFICE, ARCHIVE = "Office", "Archive"
NEXT = 'next: look at ./paper, then `make up` and, in another window, what README.md says under "Print from curl"'
#: Seconds that five documents may take, engines' first start included.
PATIENCE = 180.0


class Show:
    """What the demo says, each line with the seconds since it began."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    def line(self, text: str) -> None:
        """One line."""
        sys.stdout.write(f"{time.monotonic() - self._begun:6.1f} s  {text}\n")
        sys.stdout.flush()

    def event(self, event: dict[str, Any]) -> None:
        """One callback event."""
        name = event["task"]["taskName"]
        change = f"{event['oldStatus']} -> {event['newStatus']}" if "newStatus" in event else event["task"]["status"]
        self.line(f"   {name:<8} {event['name']:<22} {change}")


async def demo() -> None:
    """Start printers and server, print, verify, stop. Raises `Failed`."""
    show = Show()
    PAPER.mkdir(exist_ok=True)  # noqa: ASYNC240 - nothing else runs yet
    folder = Path(tempfile.mkdtemp(prefix="printbus-demo-"))
    log = (PAPER / "demo.log").absolute()
    try:
        show.line("1/5  starting an IPP Everywhere printer (ippeveprinter) and a cupsd with one queue")
        async with (
            EvePrinter(folder / "office", name=OFFICE) as office,
            PrivateCupsd() as cupsd,
            receiving(show.event) as callbacks,
        ):
            archive = await cupsd.add_paper(ARCHIVE)
            printers = [f"{office.uri}?name={OFFICE}", f"cups://{cupsd.server}/{ARCHIVE}"]
            show.line(f"     {printers[0]} and {printers[1]}")
            show.line(f"2/5  starting Printbus, all services in one process (log: {log})")
            settings = {"PRINTBUS_PRINTERS": json.dumps(printers), "PRINTBUS_CALLBACK_URL": callbacks.url}
            async with Server(folder / "data", log, settings) as server:
                await run(show, server, callbacks, office, archive)
        show.line("stopped everything")
        show.line(NEXT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def run(show: Show, server: Server, callbacks: Callbacks, office: EvePrinter, archive: Paper) -> None:
    """The steps with everything running."""
    show.line(f"     ready at {server.address}/openapi, SN {server.sn}")
    await devices(server)
    wanted = samples(OFFICE, ARCHIVE)
    show.line("3/5  printing five documents: POST /openapi newPrintTask")
    tasks: dict[str, Sample] = {}
    for sample in wanted:
        answer = await server.call("newPrintTask", task={"name": sample.name, "deviceName": sample.printer, **sample.task})
        tasks[answer["taskId"]] = sample
    show.line("4/5  their states, as the callback URL hears them")
    if missing := await callbacks.wait_for(set(tasks), PATIENCE):
        raise Failed(
            f"not ended after {PATIENCE:.0f} s: {', '.join(tasks[task].name for task in missing)} (log: see paper/demo.log)"
        )
    for task, status in callbacks.ended.items():
        if status != "FINISHED":
            raise Failed(f"{tasks[task].name} ended as {status} (log: see paper/demo.log)")
    show.line("5/5  what came out of the printers")
    for task, sample in tasks.items():
        show.line(f"     {verify(task, sample, office, archive)}")


async def devices(server: Server) -> None:
    """Wait until both printers are listed and online."""
    for _ in range(300):
        listed = await server.call("listDevices", deviceType="printer")
        if {device["name"] for device in listed if device["status"]} >= {OFFICE, ARCHIVE}:
            return
        await asyncio.sleep(0.1)
    raise Failed(f"the printers {OFFICE} and {ARCHIVE} are not both online after 30 s (log: see paper/demo.log)")


def verify(task: str, sample: Sample, office: EvePrinter, archive: Paper) -> str:
    """The document as the printer got it, left in ./paper; returns a line about it."""
    if sample.printer == OFFICE:
        came = [printed.path.read_bytes() for printed in office.documents() if printed.job_name.startswith(task)]
    else:
        came = [line.bytes() for line in archive.ended() if line.title.startswith(task)]
    if len(came) != 1:
        raise Failed(f"{sample.name} is {len(came)} times on the paper of {sample.printer}, and should be there once")
    target = PAPER / f"{sample.name}.pdf"
    target.write_bytes(came[0])
    document = pypdfium2.PdfDocument(came[0])
    text = "".join(page.get_textpage().get_text_range() for page in document)
    if len(document) != sample.pages or sample.word not in text:
        raise Failed(f"{target} has {len(document)} pages and should have {sample.pages}, with the words {sample.word!r}")
    width, height = (round(points * 25.4 / 72) for points in document[0].get_size())
    return f"{target}  {len(document)} page{'s' if len(document) > 1 else ''}, {width} x {height} mm, once on {sample.printer}"


if __name__ == "__main__":
    try:
        asyncio.run(demo())
    except Failed as failed:
        sys.exit(f"\nThe demo failed: {failed}")
    except KeyboardInterrupt:
        sys.exit("\ninterrupted")
