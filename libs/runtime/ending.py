"""Ending tasks for good."""

import asyncio
from typing import Any

#: Seconds after which a task that goes on is canceled once more.
AGAIN = 0.2


async def end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel tasks until they are over; what they raise is dropped.

    Once is not enough: `asyncio.wait_for` of Python 3.11 forgets a cancellation that comes together with its result.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=AGAIN)
    for task in tasks:
        if not task.cancelled():
            task.exception()
