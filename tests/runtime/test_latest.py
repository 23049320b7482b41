"""One look at a time for all who ask, and none that began before the question."""

import asyncio

import pytest

from libs.runtime.latest import Latest
from tests.waiting import until


class Window:
    """What is looked through: each look sees its own number, once it is let go."""

    def __init__(self):
        self.looks = 0
        self.let = asyncio.Event()

    async def look(self):
        self.looks += 1
        number = self.looks
        await self.let.wait()
        if number == 3:
            raise OSError("broken")
        return number


async def test_who_asks_while_somebody_looks_shares_the_next_look():
    window = Window()
    latest = Latest(window.look)
    first = asyncio.create_task(latest.get())
    await until(lambda: window.looks, 1)
    later = [asyncio.create_task(latest.get()) for _ in range(5)]
    await asyncio.sleep(0)
    later.pop().cancel()  # who gives up takes nothing from the others
    window.let.set()
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 4
    with pytest.raises(OSError, match="broken"):
        await latest.get()
    assert await latest.get() == 4
