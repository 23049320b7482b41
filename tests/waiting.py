"""Waiting for a state instead of for a time: what every test uses in the place of a sleep."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], T | Awaitable[T]], within: float = 60.0, what: str = "", every: float = 0.02) -> T:
    """The first true value of `condition` (plain or async), asked every so many seconds; AssertionError after `within`."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s: {what or inspect.getsource(condition).strip()}")
        await asyncio.sleep(every)


async def turns(count: int = 20) -> None:
    """Everybody who could go on has gone on, so many steps: what has not happened then waits for something that was not given."""
    for _ in range(count):
        await asyncio.sleep(0)


class Leap:
    """The running loop's clock, which can be set ahead: what waits for a time has it then, and nobody has waited.

    Timers of asyncio go by it (`call_later`, `timeout`, `sleep`); `time.monotonic` does not.
    """

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._ahead, time_of = 0.0, loop.time
        loop.time = lambda: time_of() + self._ahead  # type: ignore[method-assign]

    async def ahead(self, seconds: float) -> None:
        """So many seconds later: whose time has come has had its turns."""
        self._ahead += seconds
        await turns()
