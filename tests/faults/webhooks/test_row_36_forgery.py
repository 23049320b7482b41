"""Row 36: callbacks that were forged or are shown again do not verify; a receiver that was away for hours is not run over."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import random
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from libs.contracts.endpoints import RotateSecret
from libs.runtime.bus import Refused
from libs.runtime.database import database
from services.webhooks.app import MIGRATIONS
from services.webhooks.dialects import Place, standard
from services.webhooks.domain import deliveries
from services.webhooks.endpoints import Endpoints
from services.webhooks.settings import SCHEDULE
from services.webhooks.store import Store
from services.webhooks.verdict import Answer, Schedule, settle
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.asking import ALLOWED, Client
from tests.webhooks.dispatching import dispatcher, stored
from tests.webhooks.events import SN, news, publish
from tests.webhooks.receivers import answer, receiver

pytestmark = pytest.mark.timeout(170)
PARALLEL = 32
#: An hour takes a minute.
PAUSES, JITTER = tuple(pause / 60 for pause in SCHEDULE), 0.1
#: Seconds that the receiver was away, and how long everything may take once it is back: the last attempt falls due after 330 s.
AWAY, WITHIN = 360.0, 1500
PLACE = Place(("192.0.2.1",), ZoneInfo("Asia/Shanghai"))
NOBODY = Answer(503, "it answered 503")


def verifies(secret, body, headers):
    try:
        Webhook(secret).verify(body, dict(headers))
    except WebhookVerificationError:
        return False
    return True


@pytest.mark.row(36)
async def test_row_36_what_was_forged_or_is_shown_again_does_not_verify(row, tmp_path):
    settings = {"webhook_allow_networks": ALLOWED, "webhook_overlap": 8.0, "webhook_schedule": (0.1,)}
    async with running_bus(tmp_path) as rig, receiver() as there, dispatcher(rig, **settings):
        spooler, client = await rig.connect("spooler"), Client(await rig.connect("gateway"))
        endpoint, secret = await client.add(there.url)
        _, others = await client.add(f"{there.url}/other")
        await publish(spooler, news(2))
        await until(lambda: len(there.requests) == 4)
        one, two = (each for each in there.requests if each.path == "/hook")
        assert verifies(secret, one.body, one.headers)
        old = datetime.now(UTC) - timedelta(minutes=6)
        resigned = Webhook(secret).sign(one.id, old, one.body.decode())
        forged = {
            "an old time": (secret, one.body, {**one.headers, "webhook-timestamp": str(int(old.timestamp()))}),
            "an old callback, shown again": (
                secret,
                one.body,
                {**one.headers, "webhook-timestamp": str(int(old.timestamp())), "webhook-signature": resigned},
            ),
            "another one's id": (secret, one.body, {**one.headers, "webhook-id": two.id}),
            "another one's body": (secret, two.body, one.headers),
            "a changed body": (secret, one.body.replace(b"Office", b"Lobby!"), one.headers),
            "another endpoint's secret": (others, one.body, one.headers),
            "no signature": (secret, one.body, {**one.headers, "webhook-signature": "v1,"}),
        }
        assert [name for name, what in forged.items() if verifies(*what)] == []
        new = (await client.ask(RotateSecret, endpoint=endpoint)).secret
        rotated = time.monotonic()

        async def by_both():
            await client.test(endpoint)
            both = there.requests[-1]
            assert verifies(secret, both.body, both.headers), "the old one is good all the time"
            return verifies(new, both.body, both.headers)

        await until(by_both, 6, "both secrets sign, as soon as the lane has looked at its endpoint again", every=0.3)
        switched = time.monotonic() - rotated

        async def over():
            await client.test(endpoint)
            last = there.requests[-1]
            return verifies(new, last.body, last.headers) and not verifies(secret, last.body, last.headers)

        await until(over, 40, "the old secret is over", every=0.5)
    row.did("Genuine callbacks changed in seven ways and given to the verifier of Standard Webhooks; then the secret was rotated.")
    row.saw(
        f"Refused: {', '.join(forged)}. The old secret signed all through the overlap, the new one too "
        f"from {switched:.1f} s after it was made, and alone when the overlap was over."
    )


class Back:
    """A receiver that is back; how many it hears at the same time, and when it heard of each (ms since 1970)."""

    def __init__(self):
        self.now, self.most = 0, 0
        self.heard = []

    async def script(self, request, writer):
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.002)  # what answering takes
        self.now -= 1
        self.heard.append((int(time.time() * 1000), request.id))
        return answer(200, b"")


def left_behind(endpoint, count, now):
    """The deliveries of so many events in six hours without their receiver, as the dispatcher's own verdicts leave them."""
    schedule = Schedule(PAUSES, ordered=False, jitter=JITTER)
    event = news(1)[0]
    (model,) = deliveries(event, event.id, 0, [endpoint], lambda each: standard.shape(event, each, PLACE))
    for number in range(count):
        task = f"{SN}-{number:012}"
        at = now - int(AWAY * 1000 * (count - number) / count)
        known = {"task": task, "event": f"{task}:1:new", "body": model.body.replace(event.task.id, task)}
        one = replace(model, sequence=number + 1, at=at, **known)
        due = at
        while due <= now:
            outcome = settle(one, NOBODY, accepted=False, schedule=schedule, now=due, chance=random())
            one, due = replace(one, attempts=outcome.attempts, due_at=outcome.due_at, status=503), outcome.due_at
        yield one


