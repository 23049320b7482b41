"""How long lists, lines and sweeps take with a million stored tasks: `python -m bench.listing --tasks 1000000 [--database URL]`."""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.states import Stage, Status
from libs.runtime.database import Database, database
from services.spooler import store
from services.spooler.app import MIGRATIONS
from services.spooler.listing import Filter, listed
from services.spooler.tables import material
from services.spooler.tables import task as table
from services.spooler.task import Step, Task

START = 1_700_000_000_000
CLIENTS, PRINTERS = 20, 10_000
ROUNDS = 100
#: Of 1,000 tasks so many ended badly, and so many were canceled; the newest few are still on their way.
BAD, CANCELED = 3, 10


def made(number: int, count: int) -> Task:
    """One of `count` stored tasks: nearly all are over, the first client has half of all."""
    client = 0 if number % 2 else number % CLIENTS
    printer = number % PRINTERS
    task = Task(
        id=f"CLIENT{client:02d}-{number:012d}", tenant="main", sn=f"CLIENT{client:02d}", source="CLIENT_OPENAPI", from_os="linux",
        name=f"task {number}", seq=number, idx=0, agent=f"AGENT{printer % 100:03d}", printer=f"printer{printer:05d}",
        device=f"Printer {printer}", shard=0, priority=50, created_at=START + number, expires_at=0, traceparent="",
        version=6, conversions=1, lined=False,
    )  # fmt: skip
    if number >= count - 2_000:
        return replace(task, stage=Stage.FETCHABLE, told=Status.QUEUED.value, lined=True)
    if number >= count - 2_500:
        return replace(task, stage=Stage.PRINTING, told=Status.PRINTED.value, step=Step.PRINT, attempt=1, taken=True)
    stage, status = Stage.COMPLETED, Status.FINISHED
    if number % 1_000 < BAD:
        stage, status = Stage.ABORTED, Status.ERROR
    elif number % 1_000 < BAD + CANCELED:
        stage, status = Stage.CANCELED, Status.CANCELED
    return replace(task, stage=stage, told=status.value, attempt=1, ended_at=START + number + 5_000)


async def fill(opened: Database, count: int) -> None:
    """Store them, ten thousand per transaction."""
    fields = store.FIELDS
    for first in range(0, count, 10_000):
        tasks = [made(number, count) for number in range(first, min(first + 10_000, count))]
        async with opened.transaction() as connection:
            await connection.execute(insert(table), [{name: getattr(task, name) for name in fields} for task in tasks])
            await connection.execute(insert(material), [{"task": task.id, "request": b"{}"} for task in tasks])
    async with opened.transaction() as connection:
        await connection.execute(text("ANALYZE"))


def questions(count: int) -> dict[str, Callable[[AsyncConnection], Awaitable[object]]]:
    """What is measured."""
    end = START + count
    mine = Filter("main", "CLIENT00")
    lists = {
        "newest 100": mine,
        "newest 1000": replace(mine, limit=1000),
        "FINISHED": replace(mine, statuses=(Status.FINISHED,)),
        "ERROR, CANCELED": replace(mine, statuses=(Status.ERROR, Status.CANCELED)),
        "every end, 1000": replace(mine, statuses=(Status.FINISHED, Status.ERROR, Status.CANCELED), limit=1000),
        "ERROR in a day's window": replace(mine, statuses=(Status.ERROR,), start=START + count // 3, end=START + count // 2),
        "an old window": replace(mine, start=START + 10, end=START + 5_000),
        "a window without any": replace(mine, start=end + 10, end=end + 20),
        "PARTIAL_PRINTED, none": replace(mine, statuses=(Status.PARTIAL_PRINTED,)),
        "held": replace(mine, stages=(Stage.RELEASE_WAIT,)),
    }
    asked: dict[str, Callable[[AsyncConnection], Awaitable[object]]] = {
        f"list: {name}": lambda connection, wanted=wanted: listed(connection, wanted)  # type: ignore[misc]
        for name, wanted in lists.items()
    }
    printer = f"printer{(count - 1) % PRINTERS:05d}"
    return asked | {
        "line of a printer": lambda connection: store.line(connection, printer, 100),
        "sent counts": lambda connection: store.sent_counts(connection, [printer]),
        "due": lambda connection: store.due(connection, START),
        "printers with a line": store.lines,
        "oldest order": store.oldest_order,
    }


async def measure(opened: Database, count: int) -> None:
    """Print median and 99th percentile of each, in milliseconds."""
    for name, ask in questions(count).items():
        times = []
        for _ in range(ROUNDS):
            async with opened.reading() as connection:
                began = time.perf_counter()
                await ask(connection)
                times.append((time.perf_counter() - began) * 1000)
        print(f"{name:<32} {statistics.median(times):8.2f} {statistics.quantiles(times, n=100)[98]:8.2f}")
    began = time.perf_counter()
    async with opened.transaction() as connection:
        gone = await store.forget_ended(connection, START + 5_000 + 400)
    print(f"{f'purge of {len(gone)}':<32} {(time.perf_counter() - began) * 1000:8.2f}")


@asynccontextmanager
async def stored(url: str) -> AsyncIterator[Database]:
    """An empty database."""
    with tempfile.TemporaryDirectory() as folder:
        async with database(url, Path(folder), "spooler", MIGRATIONS) as opened:
            yield opened


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--database", default="", help="an empty PostgreSQL database; empty: SQLite in a temporary folder")
    given = parser.parse_args()
    async with stored(given.database) as opened:
        began = time.perf_counter()
        await fill(opened, given.tasks)
        print(f"{given.tasks} tasks stored in {time.perf_counter() - began:.0f} s; median and p99 in ms")
        await measure(opened, given.tasks)


if __name__ == "__main__":
    asyncio.run(main())
