"""One look at a time, shared by all who asked before it began: nobody gets what was seen before the question."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """However many ask, at most one `look` is under way and one waits for its turn."""

    def __init__(self, look: Callable[[], Awaitable[T]]) -> None:
        self._look = look
        self._looking: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """What a look sees that begins from now on. Raises what the look raises; who gives up ends nobody else's look."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._looking))
            self._next.add_done_callback(_seen)
        return await asyncio.shield(self._next)

    async def _after(self, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        self._looking, self._next = self._next, None  # who asks from now on needs a later look
        return await self._look()


def _seen(looked: asyncio.Task[T]) -> None:
    """What went wrong is told to who asked, if anybody still waits."""
    if not looked.cancelled():
        looked.exception()
