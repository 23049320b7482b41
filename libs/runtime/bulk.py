"""One statement for many rows, compiled once: what SQLAlchemy does with each row's parameters takes longer than the row."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import BindParameter, Dialect, Insert, Table, Update, bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

#: Before the names of parameters, as SQLAlchemy keeps those of the columns for itself.
_PUT = "put_"


def put(field: str) -> BindParameter[Any]:
    """A parameter that takes the value of this attribute of each row."""
    return bindparam(f"{_PUT}{field}")


class Bulk:
    """An INSERT or UPDATE whose parameters are attributes of rows (`put`): of types that every driver takes as they are."""

    def __init__(self, statement: Insert | Update) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Callable[[Any], Any]]] = {}

    @classmethod
    def inserting(cls, table: Table, fields: Sequence[str]) -> "Bulk":
        """Rows whose attributes are called as these columns."""
        return cls(insert(table).values({name: put(name) for name in fields}))

    @classmethod
    def updating(cls, table: Table, key: str, fields: Sequence[str]) -> "Bulk":
        """These columns of the rows that have the same `key`."""
        return cls(update(table).where(table.c[key] == put(key)).values({name: put(name) for name in fields}))

    async def run(self, connection: AsyncConnection, rows: Sequence[Any]) -> None:
        """Do it for each row; for none, nothing."""
        if rows:
            statement, values_of = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
            await connection.exec_driver_sql(statement, [values_of(row) for row in rows])

    def _compile(self, dialect: Dialect) -> tuple[str, Callable[[Any], Any]]:
        compiled = self._statement.compile(dialect=dialect)
        names = [name.removeprefix(_PUT) for name in compiled.positiontup or ()]
        made = self._compiled[dialect.name] = str(compiled), attrgetter(*names)
        return made
