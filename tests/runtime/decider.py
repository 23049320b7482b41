"""A small service with a database, as `libs.runtime.commit` wants one: its tables, and everything wired."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, func, select

from libs.runtime.backlog import Flows
from libs.runtime.bus import Bus
from libs.runtime.commit import Commit, cursor_table
from libs.runtime.database import Database, database
from libs.runtime.ending import end
from libs.runtime.fairinput import FairInput
from libs.runtime.inputs import Input
from libs.runtime.lease import Lease, lease_table
from libs.runtime.outbox import Outbox, outbox_table
from libs.runtime.reader import OrderedReader
from tests.waiting import until

MIGRATIONS = Path(__file__).parent / "migrations"
metadata = MetaData()
lease = lease_table(metadata)
outbox = outbox_table(metadata)
cursors = cursor_table(metadata)
fact = Table("fact", metadata, Column("number", BigInteger, primary_key=True), Column("word", Text, nullable=False))


@asynccontextmanager
async def store(url: str, folder: Path, service: str = "decider") -> AsyncIterator[Database]:
    async with database(url, folder, service, MIGRATIONS) as opened:
        yield opened


async def rows(opened: Database, table: Table) -> int:
    async with opened.reading() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


class Decider:
    """A lease that is held, an outbox for DEAD, a commit; made anew it is the same service after a restart."""

    def __init__(self, opened: Database, bus: Bus, holder: str = "one") -> None:
        self.database = opened
        self.bus = bus
        self.lock = asyncio.Lock()
        self.lease = Lease(opened, lease, "decider", holder)
        self.outbox = Outbox(opened, outbox, bus, ("DEAD", "TASKS"), self.lock)
        self.commit = Commit(opened, self.outbox, self.lease, self.lock)
        self._tasks: list[asyncio.Task[None]] = []

    async def hold(self) -> None:
        """Have the lease."""
        self.run(self.lease.hold(lambda _held: None))
        await until(lambda: self.lease.held, what="the lease is ours")

    def run(self, work) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    def input(self, stream: str, durable: str) -> Input:
        return Input(self.commit, self.database, cursors, OrderedReader(self.bus, stream, durable), stream)

    def fair_input(self, stream: str, durable: str, flows: Flows) -> FairInput:
        reader = OrderedReader(self.bus, stream, durable)
        return FairInput(self.commit, self.database, cursors, reader, stream, flows=flows)

    async def end(self) -> None:
        """As a process ends that is killed: nothing is finished."""
        await end(*self._tasks)
