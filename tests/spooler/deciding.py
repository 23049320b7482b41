"""A spooler's decisions on a real database without a bus: what is handed over, reported and asked, and what follows from it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from libs.contracts.devices import Capabilities, Device
from libs.contracts.directory import ClientEntry, ClientKind, DeviceEntry, Entry
from libs.contracts.events import AnyTaskEvent
from libs.contracts.intake import SubmitTasks
from libs.contracts.message import Message, decode, encode
from libs.contracts.orders import AgentOrder, ConvertDocument
from libs.contracts.reports import TaskReports
from libs.contracts.streams import CONVERT, INTAKE, PRINT, TASKS
from libs.runtime.database import Database, database
from libs.runtime.reader import Incoming
from services.spooler import store, tables
from services.spooler.app import MIGRATIONS
from services.spooler.desk import Desk
from services.spooler.handlers import Handlers
from services.spooler.printers import Printers
from tests.spooler.making import AGENT, PRINTER

PDF_ONLY = ("application/pdf",)
KIND = {CONVERT: ConvertDocument, PRINT: AgentOrder, TASKS: AnyTaskEvent}


class FakeMirror:
    """The directory as a test writes it."""

    def __init__(self, *entries: Entry) -> None:
        self.entries = {entry.key: entry for entry in entries}

    def put(self, *entries: Entry) -> None:
        self.entries.update({entry.key: entry for entry in entries})

    def get(self, key: str) -> Entry | None:
        return self.entries.get(key)


class Nearby:
    """A horizon that is always reached."""

    async def reach(self, task: str = "", subject: str = "") -> None:
        return


def printer(
    number: int = 1, *, formats: tuple[str, ...] = ("application/pdf",), virtual: bool = False, **changes: Any
) -> DeviceEntry:
    """A printer of the agent as the directory has it."""
    name = "Paper" if number == 1 else f"Paper {number}"
    id_ = PRINTER if number == 1 else f"printer{number:05d}"
    device = Device(id=id_, name=name, capabilities=Capabilities(formats=formats), virtual=virtual)
    return DeviceEntry(tenant="main", agent=AGENT, device=device, **changes)


class Deciding:
    """Handlers of a term, their database, and what they published, in its order."""

    def __init__(self, opened: Database, mirror: FakeMirror) -> None:
        self.database = opened
        self.mirror = mirror
        self.desk = Desk("local", Printers(mirror), print_ahead=50, head_wait=60.0)
        self.published: list[tuple[str, Any]] = []
        self._sequence = 0
        self.handlers = Handlers(
            desk=self.desk, database=opened, commit=self.commit, horizon=Nearby(), admission=None, addresses=None
        )
        self._answers = self.handlers.questions()

    async def commit(self, change: Any) -> None:
        async with self.database.transaction() as connection:
            staged = await change(connection)
        self.published += [(stream, decode(KIND[stream], out.data)) for stream, out in staged]

    async def ask(self, query: Message) -> Any:
        """The answer, as it would be after its way over the bus. Raises `Refused`."""
        answer = await self._answers[type(query)](query)
        return decode(type(answer), encode(answer))

    async def submit(self, submitted: SubmitTasks) -> None:
        """A door hands tasks over."""
        self._sequence += 1
        message = Incoming(self._sequence, submitted.subject, encode(submitted), {}, 0)

        async def change(connection: Any) -> Any:
            staged = await self.handlers.on_intake(connection, [message])
            await connection.execute(tables.cursors.delete().where(tables.cursors.c.stream == INTAKE))
            await connection.execute(tables.cursors.insert().values(stream=INTAKE, sequence=self._sequence))
            return staged

        await self.commit(change)

    async def report(self, *reports: TaskReports) -> None:
        """Workers tell."""
        messages = [Incoming(1, report.subject, encode(report), {}, 0) for report in reports]
        await self.commit(lambda connection: self.handlers.on_reports(connection, messages))

    async def tick(self, ahead: int = 0) -> int:
        """The timers, as they will be so many ms ahead; how many tasks they concerned."""
        return await self.handlers.on_time(int(time.time() * 1000) + ahead, [])

    async def pass_time(self, id_: str, **changes: Any) -> None:
        """What a task waits for is over now: its time (`due_at` and `expires_at`), or what `changes` say."""
        values = {"due_at": 1, **(changes or {"expires_at": 1})}
        async with self.database.transaction() as connection:
            await connection.execute(tables.task.update().where(tables.task.c.id == id_).values(values))
        await self.tick()

    async def overrun(self) -> None:
        """The time of every hook is over now; the timers have yet to notice."""
        async with self.database.transaction() as connection:
            await connection.execute(tables.hook.update().values(until=1))

    async def forget(self) -> int:
        """The sweep of what ended long ago, as it will be; how many tasks are gone."""
        async with self.database.transaction() as connection:
            return len(await store.forget_ended(connection, 1 << 60))

    async def task(self, id_: str) -> Any:
        """A task as it is saved."""
        async with self.database.reading() as connection:
            return (await store.load(connection, [id_])).get(id_)

    def told(self, stream: str = TASKS) -> list[str]:
        """The kinds of what was published since the last look."""
        return [message.kind for message in self.taken(stream)]

    def taken(self, stream: str = TASKS) -> list[Any]:
        """What was published since the last look."""
        found = [message for where, message in self.published if where == stream]
        self.published = [each for each in self.published if each[0] != stream]
        return found


@asynccontextmanager
async def deciding(folder: Path, database_url: str = "", *entries: Entry) -> AsyncIterator[Deciding]:
    """A spooler's decisions on a migrated database; the directory has `entries`, or a printer without anything special."""
    client = ClientEntry(sn=AGENT, tenant="main", role=ClientKind.AGENT, name="Office")
    async with database(database_url, folder, "spooler", MIGRATIONS) as opened:
        yield Deciding(opened, FakeMirror(client, *(entries or (printer(),))))
