"""SQLite below SQLAlchemy with one way to its thread and back per statement, where aiosqlite's cursors take four."""

import sqlite3
from collections import deque
from types import SimpleNamespace
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)

#: What a cursor says of itself before its first statement.
_UNUSED: Any = SimpleNamespace(description=None, rowcount=-1, lastrowid=None, arraysize=1)


class Cursor(AsyncAdapt_aiosqlite_cursor):
    """Made, executed, read and closed at once in the connection's thread: all rows are there when `execute` is over."""

    __slots__ = ()

    def __init__(self, adapt_connection: Any) -> None:  # in the place of the original's, which goes to the thread
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001 - as the original does
        self._cursor = _UNUSED
        self._soft_closed_memoized = {}  # type: ignore[assignment]
        self._rows = deque()

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._run(_executed, operation, parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._run(_executed_many, operation, seq_of_parameters)

    async def _run(self, work: Any, operation: Any, parameters: Any) -> None:
        line: Any = self._connection
        async with self._adapt_connection._execute_mutex:  # noqa: SLF001
            self._cursor, rows = await line._execute(work, line._conn, operation, parameters)  # noqa: SLF001
        self._rows = deque(rows)

    async def _async_soft_close(self) -> None:
        """Nothing: it is closed, and what it has to say stays."""

    def close(self) -> None:
        """Drop what was not read."""
        self._rows.clear()


class Connection(AsyncAdapt_aiosqlite_connection):
    """One of aiosqlite's, with our cursors."""

    __slots__ = ()

    _cursor_cls = Cursor


class Driver(AsyncAdapt_aiosqlite_dbapi):
    """What `create_async_engine` takes as its `module`."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arg: Any, **kw: Any) -> Connection:
        """A connection, and its thread."""
        return Connection(self, super().connect(*arg, **kw)._connection)  # noqa: SLF001


def _executed(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[sqlite3.Cursor, list[Any]]:
    cursor = connection.cursor()
    try:
        cursor.execute(operation, parameters or ())
        return cursor, cursor.fetchall() if cursor.description else []
    finally:
        cursor.close()


def _executed_many(connection: sqlite3.Connection, operation: str, parameters: Any) -> tuple[sqlite3.Cursor, list[Any]]:
    cursor = connection.cursor()
    try:
        cursor.executemany(operation, parameters)
        return cursor, []
    finally:
        cursor.close()
