"""A lease in the database: one holder at a time, with an epoch that every transaction of the holder checks (rule 2)."""

import asyncio
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Column, Float, Integer, MetaData, String, Table, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import Database, whole

log = structlog.get_logger()

#: How long a lease holds without renewal, and how often it is renewed, in seconds.
TERM = 6.0
RENEWAL = 1.5
#: The holder that has no others beside it, by a lock on the data folder: after a restart its lease is its own again at once, so
#: that nobody waits for its end.
ALONE = "embedded"
ALONE_TERM = 60.0
ALONE_RENEWAL = 25.0
#: How long who has no lease waits for its row, and how old a transaction must be that keeps the row of a lease that has run out,
#: for PostgreSQL to end it, in seconds. Frozen between the parameters of one statement, its owner counts as active, not as idle.
PATIENCE, STALE = 2.0, 10.0
_CUT_OFF = text(
    "SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
    " WHERE l.relation = to_regclass(:lease) AND l.granted AND a.pid <> pg_backend_pid() AND a.usename = current_user"
    " AND a.xact_start < clock_timestamp() - make_interval(secs => :stale)"
)
_NOT_AVAILABLE = "55P03"


class LeaseLost(Exception):
    """Somebody else holds the lease now: this transaction must not be."""


def lease_table(metadata: MetaData) -> Table:
    """One row per lease; `until` is in seconds of the database's clock."""
    return Table(
        "lease",
        metadata,
        Column("name", String(64), primary_key=True),
        Column("holder", String(64), nullable=False),
        Column("epoch", Integer, nullable=False),
        Column("until", Float, nullable=False),
    )


class Lease:
    """One process's claim to one lease. As long as it is not `fit` it claims nothing, and gives up what it has."""

    def __init__(self, database: Database, table: Table, name: str, holder: str, *, fit: Callable[[], bool] = lambda: True) -> None:
        self._fit = fit
        self._database = database
        self._table = table
        self._name = name
        self._mine = select(table.c.epoch).where(table.c.name == name).with_for_update(read=True)
        self._holder = holder
        self._term, self._renewal = (ALONE_TERM, ALONE_RENEWAL) if holder == ALONE else (TERM, RENEWAL)
        self._epoch: int | None = None
        self._told: int | None = None
        #: Whether we know who holds it.
        self.looked = False

    @property
    def held(self) -> bool:
        """Whether we held it at the last look."""
        return self._epoch is not None

    async def verify(self, connection: AsyncConnection) -> None:
        """Lock the lease's row for this transaction. Raises `LeaseLost` when it is not ours any more."""
        if self._epoch is None or (await connection.execute(self._mine)).scalar() != self._epoch:
            self._lose()
            raise LeaseLost(self._name)

    async def hold(self, on_change: Callable[[bool], None]) -> None:
        """Claim and renew for ever; `on_change` hears each gain (True) and loss (False), a gain after a loss unseen as both."""
        while True:
            try:
                if self._fit():
                    await whole(self._claim())
                elif self.held:
                    log.warning("lease given up: another may be able to do the work", lease=self._name)
                    await self.release()
                self.looked = True
            except Exception:
                log.exception("lease not renewed", lease=self._name)
                self._lose()
            self._tell(on_change)
            await asyncio.sleep(self._renewal if self.held else RENEWAL)

    def _tell(self, on_change: Callable[[bool], None]) -> None:
        """By the epoch that was told last: `verify` may have noticed a loss since, and another epoch is another term."""
        told, self._told = self._told, self._epoch
        if told == self._epoch:
            return
        if told is not None:
            log.info("lease lost", lease=self._name, epoch=told)
            on_change(False)
        if self._epoch is not None:
            crashpoint("lease-after-claimed")
            log.info("lease gained", lease=self._name, epoch=self._epoch)
            on_change(True)

    async def release(self) -> None:
        """Give it up, so that another need not wait for its end."""
        if self._epoch is not None:
            await whole(self._release())

    async def _release(self) -> None:
        table = self._table
        async with self._database.transaction() as connection:
            mine = (table.c.name == self._name) & (table.c.epoch == self._epoch)
            await connection.execute(update(table).where(mine).values(until=0.0))
        self._lose()

    def _lose(self) -> None:
        self._epoch = None

    async def _claim(self) -> None:
        try:
            await self._look()
        except DBAPIError as error:
            if self.held or getattr(error.orig, "sqlstate", "") != _NOT_AVAILABLE:
                raise
            await self._cut_off()

    async def _cut_off(self) -> None:
        """The row is locked by a transaction that does not end: who began it is frozen, and its lease runs out."""
        async with self._database.transaction() as connection:
            ends = (await connection.execute(select(self._table.c.until).where(self._table.c.name == self._name))).scalar()
            if ends is None or not _over(ends, await self._now(connection)):
                return
            ended = (await connection.execute(_CUT_OFF, {"lease": self._table.name, "stale": STALE})).all()
        if ended:
            log.warning("transactions of a lease that has run out are ended", lease=self._name, transactions=len(ended))

    async def _look(self) -> None:
        table = self._table
        async with self._database.transaction() as connection:
            if not (self._database.sqlite or self.held):
                await connection.execute(text(f"SET LOCAL lock_timeout = {int(PATIENCE * 1000)}"))
            now = await self._now(connection)
            row = (await connection.execute(select(table).where(table.c.name == self._name).with_for_update())).first()
            if row is None:
                await self._first(connection, now)
            elif row.holder == self._holder and self._epoch == row.epoch:
                await connection.execute(update(table).where(table.c.name == self._name).values(until=now + self._term))
            elif _over(row.until, now) or row.holder == self._holder:  # or ours from before a restart
                epoch = row.epoch + 1
                taken = {"holder": self._holder, "epoch": epoch, "until": now + self._term}
                await connection.execute(update(table).where(table.c.name == self._name).values(taken))
                self._epoch = epoch
            else:
                self._lose()

    async def _first(self, connection: AsyncConnection, now: float) -> None:
        try:
            first = {"name": self._name, "holder": self._holder, "epoch": 1, "until": now + self._term}
            await connection.execute(insert(self._table).values(first))
        except IntegrityError:
            return  # another was first
        self._epoch = 1

    async def _now(self, connection: AsyncConnection) -> float:
        """The database's clock where it has one of its own; SQLite shares ours."""
        if self._database.sqlite:
            return time.time()
        return float((await connection.execute(select(func.extract("epoch", func.clock_timestamp())))).scalar_one())


def _over(until: float, now: float) -> bool:
    """Whether a term is over or cannot be true: the clock was set back, and who lives renews by the new time at once."""
    return until < now or until > now + 2 * ALONE_TERM
