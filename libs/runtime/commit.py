"""Save, publish, acknowledge: the only way in which a decider changes its database (design.md rule 3)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from sqlalchemy import BigInteger, Column, MetaData, String, Table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.bus import Outgoing
from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import Database, whole
from libs.runtime.lease import Lease
from libs.runtime.outbox import Outbox

Staged = Iterable[tuple[str, Outgoing]]
Change = Callable[[AsyncConnection], Awaitable[Staged]]


def cursor_table(metadata: MetaData) -> Table:
    """How far each input stream is applied: the last message whose consequences are saved, and when it was stored.

    `at` is in ms since 1970, 0: not known. By both it is known again in a stream that counts anew, or lost its end.
    """
    return Table(
        "cursor",
        metadata,
        Column("stream", String(64), primary_key=True),
        Column("sequence", BigInteger, nullable=False),
        Column("at", BigInteger, nullable=False, server_default=text("0")),
    )


class Commit:
    """One writer: transactions one after another, each under the lease, each with its outbox rows."""

    def __init__(self, database: Database, outbox: Outbox, lease: Lease, lock: asyncio.Lock) -> None:
        self._database = database
        self._outbox = outbox
        self._lease = lease
        self._lock = lock

    async def __call__(self, change: Change) -> None:
        """Run `change` in a transaction and save what it returns for publication. Raises `LeaseLost`, or what it raised.

        A caller that is canceled does not tear the transaction: it ends first.
        """
        await whole(self._write(change))

    async def _write(self, change: Change) -> None:
        async with self._lock:
            async with self._database.transaction() as connection:
                await self._lease.verify(connection)
                streams = await self._outbox.stage(connection, await change(connection))
                crashpoint("commit-before-saved")
            crashpoint("commit-after-saved")
            self._outbox.committed(streams)
