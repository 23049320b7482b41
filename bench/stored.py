"""Accepting and listing while much is stored: a small and a large Printbus by turns, and the large one as it grows (P8)."""

import asyncio
import itertools
import json
from contextlib import AsyncExitStack
from pathlib import Path

from bench.load import Loaded, load
from bench.processes import Processes, processes
from bench.run import Run
from bench.server import text_task
from bench.stock import Fleet, ended, multiply, yesterday

#: Tasks and printers of each.
SMALL, LARGE = (1_000, 10), (1_000_000, 10_000)
STEPS = (1_000, 10_000, 100_000, 1_000_000)
ACCEPTED, LISTED = 1000, 400
CONNECTIONS = 4
#: Seconds within which the registry has told everybody of so many new printers.
FIRST = 300.0
P8, GROWTH = "P8", "growth-stored"
ACCEPT_GOAL, LIST_GOAL = "accept p99, by that of a small one", "listTasks p99, by that of a small one"
SERVICES = ("registry", "spooler", "gateway")


class Stocked:
    """A Printbus with printers that are not there, whose spooler holds as many ended tasks as it is told."""

    def __init__(self, run: Run, folder: Path, ours: Processes, fleet: Fleet) -> None:
        self._run = run
        self._folder = folder
        self._ours = ours
        self._fleet = fleet
        self._template = ""
        self._numbers = itertools.count()
        self._since = yesterday()
        self.held = 0

    async def begin(self) -> None:
        """Printers, and the one real task of which all others are copies."""
        await self._ours.start("registry")
        await self._ours.stop("registry")
        sn = (self._ours.data / "sn").read_text().strip()
        await asyncio.to_thread(self._fleet.store, self._ours.data / "registry.sqlite", sn)
        await self._ours.start(*SERVICES, within=FIRST)
        await self._ours.decided()
        self._template = (await self.accept(1)).tasks[0]
        await self.list(1)

    async def grow(self, tasks: int) -> None:
        """Hold so many ended tasks; the spooler is away meanwhile."""
        await self._ours.stop("spooler")
        database = self._ours.data / "spooler.sqlite"
        await asyncio.to_thread(multiply, database, self._template, range(self.held, tasks), ended(self._since))
        self.held = tasks
        await self._ours.start("spooler")
        await self._ours.decided()
        await self.accept(50)
        await self.list(20)

    async def accept(self, count: int) -> Loaded:
        """Tasks one by one, each for another printer."""
        bodies = [self._task(next(self._numbers)) for _ in range(count)]
        return await load(self._folder, self._ours.target(), bodies, connections=min(count, CONNECTIONS))

    async def list(self, count: int) -> Loaded:
        """Lists as people ask for them: the newest, those that went wrong, a window of time."""
        asked: list[dict[str, object]] = [
            {"limit": 100},
            {"limit": 100, "statusList": ["ERROR", "CANCELED"]},
            {"limit": 100, "startTime": self._since + self.held // 3, "endTime": self._since + self.held // 2},
        ]
        bodies = [json.dumps({"command": "listTasks", "data": asked[each % len(asked)]}).encode() for each in range(count)]
        return await load(self._folder, self._ours.target(), bodies, connections=min(count, CONNECTIONS))

    def _task(self, number: int) -> bytes:
        printer = number * 7919 % self._fleet.printers
        task = {**text_task(number, self._fleet.name(printer)), "controlSn": self._fleet.agent(printer)}
        return json.dumps({"command": "newPrintTask", "data": {"task": task}}).encode()


async def take(run: Run) -> None:
    """Gateway, registry and spooler of both run all the time; converters and agents do not: nothing is printed."""
    async with AsyncExitStack() as stack:
        small = await _begun(run, stack, "small", run.scale(SMALL[1], 10))
        large = await _begun(run, stack, "large", run.scale(LARGE[1], 200))
        await small.grow(run.scale(SMALL[0], 100))
        for tasks in STEPS:
            if tasks <= run.scale(STEPS[-1], STEPS[1]):
                await large.grow(tasks)
                run.say(f"{tasks} tasks are stored")
                await _point(run, large)
        if run.wants(GROWTH):
            run.complete(of=GROWTH)
        if run.wants(P8):
            await _turns(run, small, large)


async def _begun(run: Run, stack: AsyncExitStack, name: str, printers: int) -> Stocked:
    ours = await stack.enter_async_context(processes(run.folder / name))
    made = Stocked(run, run.folder / name, ours, Fleet(printers))
    await made.begin()
    return made


async def _point(run: Run, large: Stocked) -> None:
    """How the large one does with what it holds now."""
    if not run.wants(GROWTH):
        return
    for name, seen in (
        ("newPrintTask", await large.accept(run.scale(ACCEPTED, 100))),
        ("listTasks", await large.list(run.scale(LISTED, 50))),
    ):
        for word, value in (("median", seen.p50), ("p99", seen.p99)):
            run.point(f"{name}, {word}", ("tasks stored", large.held), ("ms", value), of=GROWTH)


async def _turns(run: Run, small: Stocked, large: Stocked) -> None:
    units = {f"{what}, {size}": "ms" for what in ("accept p99", "listTasks p99") for size in ("large", "small")}

    async def turn(size: str, one: Stocked) -> dict[str, float]:
        accepted = await one.accept(run.scale(ACCEPTED, 100))
        listed = await one.list(run.scale(LISTED, 50))
        return {f"accept p99, {size}": accepted.p99, f"listTasks p99, {size}": listed.p99}

    await run.turns(units, {"large": lambda _: turn("large", large), "small": lambda _: turn("small", small)}, of=P8)
    run.note(
        f"Small: {small.held:,} tasks; large: {large.held:,}, whose printers stand at a hundred agents. {CONNECTIONS} connections. "
        "Stored tasks are ended ones, written into the database; gateway, registry and spooler run, nothing is printed.",
        of=P8,
    )
    run.compare(ACCEPT_GOAL, "accept p99, large", "accept p99, small", of=P8)
    run.compare(LIST_GOAL, "listTasks p99, large", "listTasks p99, small", of=P8)
