"""The agent's journal: SQLite on local disk, written by one thread that commits everything waiting at once."""

import asyncio
import contextlib
import fcntl
import os
import queue
import secrets
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog

from libs.contracts.message import decode
from libs.contracts.orders import PrintDocument
from services.agent.changes import SWEPT, TELL, Change, swept
from services.agent.domain import Known, Step

log = structlog.get_logger()
T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    line INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL, attempt INTEGER NOT NULL, printer TEXT NOT NULL,
    sequence INTEGER NOT NULL, step INTEGER NOT NULL, job INTEGER, data BLOB NOT NULL,
    taken_at INTEGER NOT NULL, changed_at INTEGER NOT NULL, UNIQUE (task, attempt));
CREATE INDEX IF NOT EXISTS open_orders ON orders (line) WHERE step < 90;
CREATE INDEX IF NOT EXISTS ended_orders ON orders (changed_at) WHERE step >= 90;
CREATE TABLE IF NOT EXISTS outbox (
    row INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, data BLOB NOT NULL, traceparent TEXT NOT NULL);
"""


class JournalInUseError(Exception):
    """Another process of this machine has this journal open."""


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An attempt that the journal holds with its order."""

    order: PrintDocument
    step: Step
    job: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A report that waits to be published; its message id is `<journal>:<row>`."""

    row: int
    subject: str
    data: bytes
    traceparent: str


@dataclass(slots=True)
class _Asked:
    """Something for the thread to do, and the future of whoever waits for it."""

    future: asyncio.Future[Any]
    changes: Sequence[Change] = ()
    question: Callable[[sqlite3.Connection], Any] | None = None


class Journal:
    """One agent's journal. `id` is random, made once. `pulse` is set when the outbox has grown.

    Everything goes through one thread: what is waiting when a commit ends is the next transaction. A disk that refuses
    is asked again until it takes the transaction: whoever waits for a step does not go on before it is durable.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _locked(folder / "journal.lock")
        self._connection = sqlite3.connect(folder / "journal.sqlite", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(_SCHEMA)
        self._connection.execute("INSERT OR IGNORE INTO meta VALUES ('id', ?)", (secrets.token_hex(8),))
        self.id: str = self._connection.execute("SELECT value FROM meta WHERE key = 'id'").fetchone()[0]
        self.pulse = asyncio.Event()
        self._queue: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, folder: Path) -> "Journal":
        """Open or make the journal in `folder`. Raises `JournalInUseError`."""
        return cls(folder)  # once, at start, before anything else is going on

    def write(self, *changes: Change) -> "asyncio.Future[None]":
        """Make these changes durable together. In order of asking; may be left unawaited."""
        return self._ask(_Asked(self._loop.create_future(), changes))

    def read(self, question: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Ask the database, after everything that was written before."""
        return self._ask(_Asked(self._loop.create_future(), question=question))

    async def close(self) -> None:
        """Write what is waiting and close; a disk that still refuses is given up."""
        self._closing.set()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()
        os.close(self._lock)

    async def open_orders(self) -> list[OpenOrder]:
        """All attempts that have not ended, in the order in which they were taken."""
        return await self._orders("step < 90")

    async def withdrawn_orders(self) -> list[OpenOrder]:
        """All withdrawn attempts of which something may be left at their printer."""
        return await self._orders(f"step = {Step.WITHDRAWN:d} AND data <> x''")

    async def _orders(self, which: str) -> list[OpenOrder]:
        select = f"SELECT data, step, job FROM orders WHERE {which} ORDER BY line"  # noqa: S608 - our own words
        rows = await self.read(lambda c: c.execute(select).fetchall())
        return [OpenOrder(decode(PrintDocument, data), Step(step), job) for data, step, job in rows]

    async def known(self, tasks: Sequence[str]) -> dict[str, Known]:
        """Of these tasks, the highest attempt that the journal has seen, with the report of its end."""
        marks = ", ".join("?" * len(tasks))
        found = f"task, attempt, step, CASE step WHEN {Step.DONE:d} THEN data ELSE x'' END, sequence"
        select = f"SELECT {found} FROM orders WHERE task IN ({marks}) ORDER BY attempt"  # noqa: S608 - only marks
        rows = await self.read(lambda c: c.execute(select, tuple(tasks)).fetchall())
        return {task: Known(attempt, Step(step), said, sequence) for task, attempt, step, said, sequence in rows}

    async def outbox(self, limit: int) -> list[Row]:
        """The oldest reports that wait to be published."""
        select = "SELECT row, subject, data, traceparent FROM outbox ORDER BY row LIMIT ?"
        rows = await self.read(lambda c: c.execute(select, (limit,)).fetchall())
        return [Row(*row) for row in rows]

    async def fact(self, key: str) -> str | None:
        """One fact about the journal itself, or None."""
        row = await self.read(lambda c: c.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone())
        return row[0] if row else None

    async def sweep(self, before: int) -> None:
        """Forget all attempts that ended before `before` (ms since 1970)."""
        while await self.read(lambda c: c.execute(*swept(before)).rowcount) == SWEPT:
            pass

    def _ask(self, asked: _Asked) -> "asyncio.Future[Any]":
        self._queue.put(asked)
        return asked.future

    def _work(self) -> None:
        """The thread: take all that waits, commit it as one transaction, tell all who wait."""
        while (asked := self._queue.get()) is not None:
            batch: list[_Asked] = [asked]
            with contextlib.suppress(queue.Empty):
                while len(batch) < 1000:
                    following = self._queue.get_nowait()
                    if following is None:
                        self._queue.put(None)
                        break
                    batch.append(following)
            answers = self._persist(batch)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._answer, batch, answers)

    def _persist(self, batch: list[_Asked]) -> list[Any]:
        """The answers to a batch; an `Exception` in the list is for the one who asked what cannot be done."""
        pause = 0.1
        while True:
            try:
                return self._transact(batch)
            except sqlite3.OperationalError as error:  # disk full, input/output error: nothing of ours is wrong
                log.error("journal not written", error=str(error), again_in=pause)  # noqa: TRY400 - the cause is outside
                if self._closing.wait(pause):
                    return [error] * len(batch)
                pause = min(pause * 2, 5.0)
            except (sqlite3.Error, ValueError, TypeError, LookupError) as error:
                if len(batch) == 1:
                    return [error]
                return [self._persist([asked])[0] for asked in batch]

    def _transact(self, batch: list[_Asked]) -> list[Any]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            answers = [self._perform(asked) for asked in batch]
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return answers

    def _perform(self, asked: _Asked) -> Any:
        for statement, values in asked.changes:
            self._connection.execute(statement, values)
        return asked.question(self._connection) if asked.question else None

    def _answer(self, batch: list[_Asked], answers: list[Any]) -> None:
        for asked, answer in zip(batch, answers, strict=True):
            if asked.future.done():
                continue
            if isinstance(answer, Exception):
                asked.future.set_exception(answer)
            else:
                asked.future.set_result(answer)
        if any(statement is TELL for asked in batch for statement, _ in asked.changes):
            self.pulse.set()


def _locked(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise JournalInUseError(f"another process has {path.parent} open: end it, or give this one its own data folder") from None
    return descriptor
