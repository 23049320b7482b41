"""P9: a restart with 100,000 queued tasks, until it is ready."""

import asyncio
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.measure import Measure, at_most
from bench.run import Run
from bench.server import listed, server, text_task
from bench.stock import multiply
from demo.server import Server

MANY, FEW = 100_000, 1_000
PRINTERS = 10
SMALLER = {"MANY": 2_000, "FEW": 100}
GROWTH, SECONDS = "restart to ready, by that with 1,000 queued tasks", "restart to ready with 100,000 queued tasks"


async def take(run: Run) -> None:
    """Ten paused printers with a real waiting task each, whose rows are written again until there are enough."""
    names = [f"Paper {number}" for number in range(PRINTERS)]
    entries = [f"file://{run.folder}/paper/{number}?name=Paper%20{number}" for number in range(PRINTERS)]
    origin = run.folder / "origin"
    waiting = await _waiting(origin, entries, names)
    many, few = run.scale(MANY, SMALLER["MANY"]), run.scale(FEW, SMALLER["FEW"])
    folders: dict[str, Path] = {}
    for name, count in ((f"with {many:,} queued", many), (f"with {few:,} queued", few)):
        folders[name] = run.folder / str(count)
        await asyncio.to_thread(shutil.copytree, origin, folders[name])
        await asyncio.to_thread(_fill, folders[name] / "data" / "spooler.sqlite", waiting, count)
    for folder in folders.values():
        await _ready(folder, entries, names)
    sides = {name: lambda _, folder=folder: _ready(folder, entries, names) for name, folder in folders.items()}
    await run.turns(dict.fromkeys(sides, "s"), sides)
    wrong = [sentence for folder, count in zip(folders.values(), (many, few), strict=True) for sentence in _lost(folder, count)]
    run.checked("the queued tasks after the last restart, counted", wrong)
    run.note(f"Queued for {PRINTERS} paused printers; a restart is a stop in good order, then the time from the start to /readyz.")
    large, small = folders
    run.compare(GROWTH, large, small)
    run.compare(SECONDS, large)


async def _waiting(folder: Path, entries: list[str], names: list[str]) -> list[str]:
    """A task that waits at each printer, all of them paused."""
    async with server(folder, entries) as started:
        await listed(started, *names)
        for name in names:
            await started.call("pauseDevice", deviceName=name)
        told = await started.call("newPrintTaskBatch", tasks=[text_task(number, name) for number, name in enumerate(names)])
        tasks = [str(each["taskId"]) for each in told]
        async with asyncio.timeout(60):
            while await _statuses(started, tasks) != {"QUEUED"}:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.1)
    return tasks


async def _statuses(started: Server, tasks: list[str]) -> set[str]:
    found: list[dict[str, Any]] = [await started.call("getTask", taskId=task) for task in tasks]
    return {each["status"] for each in found}


def _fill(database: Path, waiting: list[str], count: int) -> None:
    each = count // len(waiting) - 1
    for place, task in enumerate(waiting):
        numbers = range(place * each, place * each + each)
        multiply(database, task, numbers, {"idx": f"n + {len(waiting)}", "created_at": "one.created_at + n"})


async def _ready(folder: Path, entries: list[str], names: list[str]) -> float:
    """Seconds from the start to ready; it is stopped in good order afterwards."""
    begun = time.perf_counter()
    async with server(folder, entries) as started:
        taken = time.perf_counter() - begun
        await listed(started, *names)
    return taken


def _lost(folder: Path, count: int) -> list[str]:
    with closing(sqlite3.connect(folder / "data" / "spooler.sqlite")) as connection:
        (found,) = connection.execute("SELECT count(*) FROM task WHERE lined AND told = 'QUEUED'").fetchone()
    return [] if found == count else [f"{found} of {count} tasks are queued still"]


MEASURE = Measure(
    number="P9",
    title="restart to ready with 100,000 queued tasks",
    against="the same server with 1,000",
    expected=90,
    take=take,
    goals=(at_most(GROWTH, 3), at_most(SECONDS, 10, "s")),
)