@pytest.mark.row(36)
@pytest.mark.timeout(1700)
async def test_row_36_a_receiver_that_was_away_for_hours_is_told_everything_in_its_time_and_not_at_once(row, tmp_path):
    back, count = Back(), row.scale(2_000, 100_000)
    settings = {
        "webhook_allow_networks": ALLOWED,
        "webhook_schedule": PAUSES,
        "webhook_jitter": JITTER,
        "webhook_parallel": PARALLEL,
    }
    async with running_bus(tmp_path) as rig, receiver(back.script) as there:
        async with dispatcher(rig, **settings):
            await Client(await rig.connect("gateway")).add(there.url)
        async with database("", rig.data_dir, "webhooks", MIGRATIONS) as opened:
            (endpoint,) = await Endpoints(opened).owned("main", SN)
            begun = int(time.time() * 1000)
            due, tries = {}, 0
            left = left_behind(endpoint, count, begun)
            while part := list(islice(left, 10_000)):
                due |= {each.event: each.due_at for each in part}
                tries = max(tries, *(each.attempts for each in part))
                async with opened.transaction() as connection:
                    await Store(opened).add(connection, part)
        pace = []
        async with dispatcher(rig, **settings):

            async def all_told():
                pace.append(len(back.heard))
                return len(back.heard) >= count

            await until(all_told, WITHIN, "everything was told", every=1.0)
            took = time.time() - begun / 1000
            (view,) = await Client(await rig.connect("gateway")).endpoints()
            assert view.enabled

            async def ended():
                async with stored(rig) as (store, _, _):
                    return await store.count_waiting() == 0

            await until(ended, 30, "everything is written down", every=0.5)
        told = [event for _, event in back.heard]
        assert len(told) == len(set(told)) == count, "each once"
        assert set(told) == set(due), "and every one"
        early = [event for at, event in back.heard if at < due[event] - 5]
        assert not early, "never before its time"
        assert 1 <= back.most <= PARALLEL // 2, "repetitions have half of the room, what is new has the rest"
    late = sorted(max(at - max(due[event], begun), 0) / 1000 for at, event in back.heard)
    gaps = len({at // 1000 for at, _ in back.heard})
    assert gaps > 10, "the schedule and its jitter spread what happened at the same time"
    most = max(after - before for before, after in pairwise(pace))
    row.did(
        f"{count} events wait for a receiver that was away for six hours, as the dispatcher's own verdicts leave them in its "
        f"database: tried up to {tries} times, each with the moment of its next attempt. An hour takes a minute here, of the "
        "events and of the schedule alike. Then it is back."
    )
    row.saw(
        f"In {took:.0f} s it was told all {len(told)}: each once, none before its time, never more than {back.most} at the same "
        f"time (repetitions have half of {PARALLEL}) and {most} in a second, in {gaps} of these seconds; the last fell due after "
        f"{(max(due.values()) - begun) / 1000:.0f} s. Half of them came {median(late):.1f} s after their time at most, 99 of 100 "
        f"{late[int(len(late) * 0.99)]:.1f} s, the last {late[-1]:.1f} s; nothing is left in the dispatcher's database to tell.",
        waiting=count,
        told=len(told),
        catch_up_per_second=round(len(told) / took),
        most_in_a_second=most,
        most_at_once=back.most,
    )


@pytest.mark.row(36)
async def test_row_36_gone_and_come_again_are_obeyed(row, tmp_path):
    later = []

    async def busy(request, writer):
        later.append(request.at)
        return answer(429, b"", "Retry-After: 2") if len(later) == 1 else answer(200)

    async def gone(request, writer):
        return answer(410, b"")

    settings = {"webhook_allow_networks": ALLOWED, "webhook_schedule": (0.1, 0.1)}
    async with running_bus(tmp_path) as rig, receiver(busy) as one, receiver(gone) as two, dispatcher(rig, **settings):
        spooler, client = await rig.connect("spooler"), Client(await rig.connect("gateway"))
        await client.add(one.url)
        lost, _ = await client.add(two.url)
        (first,) = await publish(spooler, news(1))
        await until(lambda: len(later) == 2, 20)
        assert later[1] - later[0] >= 2.0, "not after the 0.1 s of its schedule"

        async def disabled():
            return next(each for each in await client.endpoints() if each.id == lost).reason

        assert await until(disabled, 10) == "the receiver answered 410: it is gone for good"
        await publish(spooler, news(3, start=1))
        await until(lambda: len(one.requests) >= 5, 20)
        assert len(two.requests) == 1
        assert {state for _, state, _ in await client.states(lost)} == {"skipped"}
        with pytest.raises(Refused, match="switch it on first"):
            await client.replay(lost, since=0)
        await client.change(lost, enabled=True)
        assert await client.replay(lost, delivery=first) == 1
        await until(lambda: len(two.requests) == 2, 10, "it can be told again when it is switched on")
    row.did("One receiver answers 429 with Retry-After: 2, another 410; then three more events.")
    row.saw(
        f"The first was asked again after {later[1] - later[0]:.1f} s instead of 0.1 s. The other was switched off with the reason "
        "in its view, asked no more, and what it missed was listed as skipped and replayed after it was switched on."
    )
