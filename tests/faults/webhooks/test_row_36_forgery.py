"""Row 36: callbacks that were forged or are shown again do not verify; a receiver that was away for hours is not run over."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from libs.contracts.endpoints import RotateSecret
from libs.runtime.bus import Refused
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.asking import ALLOWED, Client
from tests.webhooks.dispatching import dispatcher
from tests.webhooks.events import news, publish
from tests.webhooks.receivers import answer, receiver

pytestmark = pytest.mark.timeout(170)
PARALLEL = 8


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


class Away:
    """A receiver that answers 503 until it is back; how many it holds at the same time, and when each came."""

    def __init__(self):
        self.status = 503
        self.now, self.most = 0, 0
        self.accepted = []

    async def script(self, request, writer):
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.002)
        self.now -= 1
        if self.status == 200:
            self.accepted.append((request.at, request.id))
        return answer(self.status, b"")


@pytest.mark.row(36)
async def test_row_36_a_receiver_that_was_away_is_told_everything_and_not_at_once(row, tmp_path):
    away, count = Away(), row.scale(300, 3000)
    settings = {
        "webhook_allow_networks": ALLOWED,
        "webhook_schedule": (4.0,) * 40,
        "webhook_jitter": 0.5,
        "webhook_parallel": PARALLEL,
    }
    async with running_bus(tmp_path) as rig, receiver(away.script) as there, dispatcher(rig, **settings):
        spooler, client = await rig.connect("spooler"), Client(await rig.connect("gateway"))
        await client.add(there.url)
        ids = await publish(spooler, news(count))
        await until(lambda: len(there.requests) >= count // 2, 60, "it was asked while it was away")
        while_away = len(there.requests)
        away.status, begun = 200, time.monotonic()
        await until(lambda: len({name for _, name in away.accepted}) == count, 90, "everything was told")
        took = time.monotonic() - begun
        assert sorted(name for _, name in away.accepted) == sorted(ids), "each once"
        assert away.most <= PARALLEL, "never more than so many at the same time"
        gaps = len({round(at, 1) for at, _ in away.accepted})
        assert gaps > 10, "jitter spreads what was due at the same moment"
        (view,) = await client.endpoints()
        assert view.enabled
    row.did(
        f"A receiver away while {count} events happened (the catalogue's 100,000 in 6 hours, scaled for two cores; the schedule's "
        f"hours are 4 s with half of jitter); {while_away} attempts failed meanwhile."
    )
    row.saw(
        f"Back, it was told all {count}, each once, in {took:.1f} s ({count / took:.0f}/s), never more than {away.most} at the "
        f"same time (limit {PARALLEL}), spread over {gaps / 10:.1f} s.",
        catch_up_per_second=count / took,
        most_at_once=away.most,
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
