"""A name server that never answers holds up nobody but its own names."""

import asyncio
import socket
import threading

import pytest

from libs.runtime.lookup import AT_ONCE, PATIENCE, Lookups, Slow
from tests.waiting import Leap, turns


@pytest.fixture
def servers(monkeypatch):
    """Names that end in .slow are answered when the event is set, all others at once; which were asked for."""
    asked = []
    late = threading.Event()

    def resolve(host, port, **_options):
        asked.append(host)
        if host.endswith(".slow"):
            late.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.1", port))] * 2

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    yield asked
    late.set()


async def test_names_that_are_never_answered_hold_up_no_other(servers):
    lookups, clock = Lookups(), Leap()
    assert await lookups.addresses("known.test", 443) == ["203.0.113.1"]
    slow = [lookups.addresses(f"{number}.slow", 443) for number in range(2 * AT_ONCE)]
    waiting = asyncio.gather(*slow, return_exceptions=True)
    await turns()
    assert await lookups.addresses("known.test", 443) == ["203.0.113.1"]
    assert not waiting.done()
    await clock.ahead(PATIENCE)
    assert {type(each) for each in await waiting} == {Slow}
    before = len(servers)
    with pytest.raises(Slow):
        await lookups.addresses("0.slow", 443)
    assert len(servers) == before, "it is not asked for again for a while"
    assert await lookups.addresses("known.test", 443) == ["203.0.113.1"]


async def test_who_asks_for_the_same_name_shares_a_lookup_and_addresses_need_none(servers):
    lookups = Lookups()
    await asyncio.gather(*(lookups.addresses("known.test", 443) for _ in range(5)))
    assert servers == ["known.test"]
    assert await lookups.addresses("::1", 443) == ["::1"]
    assert servers == ["known.test"]


async def test_what_the_resolver_says_is_told_as_it_is(monkeypatch):
    def resolve(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(socket.gaierror):
        await Lookups().addresses("nowhere.test", 443)
