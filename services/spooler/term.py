"""One term of the active spooler: everything that runs only while the lease is held."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from faststream.nats import NatsBroker
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.contracts.agents import Heartbeat
from libs.contracts.explaining import ExplainTask
from libs.contracts.ledger import ReplayLetter
from libs.contracts.message import decode
from libs.contracts.streams import ADVISORIES, CONVERT, DEAD, INTAKE, PRINT, REPORTS, TASKS
from libs.runtime.broker import answering, answers, running
from libs.runtime.bus import Bus
from libs.runtime.commit import Commit
from libs.runtime.database import Database
from libs.runtime.documents import Documents
from libs.runtime.ending import together
from libs.runtime.fairinput import FairInput
from libs.runtime.inputs import Input
from libs.runtime.lease import Lease, LeaseLost
from libs.runtime.outbox import Outbox
from libs.runtime.reader import OrderedReader
from libs.runtime.stillness import Stillness
from libs.runtime.strokes import stroke
from services.spooler import tables
from services.spooler.absence import Absence
from services.spooler.addresses import DocumentAddresses
from services.spooler.admission import Admission
from services.spooler.census import Census
from services.spooler.deadletters import DeadLetters
from services.spooler.desk import Desk
from services.spooler.explaining import Explaining
from services.spooler.handlers import Handlers
from services.spooler.horizon import Horizon
from services.spooler.intake import lines
from services.spooler.ledger.ledger import Ledger
from services.spooler.reissue import Reissue
from services.spooler.replay import Replay
from services.spooler.retention import Retention
from services.spooler.uploads import Uploads, UploadSweep
from services.spooler.usage import Usage, UsageSweep

#: How often the timers are looked at, in seconds.
TICK = 0.5
#: The same as long as nothing is due and we commit nothing: what others write to the database may wait so long.
REST = 2.0


class Term:
    """The inputs, the outbox's publishers, the timers and the answers, as one thing that is begun and ended."""

    def __init__(
        self,
        *,
        bus: Bus,
        database: Database,
        lease: Lease,
        desk: Desk,
        documents: Documents,
        addresses: DocumentAddresses,
        broker: NatsBroker,
        retention: float,
        archive_retention: float,
        overdue_after: float,
        audit_period: float,
        census: Census,
        cut_off_after: float,
    ) -> None:
        lock = asyncio.Lock()
        self._bus = bus
        self._desk = desk
        self._database = database
        self._broker = broker
        self._outbox = Outbox(database, tables.outbox, bus, (CONVERT, PRINT, TASKS, DEAD), lock)
        self._commit = Commit(database, self._outbox, lease, lock)
        intake = OrderedReader(bus, INTAKE, "spooler_intake")
        self.intake = FairInput(self._commit, database, tables.cursors, intake, INTAKE, flows=lines)
        self.reports = Input(self._commit, database, tables.cursors, OrderedReader(bus, REPORTS, "spooler_reports"), REPORTS)
        self._admission = Admission(bus, self._outbox)
        horizon = Horizon(bus, self.intake, database)
        self.ledger = self._ledger(horizon, overdue_after, audit_period, census)
        self._handlers = Handlers(
            desk=desk,
            database=database,
            commit=self._commit,
            horizon=horizon,
            admission=self._admission,
            addresses=addresses,
        )
        advisories = OrderedReader(bus, ADVISORIES, "spooler_advisories")
        self._dead = DeadLetters(bus, advisories, desk.region, self._handlers.on_given_up)
        self._uploads = Uploads(desk, database, self._commit)
        self._usage = Usage(database)
        self._explaining = Explaining(database, horizon, desk, self.ledger.book)
        self._replay = Replay(bus, self._commit, desk, documents)
        self._reissue = Reissue(bus, database, self._commit, desk)
        self._absence = Absence(desk, self._commit, cut_off_after)
        self._retention = Retention(
            database=database,
            commit=self._commit,
            documents=documents,
            bus=bus,
            kept=retention,
            uploads=UploadSweep(database, self._commit, documents),
            usage=UsageSweep(database, self._commit, archive_retention),
        )

    def _ledger(self, horizon: Horizon, overdue_after: float, period: float, census: Census) -> Ledger:
        return Ledger(
            bus=self._bus,
            database=self._database,
            region=self._desk.region,
            intake=self.intake,
            horizon=horizon,
            overdue_after=overdue_after,
            period=period,
            census=census,
            withheld=self._desk.withheld,
        )

    @property
    def working(self) -> bool:
        """Whether both inputs have their consumers."""
        return self.intake.bound and self.reports.bound

    async def run(self) -> None:
        """Until the lease is lost (`LeaseLost`), something fails (that), or it is canceled."""
        handlers, region = self._handlers, self._desk.region
        bodies: list[Callable[[], Awaitable[None]]] = [
            lambda: self.intake.run(handlers.on_intake, handlers.give_up, region=region),
            lambda: self.reports.run(handlers.on_reports, handlers.give_up, region=region),
            self._dead.run,
            self._timers,
            self._retention.run,
            self.ledger.run,
            self._reissue.run,
            self._absence.run,
            *(lambda stream=stream: self._outbox.publish(stream) for stream in self._outbox.streams),
        ]
        await handlers.on_restored()
        async with self._hearing(), self._answering():
            await self._absence.look()
            await handlers.on_start()
            await together(bodies)

    async def _timers(self) -> None:
        heads, still, due_at = self._desk.heads, Stillness(self._database), 0
        while True:
            overdue = heads.overdue(time.monotonic(), self._desk.head_wait)
            now = int(time.time() * 1000)
            if overdue or now >= due_at or not still.holds:
                begun = still.begin()
                if await self._handlers.on_time(now, overdue):
                    continue
                due_at = await self._handlers.next_time()
                still.settle(begun)
                await asyncio.sleep(TICK)
            else:
                await self._database.committed(min(stroke(REST), max(TICK, due_at / 1000 - time.time())))

    @asynccontextmanager
    async def _hearing(self) -> AsyncIterator[None]:
        async def heard(message: Msg) -> None:
            beat: Heartbeat = decode(Heartbeat, message.data)
            if beat.subject == message.subject:  # an agent may speak for itself only
                self._admission.hear(beat)
            else:
                self._desk.meters.foreign()

        every = str(answers(Heartbeat, self._desk.region, "")["subject"])
        subscription = await self._bus.client.subscribe(every, cb=heard)
        try:
            yield
        finally:
            with suppress(NatsError):  # a line that is down forgets it all the same
                await subscription.unsubscribe()

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        for query, handler in self._questions().items():
            self._broker.subscriber(**answers(query, self._desk.region, "spooler"))(answering(handler))
        async with running(self._broker):
            yield

    def _questions(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        return {
            **self._handlers.questions(),
            **self._uploads.questions(),
            **self._usage.questions(),
            **self.ledger.questions(),
            ReplayLetter: self._replay.replay_letter,
            ExplainTask: self._explaining.explain_task,
        }


def lost(error: BaseException) -> bool:
    """Whether a term ended because its lease was lost, before its parts ran side by side or then."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(LeaseLost) is not None
    return isinstance(error, LeaseLost)
