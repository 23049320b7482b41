"""Row 33: receivers that hang, drip, or never stop answering cost themselves time, and nobody else."""

import asyncio
import statistics
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from libs.contracts.subscriptions import (
    AddSubscription,
    GetSubscription,
    ListNotifications,
    ReplayNotifications,
)
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.asking import ALLOWED, Client
from tests.webhooks.dispatching import dispatcher
from tests.webhooks.events import life, news, publish
from tests.webhooks.receivers import answer, receiver
from tests.webhooks.subscribing import APP, echoing, hooked, to_hooks, told

pytestmark = pytest.mark.timeout(240)
HEALTHY, SLOW, EVENTS = 10, 100, 20
#: Seconds that a slow receiver takes: longer than an attempt may.
LONG = 30.0
CHUNK = b"x" * 65_536


class Crowd:
    """What slow receivers do, by the first part of their path; how much an endless answer could write before it was cut off."""

    def __init__(self):
        self.written = []

    async def script(self, request, writer):
        manner = request.path.split("/")[2].partition("?")[0]
        if manner == "hang":
            await asyncio.sleep(LONG)  # a receiver that hangs
            return answer(200)
        if manner == "drip":
            return await self._drip(writer)
        if manner == "endless":
            return await self._endless(writer)
        return answer(204, b"")

    async def _drip(self, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        with suppress(ConnectionError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.5)  # the pace of its bytes

    async def _endless(self, writer):
        written = 0
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"%x\r\n%b\r\n" % (len(CHUNK), CHUNK))
                await writer.drain()
                written += len(CHUNK)
        except ConnectionError:
            self.written.append(written)


