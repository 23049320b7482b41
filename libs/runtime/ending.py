"""Ending tasks for good."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

#: Seconds after which a task that goes on is canceled once more.
AGAIN = 0.2
#: The same for what has something to put away first, such as a claim in a database.
TIDYING = 2.0


async def end(*tasks: "asyncio.Task[Any]", again: float = AGAIN) -> None:
    """Cancel tasks until they are over, once more after every `again` seconds; what they raise is dropped.

    Once is not enough: `asyncio.wait_for` of Python 3.11 forgets a cancellation that comes together with its result. Who is
    among them is canceled as well, and does not wait for itself.
    """
    canceled: asyncio.CancelledError | None = None
    if (own := asyncio.current_task()) in tasks:
        tasks = tuple(task for task in tasks if task is not own)
        own.cancel()
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        try:
            await asyncio.wait(waiting, timeout=again)
        except asyncio.CancelledError as asked:  # who is ended while ending others leaves nobody behind
            canceled = asked
    for task in tasks:
        if not task.cancelled():
            task.exception()
    if canceled:
        raise canceled


async def together(bodies: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Run bodies side by side until all are over. The first that fails ends the others for good, as being canceled does.

    `asyncio.TaskGroup` cancels once, which one of them may miss. Raises a `BaseExceptionGroup` of what failed.
    """
    tasks = [asyncio.ensure_future(_awaited(body)) for body in bodies]
    failed: list[BaseException] = []
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            failed = [error for task in done if not task.cancelled() and (error := task.exception())]
    finally:
        await end(*tasks, again=TIDYING)
    if failed:
        raise BaseExceptionGroup("bodies that run together failed", failed)


async def _awaited(body: Callable[[], Awaitable[None]]) -> None:
    await body()
