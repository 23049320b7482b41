"""A service's own database through SQLAlchemy Core: SQLite (one file per service) or PostgreSQL (one schema per service)."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from libs.runtime.sqlite import Driver

T = TypeVar("T")
_MIGRATIONS = Path(__file__).parent / "migrations"
#: Seconds for which a commit may still be followed by another one of the same time, or not be seen by readers yet.
YOUNG = 1.0
#: Milliseconds that PostgreSQL lets a transaction do nothing: a process that is frozen in one must not hold its locks for ever.
IDLE = 10_000
#: Seconds for which a new SQLite file may be busy with others that open it, too.
SWITCHED_WITHIN = 30.0


class Database:
    """Transactions on one service's tables. The same statements run on both systems."""

    def __init__(self, engine: AsyncEngine, service: str) -> None:
        self.engine = engine
        self._service = service
        self._committed = asyncio.Event()
        self._commits = 0

    @property
    def sqlite(self) -> bool:
        """Whether this is SQLite: one writer at a time, which is taken at the transaction's begin."""
        return self.engine.dialect.name == "sqlite"

    def stamp(self, young: float | None = None) -> object:
        """What changes with every commit of whoever; None: it cannot be told, or the last one is too young for that.

        One that is older than `young` seconds (`YOUNG` unless given) is taken to be synced, and seen by readers.

        It is a look at the file system's own memory, no work for a thread: every commit writes to the write-ahead log first.
        """
        name = self.engine.url.database
        if not self.sqlite or not name:
            return None
        try:
            log = os.stat(f"{name}-wal")  # noqa: PTH116 - many times a second, where nothing else is
        except OSError:
            return None
        if log.st_mtime > time.time() - (YOUNG if young is None else young):
            return None
        return (log.st_ino, log.st_mtime_ns, log.st_size, self._commits)

    async def committed(self, within: float) -> None:
        """Wait for the next commit of this process, so many seconds at most: other processes are not heard of."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._committed.wait()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: committed at the end of the block, rolled back when it raises."""
        async with self.engine.begin() as connection:
            yield connection
        self._commits += 1
        told, self._committed = self._committed, asyncio.Event()
        told.set()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A look that blocks nobody, and in which all statements see the same state."""
        look = {"printbus_reading": True} if self.sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        async with self.engine.connect() as connection:
            await connection.execution_options(**look)
            yield connection

    async def alone(self, connection: AsyncConnection, *names: str) -> None:
        """Let no other transaction that is alone with these names be beside this one; with SQLite none is ever beside another."""
        if not self.sqlite:
            lock = text("SELECT pg_advisory_xact_lock(hashtext(:name))")
            await connection.execute(lock, {"name": ".".join(("printbus", self._service, *names))})

    async def migrate(self, migrations: Path) -> None:
        """Bring the tables up to date with the Alembic revisions in `migrations`; two processes at once do it once."""
        async with self.engine.begin() as connection:
            if not self.sqlite:
                await self.alone(connection)
                await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self._service}"'))
            await connection.run_sync(_upgrade, migrations)

    async def healthy(self) -> bool:
        """Whether it answers."""
        try:
            async with self.reading() as connection:
                await connection.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001 - whatever it is, the answer is no
            return False
        return True

    async def close(self) -> None:
        """Give the connections back."""
        await self.engine.dispose()


def _upgrade(connection: Connection, migrations: Path) -> None:
    if _newest(connection, migrations):
        return
    from alembic import command  # noqa: PLC0415 - needed once per release, and a tenth of a start's time
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("version_locations", str(migrations))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _newest(connection: Connection, migrations: Path) -> bool:
    """Whether the last revision has been run; files of revisions begin with their number."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    newest = max(path.name.partition("_")[0] for path in migrations.glob("[0-9]*_*.py"))
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == newest


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Run a transaction to its end even if its caller is canceled meanwhile: a torn one leaves its locks behind."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # seen: its caller has gone
        raise


@asynccontextmanager
async def database(url: str, data_dir: Path, service: str, migrations: Path) -> AsyncIterator[Database]:
    """The database of a service, migrated, while the block runs. `url` empty: SQLite in the data folder."""
    opened = open_database(url, data_dir, service)
    try:
        await opened.migrate(migrations)
        yield opened
    finally:
        await opened.close()


def open_database(url: str, data_dir: Path, service: str) -> Database:
    """The database as it is, without migrating it. Its errors do not show parameters: documents are among them."""
    if not url:
        data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / f"{service}.sqlite"
        _close_to_others(path)
        file = URL.create("sqlite+aiosqlite", database=str(path))
        engine = create_async_engine(file, module=Driver(), pool_size=4, hide_parameters=True, connect_args={"timeout": 30})
        _tune_sqlite(engine)
        return Database(engine, service)
    address = make_url(url).set(drivername="postgresql+asyncpg")
    given = {"search_path": service, "application_name": f"printbus-{service}", "idle_in_transaction_session_timeout": str(IDLE)}
    arguments: dict[str, Any] = {"server_settings": given}
    engine = create_async_engine(address, pool_size=8, pool_pre_ping=True, hide_parameters=True, connect_args=arguments)
    return Database(engine, service)


def _write_ahead(cursor: Any) -> None:
    """WAL. Where several processes open a new file at once, SQLite says that it is locked instead of waiting for them."""
    until = time.monotonic() + SWITCHED_WITHIN
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            await_only(asyncio.sleep(0.01))
        else:
            return


def _close_to_others(path: Path) -> None:
    """Documents and secrets are in it: its owner's only, like the files that SQLite lays beside it with the same mode."""
    with suppress(OSError):  # SQLite itself says what is wrong
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    for each in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        with suppress(OSError):
            each.chmod(0o600)


def _tune_sqlite(engine: AsyncEngine) -> None:
    """WAL, a sync at every commit, and `BEGIN IMMEDIATE` for writers: a lock is never upgraded in mid-transaction."""

    @event.listens_for(engine.sync_engine, "connect")
    def connected(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        cursor = raw.cursor()
        for pragma in ("busy_timeout=30000", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            cursor.execute(f"PRAGMA {pragma}")
        _write_ahead(cursor)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get("printbus_reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
