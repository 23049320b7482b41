"""Waiting for whichever comes first."""

import asyncio
from collections.abc import Awaitable


async def first(*waiting: Awaitable[object], within: float | None = None) -> None:
    """Wait until one of these is there, or until so many seconds are over; the others are canceled."""
    futures = [asyncio.ensure_future(each) for each in waiting]
    try:
        await asyncio.wait(futures, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in futures:
            future.cancel()
