"""Wrong tokens are counted by address; whoever was let in before is let in again."""

import asyncio

import pytest
from starlette.requests import Request

from services.gateway import throttle
from services.gateway.auth import Throttled, Unidentified
from services.gateway.domain import Identity
from services.gateway.throttle import WINDOW, Throttle

ME = Identity("main", "jueKiUEE")


class Scheme:
    """Knows one token, and how often it was asked."""

    def __init__(self, good="good"):
        self.good = good
        self.asked = 0

    async def identify(self, request, directory):
        self.asked += 1
        token = request.headers.get("api-access-token")
        if not token:
            return None
        if token != self.good:
            raise Unidentified("no")
        return ME


def request(token="", peer="192.0.2.1"):
    headers = [(b"api-access-token", token.encode())] if token else []
    return Request({"type": "http", "headers": headers, "client": (peer, 1234)})


class Rig:
    def __init__(self, tries=3):
        self.now = 1000.0
        self.scheme = Scheme()
        self.throttle = Throttle([self.scheme], tries, lambda: self.now)

    async def shows(self, token="", peer="192.0.2.1"):
        return await self.throttle.identify(request(token, peer), None)

    async def guesses(self, times, peer="192.0.2.1"):
        for number in range(times):
            with pytest.raises(Unidentified):
                await self.shows(f"guess-{number}", peer)


async def test_after_too_many_wrong_tokens_an_address_waits_and_nothing_is_looked_at():
    rig = Rig()
    await rig.guesses(3)
    asked = rig.scheme.asked
    with pytest.raises(Throttled) as throttled:
        await rig.shows("good")
    assert rig.scheme.asked == asked, "a right guess is not told from a wrong one"
    assert throttled.value.retry_after == WINDOW
    rig.now += 20.5
    with pytest.raises(Throttled) as throttled:
        await rig.shows("good")
    assert throttled.value.retry_after == 40
    assert await rig.shows("good", peer="192.0.2.2") is ME
    rig.now += WINDOW
    assert await rig.shows("good") is ME


async def test_who_was_let_in_before_is_let_in_again():
    rig = Rig()
    assert await rig.shows("good") is ME
    await rig.guesses(3)
    assert await rig.shows("good") is ME
    rig.scheme.good = "another"
    with pytest.raises(Unidentified, match="no"):
        await rig.shows("good")


async def test_what_is_not_answered_yet_counts_so_that_nobody_guesses_a_thousand_at_once():
    rig = Rig()
    answering = asyncio.Event()
    identify = rig.scheme.identify

    async def slowly(request, directory):
        await answering.wait()
        return await identify(request, directory)

    rig.scheme.identify = slowly
    guesses = [asyncio.ensure_future(rig.shows(f"guess-{number}")) for number in range(10)]
    same = [asyncio.ensure_future(rig.shows("good", "192.0.2.2")) for _ in range(10)]
    await asyncio.sleep(0)
    answering.set()
    told = [type(each) for each in await asyncio.gather(*guesses, return_exceptions=True)]
    assert told == [Unidentified] * 3 + [Throttled] * 7
    assert await asyncio.gather(*same) == [ME] * 10
    assert rig.throttle._tally._open == {}


async def test_without_any_credential_nothing_is_counted():
    rig = Rig()
    for _ in range(10):
        assert await rig.shows() is None
    assert await rig.shows("good") is ME


async def test_an_ipv6_line_is_one_address_however_many_it_uses():
    rig = Rig()
    for number in range(3):
        await rig.guesses(1, f"2001:db8::{number}")
    with pytest.raises(Throttled):
        await rig.shows("good", "2001:db8::ffff")
    assert await rig.shows("good", "2001:db8:0:1::1") is ME


async def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(throttle, "MOST", 5)
    rig = Rig()
    for number in range(20):
        await rig.guesses(1, f"192.0.2.{number}")
        assert await rig.shows("good", f"192.0.2.{number}") is ME
    assert len(rig.throttle._tally._wrong) == 5
    assert len(rig.throttle._tally._good) == 5
