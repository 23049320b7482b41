"""The ledger of one term: a walk along what is new, a slow one along all the rest, looks at what is late, and its answers."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import structlog
from nats.errors import Error as NatsError

from libs.contracts.ledger import Confirmed, ConfirmTasks, LedgerView, Mismatch, ReadLedger
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Bus, Unanswered
from libs.runtime.database import Database
from libs.runtime.inputs import Input
from services.spooler import store
from services.spooler.census import Census
from services.spooler.horizon import Horizon
from services.spooler.ledger.book import Book
from services.spooler.ledger.overdue import Overdue
from services.spooler.ledger.walk import Findings, Walk, unaccounted

log = structlog.get_logger()

#: Seconds between two looks: at what is new (a comparison of two numbers when nothing is), and at what is late.
PERIOD = 5.0
LATE_PERIOD = 60.0
#: Everything that is still in the stream is walked along once more so often, one step per look, beginning so long after the start.
FULL_PERIOD = 6 * 3600.0
FULL_BEGINS = 30.0

_LOST = "A door had it acknowledged by the bus, which does not have it; the door publishes it again."
_MISSING = "Its message is in the stream, and there is no such task: `python -m services dead replay` applies a message again."
_GAP = "The stream lacks these messages, and nobody purged them; doors publish again what they had accepted."


class Ledger:
    """Reads only; nothing waits for it, and it waits for nothing but its own time."""

    def __init__(
        self,
        *,
        bus: Bus,
        database: Database,
        region: str,
        intake: Input,
        horizon: Horizon,
        overdue_after: float,
        period: float,
        census: Census,
        withheld: Collection[str] = (),
    ) -> None:
        self._bus = bus
        self._database = database
        self._region = region
        self._intake = intake
        self._horizon = horizon
        self._overdue = Overdue(overdue_after, withheld)
        self._period = period
        self._late_period = min(LATE_PERIOD, overdue_after)
        self.book = Book()
        self.checked = 0
        self.checked_at = int(time.time() * 1000)
        self._late_at = 0.0
        self._census = census

    def questions(self) -> dict[type, Callable[[Any], Awaitable[Any]]]:
        """Question -> who answers it."""
        return {ConfirmTasks: self.confirm_tasks, ReadLedger: self.read_ledger}

    async def run(self) -> None:
        """For ever. Whatever fails is tried again: the age of the last look says so."""
        async with self._database.reading() as connection:
            begin = await store.applied(connection, INTAKE)
        fresh, full = (Walk(self._bus, self._database, self._region, position) for position in (begin, 0))
        full_at, full_end = time.monotonic() + FULL_BEGINS, begin
        while True:
            await asyncio.sleep(self._period)
            try:
                await self._look_at_new(fresh)
                await self._look_at_late()
                await self._census.look()
                if time.monotonic() >= full_at and full.position < full_end:
                    await self._step(full, min(full_end, self._intake.applied))
                elif full.position >= full_end and time.monotonic() >= full_at + FULL_PERIOD:
                    full_at, full.position, full_end = time.monotonic(), 0, fresh.position
            except (Unanswered, NatsError, TimeoutError) as error:
                log.info("ledger waits for the bus", cause=str(error) or type(error).__name__)
            except Exception:
                log.exception("ledger failed, it is tried again")

    async def _look_at_new(self, walk: Walk) -> None:
        if self._intake.applied < walk.position:  # another stream, which counts anew
            walk.position = 0
        while walk.position < (end := self._intake.applied):
            before = walk.position
            await self._step(walk, end)
            if walk.position == before:
                raise Unanswered(f"{INTAKE} shows nothing after {before}")
        self.checked_at = int(time.time() * 1000)

    async def _step(self, walk: Walk, up_to: int) -> None:
        findings: Findings = await walk.step(up_to)
        self.checked += findings.tasks
        self.book.enter(Mismatch.MISSING, findings.missing, _MISSING)
        self.book.enter(Mismatch.GAP, (f"{INTAKE} {first}-{last}" for first, last in findings.gaps), _GAP)

    async def _look_at_late(self) -> None:
        if time.monotonic() < self._late_at:
            return
        self._late_at = time.monotonic() + self._late_period
        missing = {kind: self.book.named(kind) for kind in (Mismatch.LOST, Mismatch.MISSING)}
        async with self._database.reading() as connection:
            late = await self._overdue.look(connection, int(time.time() * 1000))
            for kind, named in missing.items():
                still = set(await unaccounted(connection, named)) if named else set()
                self.book.strike(kind, [task for task in named if task not in still])
        self.book.only(Mismatch.OVERDUE, late)
        await self._forget_gaps()

    async def _forget_gaps(self) -> None:
        """A gap is over when the messages around it are purged, a day later."""
        gaps = self.book.named(Mismatch.GAP)
        if gaps:
            first = int((await self._bus.js.stream_info(INTAKE)).state.first_seq)
            self.book.strike(Mismatch.GAP, [gap for gap in gaps if int(gap.rpartition("-")[2]) < first])

    async def confirm_tasks(self, query: ConfirmTasks) -> Confirmed:
        """Which of these are lost: everything that the stream has now is applied before it is said."""
        await self._horizon.reach()
        async with self._database.reading() as connection:
            missing = await unaccounted(connection, query.tasks)
        if missing and not query.kept:
            self.book.enter(Mismatch.LOST, missing, _LOST)
        if self.book.count(Mismatch.LOST):
            gone = set(missing)
            self.book.strike(Mismatch.LOST, [task for task in query.tasks if task not in gone])
        return Confirmed(missing=tuple(missing))

    async def read_ledger(self, _query: ReadLedger) -> LedgerView:
        """What does not add up now."""
        return LedgerView(checked_at=self.checked_at, checked=self.checked, mismatches=self.book.count(), entries=self.book.shown())


def age(ledger: Ledger | None) -> float:
    """Seconds since everything was looked at; not a number where no term runs."""
    return time.time() - ledger.checked_at / 1000 if ledger else math.nan
