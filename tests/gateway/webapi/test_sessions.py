"""Sessions are so many and no more, also when all pages come back in one moment."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from services.gateway.domain import Identity
from services.gateway.webapi import sessions as module
from services.gateway.webapi.session import Visitor
from services.gateway.webapi.sessions import Full, Sessions
from tests.waiting import turns


class Feeds:
    """A stream of events that takes its time."""

    @asynccontextmanager
    async def open(self, _tenant, _sn):
        await turns()
        yield SimpleNamespace(seq=0)


@pytest.mark.parametrize(("limit", "of_one"), [(3, 200), (1000, 3)])
async def test_pages_that_come_in_one_moment_find_the_room_that_there_is(monkeypatch, limit, of_one):
    monkeypatch.setattr(module, "OF_ONE_CLIENT", of_one)
    sessions = Sessions(Feeds(), None, None, limit)
    visitor = Visitor(Identity("main", "jueKiUEE"), "https://shop.example.org")
    came = await asyncio.gather(*(sessions.open(visitor) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(each, Full) for each in came) == 2
    assert len(sessions) == 3
    left = next(each for each in came if not isinstance(each, Full))
    await sessions.end(left, module.LEFT)
    await sessions.open(visitor)
    with pytest.raises(Full):
        await sessions.open(visitor)
    await sessions.close()
    assert len(sessions) == 0
