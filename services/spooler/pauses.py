"""Paused lines: durable, and read in the very transaction that sends."""

from collections.abc import Iterable

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.spooler.tables import pause


async def paused(connection: AsyncConnection, printers: Iterable[str]) -> set[str]:
    """Those of these printers whose lines are paused."""
    rows = await connection.execute(select(pause.c.printer).where(pause.c.printer.in_(list(printers))))
    return {row[0] for row in rows}


async def every(connection: AsyncConnection) -> set[str]:
    """All printers whose lines are paused."""
    return {row[0] for row in await connection.execute(select(pause.c.printer))}


async def begin(connection: AsyncConnection, *, tenant: str, agent: str, printer: str, at: int) -> bool:
    """Pause a line, `at` in ms since 1970; False: it was paused already."""
    if await paused(connection, [printer]):
        return False
    await connection.execute(insert(pause).values(printer=printer, agent=agent, tenant=tenant, at=at))
    return True


async def end(connection: AsyncConnection, printer: str) -> None:
    """Let a line go on."""
    await connection.execute(delete(pause).where(pause.c.printer == printer))
