"""Order, attempts and skip of Webprinter's callback, with receivers that answer 500, 204, 302, hang and drip bytes."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from libs.contracts.endpoints import DeliveryState
from services.webhooks.domain import Endpoint
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.asking import Client
from tests.webhooks.dispatching import QUICK, dispatcher, stored
from tests.webhooks.events import news, publish
from tests.webhooks.receivers import always, answer, never, receiver

pytestmark = pytest.mark.timeout(90)


async def drip(request, writer):
    """One byte of the answer after another, so slowly that it is not whole in time."""
    for byte in answer(200):
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.1)  # the pace of its bytes


#: Serial number -> what its receiver does with the first event, what is remembered as the last status, and why.
FAULTS = {
    "answers5": (always(500), 500, "it answered 500"),
    "answers4": (always(204), 204, "it answered 204"),
    "answers3": (always(302, "Location: http://127.0.0.1:1/elsewhere"), 302, "it answered 302"),
    "hangs000": (never, 0, "no answer within 0.5 s"),
    "drips000": (drip, 0, "no answer within 0.5 s"),
}


def at_first(fault):
    """A receiver with a fault for as long as it sees its first event, and with nothing but 200 from then on."""
    first = []

    async def script(request, writer):
        first[:] = first or [request.id]
        return await fault(request, writer) if request.id == first[0] else answer(200)

    return script


async def test_three_attempts_in_order_then_skip_and_the_next_event_whatever_the_receiver_does(tmp_path, database_url):
    async with AsyncExitStack() as stack:
        rig = await stack.enter_async_context(running_bus(tmp_path))
        there = {sn: await stack.enter_async_context(receiver(at_first(fault))) for sn, (fault, _, _) in FAULTS.items()}
        async with stored(rig, database_url) as (_, endpoints, _):
            for sn, one in there.items():
                await endpoints.put(Endpoint(sn, sn, one.url, "webprinter", tenant="main", trusted=True))
        await stack.enter_async_context(dispatcher(rig, callback_timeout=0.5, database_url=database_url))
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        ids = {sn: await publish(spooler, news(3, sn)) for sn in FAULTS}
        for sn, one in there.items():
            await until(lambda one=one: len(one.requests) == 5, what=f"{sn} was told of everything")
            first, second, third = ids[sn]
            assert one.ids == [first, first, first, second, third]
            assert [request.attempt for request in one.requests] == [1, 2, 3, 1, 1]
            assert len({request.body for request in one.requests[:3]}) == 1
            times = [request.at for request in one.requests]
            assert times[1] - times[0] >= QUICK[0] - 0.05
            assert times[2] - times[1] >= QUICK[1] - 0.05
        for sn, (_, status, why) in FAULTS.items():
            client = Client(gateway, sn)
            expected = [(ids[sn][0], "skipped", 3), (ids[sn][1], "delivered", 1), (ids[sn][2], "delivered", 1)]
            await until(lambda client=client, sn=sn, expected=expected: _became(client, sn, expected))
            (skipped,) = await client.log(sn, state=DeliveryState.SKIPPED)
            assert (skipped.status, skipped.error) == (status, why)
            assert [(each.number, each.status) for each in skipped.log] == [(1, status), (2, status), (3, status)]


async def _became(client, endpoint, expected):
    return await client.states(endpoint) == expected
