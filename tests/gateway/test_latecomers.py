"""What is asked of the registry before somebody is refused: each thing once, and not for ever."""

import asyncio

import pytest

from libs.runtime.bus import Unanswered
from services.gateway.latecomers import BURST, RATE, REMEMBERED, Latecomers
from tests.gateway.fakes import entries

TOKEN = entries()[1]


class Registry:
    """Knows one token; `open` is not set while it takes its time."""

    def __init__(self):
        self.now = 100.0
        self.asked = []
        self.open = asyncio.Event()
        self.open.set()
        self.latecomers = Latecomers(self.ask, lambda: self.now)

    async def ask(self, key):
        self.asked.append(key)
        await self.open.wait()
        if key == "down":
            raise Unanswered("nobody is there")
        return TOKEN if key == TOKEN.key else None


async def test_what_many_want_to_know_is_asked_once_and_again_after_a_while():
    registry = Registry()
    registry.open.clear()
    waiting = [asyncio.ensure_future(registry.latecomers.get(TOKEN.key)) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()  # whoever goes takes nobody along
    registry.open.set()
    assert await asyncio.gather(*waiting[1:]) == [TOKEN] * 4
    assert await registry.latecomers.get("token.nobodys") is None
    assert await registry.latecomers.get("token.nobodys") is None
    assert registry.asked == [TOKEN.key, "token.nobodys"]
    registry.now += REMEMBERED
    assert await registry.latecomers.get("token.nobodys") is None
    assert registry.asked == [TOKEN.key, "token.nobodys", "token.nobodys"]


async def test_a_flood_of_wrong_tokens_asks_no_more_than_the_registry_bears_and_is_not_remembered():
    registry = Registry()
    for number in range(20_000):
        registry.now += 0.0005
        assert await registry.latecomers.get(f"token.{number}") is None
    assert BURST + 10 * RATE - 2 <= len(registry.asked) <= BURST + 10 * RATE + 2
    assert len(registry.latecomers._asked) <= BURST + RATE * REMEMBERED + 1
    registry.now += 1 / RATE
    assert await registry.latecomers.get(TOKEN.key) == TOKEN


async def test_no_answer_is_no_answer_and_is_asked_for_again():
    registry = Registry()
    for _ in range(2):
        with pytest.raises(Unanswered):
            await registry.latecomers.get("down")
        registry.now += REMEMBERED
    assert registry.asked == ["down", "down"]