def resident():
    """Megabytes that this process, and the dispatcher in it, hold."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def told_late(spooler, there, start):
    """Publish events one after another; the seconds after which each healthy endpoint heard of each, sorted."""
    published = {}
    for event in news(EVENTS, start=start):
        (name,) = await publish(spooler, [event])
        published[name] = time.monotonic()
        await asyncio.sleep(0.05)  # as they come, not all at once: a time in a queue of its own would be measured

    def heard():
        return [each for each in there.requests if each.path.startswith("/hook/well") and each.id in published]

    await until(lambda: len(heard()) == HEALTHY * EVENTS, 60, "every healthy endpoint has heard everything")
    return sorted(each.at - published[each.id] for each in heard())


@pytest.mark.row(33)
async def test_row_33_a_hundred_slow_receivers_delay_no_other(row, tmp_path):
    crowd = Crowd()
    # They are slow, not strangers: how many of these are told at all is row 34.
    settings = {
        "webhook_allow_networks": ALLOWED,
        "webhook_endpoints": 500,
        "webhook_timeout": 20.0,
        "webhook_unproven_rate": 100_000,
    }
    async with running_bus(tmp_path) as rig, receiver(crowd.script) as there, dispatcher(rig, **settings):
        spooler, client = await rig.connect("spooler"), Client(await rig.connect("gateway"))
        for number in range(HEALTHY):
            await client.add(f"{there.url}/well/{number}")
        await told_late(spooler, there, 900)  # connections are made
        manners = ["hang"] * (SLOW - 20) + ["drip"] * 10 + ["endless"] * 10
        slow = [(await client.add(f"{there.url}/others/{number}"))[0] for number in range(SLOW)]
        quiet = await told_late(spooler, there, 0)
        for number, (endpoint, manner) in enumerate(zip(slow, manners, strict=True)):
            await client.change(endpoint, url=f"{there.url}/{manner}/{number}")
        before = resident()
        late = await told_late(spooler, there, 100)
        grown = resident() - before
        manner_of = Counter(each.path.split("/")[2] for each in there.requests)
        p99 = [statistics.quantiles(each, n=100)[98] for each in (quiet, late)]
        assert manner_of["hang"] >= SLOW - 20
        assert p99[1] <= max(2 * p99[0], p99[0] + 2), p99
        assert grown < 100, "what never ends is not kept"
        await until(lambda: crowd.written, 20, "an endless answer was cut off")
        assert max(crowd.written) < 8 * 1024 * 1024, "64 KB are read of an answer; the rest lies in the system's buffers"
        endless = slow[-1]
        rows = await client.log(endless, limit=100)
        assert {str(each.state) for each in rows} <= {"delivered", "waiting"}
        assert any(str(each.state) == "delivered" for each in rows), "its status was the answer"
        (waiting, *_) = await client.log(slow[0], limit=100)
        assert str(waiting.state) == "waiting"
    row.did(
        f"{SLOW} endpoints that answer after {LONG:.0f} s ({SLOW - 20}), drip a header (10) or never end their body (10), beside "
        f"{HEALTHY} healthy ones; {EVENTS} events for each."
    )
    row.saw(
        f"p99 from event to healthy endpoint: {p99[0] * 1000:.0f} ms while the others answer at once, "
        f"{p99[1] * 1000:.0f} ms beside them. "
        f"An endless body was cut off after {max(crowd.written) / 1e6:.1f} MB in buffers; memory grew by {grown:.0f} MB.",
        quiet_p99_ms=p99[0] * 1000,
        slow_p99_ms=p99[1] * 1000,
    )


@pytest.mark.row(33)
async def test_row_33_a_webprinter_endpoint_blocks_itself_only(row, tmp_path):
    async def hanging(request, writer):
        await asyncio.sleep(LONG)  # a receiver that hangs

    settings = {"webhook_allow_networks": ALLOWED, "callback_timeout": 0.5}
    async with running_bus(tmp_path) as rig, receiver(hanging) as slow, receiver() as well, dispatcher(rig, **settings):
        spooler, client = await rig.connect("spooler"), Client(await rig.connect("gateway"))
        stuck, _ = await client.add(slow.url, dialect="webprinter")
        await client.add(well.url, dialect="webprinter")
        events = [event for number in range(20) for event in life(f"jueKiUEE-{number:012}")]
        ids = await publish(spooler, events)
        begun = time.monotonic()
        await until(lambda: len(well.ids) == len(ids), 30, "the healthy one has heard everything")
        took = time.monotonic() - begun
        assert well.ids == ids, "in its order"
        assert set(slow.ids) <= set(ids[:5]), "the other one is still at its first events"

        async def skipped():
            return (await client.states(stuck))[:2] == [(ids[0], "skipped", 3), (ids[1], "skipped", 3)]

        await until(skipped, 20, "three attempts each, then the next one, and it is written down")
    row.did("Two Webprinter endpoints hear of 20 tasks; one takes every request and never answers (limit 0.5 s).")
    row.saw(
        f"The healthy one had all {len(ids)} callbacks in order after {took:.1f} s; the other one's first two were skipped after "
        "three attempts each, visibly, and held up only what came after them there."
    )


@pytest.mark.row(33)
async def test_row_33_what_a_subscription_was_not_told_is_listed_and_told_again(row, tmp_path):
    answers = {"status": 0}

    async def moody(request, writer):
        if not answers["status"]:
            await asyncio.sleep(LONG)  # a receiver that hangs
        return answer(answers["status"] or 200, b"")

    settings = {"subscription_http": True, "subscription_schedule": (0.2, 0.4), "subscription_timeout": 0.5}
    async with (
        running_bus(tmp_path) as rig,
        receiver(echoing(moody)) as there,
        receiver(echoing()) as well,
        dispatcher(rig, **settings),
    ):
        spooler, bus = await rig.connect("spooler"), await rig.connect("gateway")

        async def ask(kind, **fields):
            return await bus.ask(kind(region="local", tenant="main", **fields), timeout=25)

        slow = (await ask(AddSubscription, subscription=to_hooks(there.url))).subscription
        await ask(AddSubscription, subscription=to_hooks(well.url))
        await publish(spooler, [hooked(number) for number in range(10)])
        await until(lambda: len(told(well)) == 10, 10, "the other subscription hears at once")

        async def rows():
            return (await ask(ListNotifications, app=APP, subscription=slow.id)).deliveries

        async def limping():
            found = await rows()
            return found and any(str(each.state) == "waiting" and each.attempts and each.error for each in found)

        await until(limping, 15, "the list says that it is slow")
        failing = (await ask(GetSubscription, app=APP, subscription=slow.id)).subscription.failing_since
        assert failing > 0, "and so does the subscription"

        async def dropped():
            found = await rows()
            return len(found) == 10 and {str(each.state) for each in found} == {"skipped"} and found

        lost = await until(dropped, 60, "all are given up after their schedule, and listed")
        assert {each.error for each in lost} == {"no answer within 0.5 s"}
        answers["status"] = 202
        before = len(told(there))
        assert (await ask(ReplayNotifications, app=APP, subscription=slow.id, since=0)).count == 10
        await until(lambda: len({each["id"] for each in told(there)[before:]}) == 10, 20, "each is told again")
        assert {each["id"] for each in told(there)[before:]} <= {each["id"] for each in told(there)[:before]}, "under its own id"
    row.did("A Graph subscription whose receiver takes each notification and does not answer, beside a healthy one; 10 hooks.")
    row.saw(
        "The healthy one heard at once; the slow one's list showed each as waiting with its cause, the subscription since when it "
        "fails; after the schedule all 10 were listed as skipped, and a replay told all 10 again under their own ids."
    )
