"""Pages that owe their relay token: a few at a time, counted from the moment in which they knock."""

import asyncio
from types import SimpleNamespace

from libs.runtime.ending import end
from services.gateway.webapi.guard import Caller
from services.gateway.webapi.upgrade import OWING_OF_ONE, RELAY, Upgrade
from tests.waiting import turns


class Socket:
    """A page whose line takes its time to be accepted."""

    def __init__(self):
        self.scope = {"subprotocols": ["webprinter.v1", RELAY]}
        self.denied = None

    async def accept(self, _protocol):
        await asyncio.Event().wait()

    async def send_denial_response(self, response):
        self.denied = response.status_code


async def test_many_that_knock_in_one_moment_are_no_more_than_may_owe_a_token():
    caller = Caller("https://shop.example.org", allowed=False, local=False, peer="192.0.2.7")
    guard = SimpleNamespace(caller=lambda _scope: caller)
    upgrade = Upgrade(guard, None, None, None, SimpleNamespace(webapi_relay=True))
    sockets = [Socket() for _ in range(OWING_OF_ONE + 1)]
    knocking = [asyncio.create_task(upgrade.serve(each)) for each in sockets]
    await turns()
    assert [each.denied for each in sockets] == [None] * OWING_OF_ONE + [429]
    await end(*knocking)
    another = Socket()
    knocking = [asyncio.create_task(upgrade.serve(another))]
    await turns()
    assert another.denied is None, "who went away owes nothing"
    await end(*knocking)
