"""A Printbus with thousands of printers at simulated agents: started, given tasks, and read what came out."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.processes import Processes, processes
from bench.server import text_task
from bench.stock import Fleet

SERVICES = ("registry", "spooler", "converter", "gateway")
#: Seconds without a new sheet after which the rest is held to be lost; until all printers are listed.
STALLED, LISTED = 60.0, 300.0


class Site:
    """The services as processes, the agents in one more."""

    def __init__(self, ours: Processes, fleet: Fleet, sheets: Path) -> None:
        self.ours = ours
        self._fleet = fleet
        self._sheets = sheets

    async def print(self, tasks: int, *, first: int = 0, printers: range | None = None) -> list[str]:
        """One batch, spread over these printers (all of them) in turn; the ids."""
        over = printers or range(self._fleet.printers)
        wanted = [self.task(first + number, over[number % len(over)]) for number in range(tasks)]
        answer = await self.ours.call("newPrintTaskBatch", tasks=wanted)
        if refused := [each for each in answer if not each.get("taskId")]:
            raise RuntimeError(f"{len(refused)} tasks were not accepted, the first one: {refused[0]}")
        return [str(each["taskId"]) for each in answer]

    def task(self, number: int, printer: int) -> dict[str, Any]:
        """A label for one printer."""
        return {**text_task(number, self._fleet.name(printer)), "controlSn": self._fleet.agent(printer)}

    async def printed(self, tasks: set[str]) -> dict[str, list[float]]:
        """When (time.time) each of these tasks was on paper, as soon as all are or no more come."""
        seen, since = -1, time.monotonic()
        while True:
            found = await asyncio.to_thread(self._read, tasks)
            if len(found) > seen:
                seen, since = len(found), time.monotonic()
            if seen >= len(tasks) or time.monotonic() - since > STALLED:
                return found
            await asyncio.sleep(0.1)

    def _read(self, tasks: set[str]) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for line in self._sheets.read_text().splitlines():
            at, _, task = line.partition(" ")
            if task in tasks:
                found.setdefault(task, []).append(float(at))
        return found


@asynccontextmanager
async def site(folder: Path, fleet: Fleet, *, hang: int = -1) -> AsyncIterator[Site]:
    """Everything runs, and every agent is admitted; the printer `hang` takes tasks and prints none."""
    settings = {"CONVERTER_ENGINES": json.dumps(["text"])}
    async with processes(folder, **settings) as ours:
        await ours.start("registry")
        await ours.stop("registry")
        sn = (ours.data / "sn").read_text().strip()
        await asyncio.to_thread(fleet.store, ours.data / "registry.sqlite", sn)
        await ours.start(*SERVICES, within=LISTED)
        sheets = folder / "sheets.log"
        await asyncio.to_thread(sheets.touch)
        told = ["--url", ours.url, "--keys", str(ours.data / "keys"), "--sheets", str(sheets), "--hang", str(hang)]
        fleets = ["--printers", str(fleet.printers), "--each", str(fleet.each)]
        ours.run("agents", [sys.executable, "-m", "bench.agents", *told, *fleets])
        made = Site(ours, fleet, sheets)
        await _there(ours, fleet)
        yield made


async def _there(ours: Processes, fleet: Fleet) -> None:
    """The last agent's printers are online as the gateway sees them."""
    async with asyncio.timeout(LISTED):
        while True:
            found = await ours.call("listDevices", deviceType="printer")
            if sum(each["status"] >= 1 for each in found if each["name"].startswith("Bench ")) >= fleet.printers:
                return
            await asyncio.sleep(1.0)


def lost_or_doubled(tasks: set[str], found: dict[str, list[float]]) -> list[str]:
    """What of these tasks is not on paper once, in a sentence each."""
    wrong = []
    if lost := len(tasks - found.keys()):
        wrong.append(f"{lost} accepted tasks are not on paper")
    if doubled := sum(len(times) > 1 for times in found.values()):
        wrong.append(f"{doubled} tasks are on paper more than once")
    return wrong
