"""The outbox: messages that are saved with the states they follow from, and published in that order (design.md rule 3)."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Iterable
from itertools import islice

import structlog
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.bulk import Bulk
from libs.runtime.bus import Bus, NotStored, Outgoing, Unanswered
from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import Database, whole

log = structlog.get_logger()

#: Messages in one atomic batch, and the bytes that one may hold.
BATCH = 500
BATCH_BYTES = 16 * 1024 * 1024
#: Rows of one stream that are kept in memory for its publisher; when it is further behind, it reads the table.
IN_MEMORY = 2000
_COLUMNS = ("id", "stream", "subject", "message_id", "headers", "data")


def outbox_table(metadata: MetaData) -> Table:
    """Rows in the order of their making; a row is deleted only on its own acknowledgement."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        Column("stream", String(32), nullable=False),
        Column("subject", String(512), nullable=False),
        Column("message_id", String(256), nullable=False),
        Column("headers", String(1024), nullable=False),
        Column("data", LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )


class Outbox:
    """Staging in the caller's transaction; one publisher per stream, one atomic batch in flight each.

    `lock` is what the caller holds around its transactions: there is one writer.
    """

    def __init__(self, database: Database, table: Table, bus: Bus, streams: Iterable[str], lock: asyncio.Lock) -> None:
        self._database = database
        self._lock = lock
        self._table = table
        self._bus = bus
        self.streams = tuple(streams)
        self._wanted = {stream: asyncio.Event() for stream in self.streams}
        self._done: dict[str, list[int]] = {stream: [] for stream in self.streams}
        self._busy = dict.fromkeys(self.streams, False)
        self._forgetting: dict[str, int] = {}
        self._last: int | None = None
        self._staged: list[tuple[str, int, Outgoing]] = []
        self._add = Bulk.inserting(table, _COLUMNS)
        self._drop = delete(table).where(table.c.id.between(bindparam("first"), bindparam("last")))
        self._fresh: dict[str, deque[tuple[int, Outgoing]]] = {stream: deque() for stream in self.streams}
        #: Streams of which all rows that are not published yet are in `_fresh` too; of others the table is read.
        self._in_memory: set[str] = set()

    async def stage(self, connection: AsyncConnection, messages: Iterable[tuple[str, Outgoing]]) -> set[str]:
        """Insert (stream, message) pairs; returns the streams to tell `committed` of."""
        if self._staged:  # nobody said what became of the transaction before: it may be saved all the same
            self._in_memory.clear()
        self._staged = await self._numbered(connection, messages)
        if self._staged:
            await self._add.run(connection, [_Row(*each) for each in self._staged])
        await self._forget(connection)
        return {stream for stream, _, _ in self._staged}

    async def _numbered(
        self, connection: AsyncConnection, messages: Iterable[tuple[str, Outgoing]]
    ) -> list[tuple[str, int, Outgoing]]:
        """Messages with the ids of their rows: ours go up from what the table has, and there is no other writer."""
        if self._last is None:
            self._last = int((await connection.execute(select(func.max(self._table.c.id)))).scalar() or 0)
        numbered = [(stream, number, out) for number, (stream, out) in enumerate(messages, self._last + 1)]
        self._last += len(numbered)
        return numbered

    def committed(self, streams: Iterable[str]) -> None:
        """The transaction of `stage` is committed: there is something to publish, and what it deleted is gone."""
        for stream, rows in self._done.items():
            del rows[: self._forgetting.get(stream, 0)]
        self._forgetting = {}
        if streams:
            self._remember()
        for stream in streams:
            self._wanted[stream].set()

    def _remember(self) -> None:
        """Hand what is saved to the publishers, as long as they keep up."""
        for stream, number, out in self._staged:
            if stream in self._in_memory:
                self._fresh[stream].append((number, out))
                if len(self._fresh[stream]) > IN_MEMORY:
                    self._in_memory.discard(stream)
        self._staged = []

    async def publish(self, stream: str) -> None:
        """Publish this stream's rows for ever; a body for `Service.loop`."""
        wanted = self._wanted[stream]
        wanted.set()
        self._in_memory.discard(stream)
        after = 0
        while True:
            try:
                await asyncio.wait_for(wanted.wait(), 1.0 if self._done[stream] else None)
            except TimeoutError:
                await self._flush(stream)
                continue
            self._busy[stream] = True
            wanted.clear()
            more = True
            while more:  # what is committed after the look sets `wanted` again
                rows, more = await self._next(stream, after)
                if not rows:
                    break
                await self._send(stream, [out for _, out in rows])
                crashpoint("outbox-after-published")
                after = rows[-1][0]
                self._done[stream].extend(row for row, _ in rows)
            self._busy[stream] = False

    async def drained(self, stream: str, within: float = 10.0) -> None:
        """Wait until everything committed for this stream is published; call it while nothing new can be committed.

        Raises `Unanswered` after so many seconds.
        """
        deadline = time.monotonic() + within
        self._wanted[stream].set()
        while self._wanted[stream].is_set() or self._busy[stream]:
            if time.monotonic() > deadline:
                raise Unanswered(f"{stream} still has unpublished messages")
            await asyncio.sleep(0.005)

    async def _next(self, stream: str, after: int) -> tuple[list[tuple[int, Outgoing]], bool]:
        """The next rows that make one batch, and whether there were more."""
        fresh = self._fresh[stream]
        while fresh and fresh[0][0] <= after:
            fresh.popleft()
        if stream in self._in_memory:
            return _portion(list(islice(fresh, BATCH)))
        rows, more = _portion(await self._read(stream, after))
        if more:  # the table has rows that memory has not
            self._in_memory.discard(stream)
        return rows, more

    async def _read(self, stream: str, after: int) -> list[tuple[int, Outgoing]]:
        """From the table: what was saved before our time, or what became too much. From its end on, memory has it all."""
        self._fresh[stream].clear()
        self._in_memory.add(stream)  # before the look: what is committed from now on is remembered, and told apart by its id
        table = self._table
        wanted = select(table).where(table.c.stream == stream, table.c.id > after).order_by(table.c.id).limit(BATCH)
        async with self._database.reading() as connection:
            found = (await connection.execute(wanted)).all()
        return [(row.id, Outgoing(row.subject, row.data, row.message_id, json.loads(row.headers))) for row in found]

    async def _send(self, stream: str, batch: list[Outgoing]) -> None:
        """Until it is stored: what is in the outbox was decided, so there is no giving up."""
        while True:
            try:
                await self._bus.publish_batch(stream, batch)
            except (NotStored, Unanswered) as error:
                log.warning("outbox waits", stream=stream, messages=len(batch), error=str(error))
                await asyncio.sleep(1.0)
            else:
                return

    async def _forget(self, connection: AsyncConnection) -> None:
        """Delete the acknowledged rows in a transaction that is made anyway; should it fail, they stay for the next."""
        if runs := _runs(sorted(row for rows in self._done.values() for row in rows)):
            await connection.execute(self._drop, [{"first": first, "last": last} for first, last in runs])
        self._forgetting = {stream: len(rows) for stream, rows in self._done.items()}

    async def _flush(self, stream: str) -> None:
        """Delete the acknowledged rows when there was no other transaction for a second."""
        if self._done[stream]:
            await whole(self._delete())

    async def _delete(self) -> None:
        if self._lock.locked():
            return  # that transaction deletes them; and its owner may be waiting in `drained` for this very publisher
        async with self._lock, self._database.transaction() as connection:
            await self._forget(connection)
        self.committed(())


def _portion(found: list[tuple[int, Outgoing]]) -> tuple[list[tuple[int, Outgoing]], bool]:
    """What of these rows makes one batch, and whether there may be more."""
    size = 0
    for at, (_, out) in enumerate(found):
        size += len(out.data)
        if at and size > BATCH_BYTES:
            return found[:at], True
    return found, len(found) == BATCH


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of ascending numbers without a gap."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


class _Row:
    """A message as a row of the table."""

    __slots__ = _COLUMNS

    def __init__(self, stream: str, number: int, out: Outgoing) -> None:
        self.id, self.stream, self.subject, self.message_id, self.data = number, stream, out.subject, out.message_id, out.data
        self.headers = json.dumps(dict(out.headers)) if out.headers else "{}"
