"""The dispatcher is killed while applications subscribe and renew, and while subscriptions expire."""

import asyncio
import random
import time
from contextlib import suppress
from typing import Any

import pytest

from libs.contracts.queries import Code
from libs.contracts.subscriptions import AddSubscription, GetSubscription, ListSubscriptions, RemoveSubscription, RenewSubscription
from libs.runtime.bus import Refused, Unanswered
from services.webhooks.crashpoints import SUBSCRIBING
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.dispatching import dispatcher, process
from tests.webhooks.events import publish
from tests.webhooks.receivers import Receiver, receiver
from tests.webhooks.subscribing import APP, HOUR, echoing, hooked, now, to_hooks, token_in, told

MINE = {"region": "local", "tenant": "main"}
QUICK = {"subscription_http": True, "subscription_schedule": (0.1, 0.2), "webhooks_holder": "only"}
GIVEN = {"SUBSCRIPTION_HTTP": "true", "SUBSCRIPTION_SCHEDULE": "[0.1, 0.2]", "WEBHOOKS_HOLDER": "only"}
#: The lives of the dispatcher: the point at which each kills itself; where none stands, it is killed after a while.
LIVES = ("webhooks-after-renewed", "", "", "webhooks-after-expired", "", "")
#: Seconds after which those expire that nobody renews, one after another.
EXPIRE = (15.0, 20.0, 25.0, 30.0)
RENEWED = 6
#: Seconds that the catalogue allows.
TOLERANCE = 60


async def answered(gateway, query: Any) -> Any:
    """Asked until there is somebody to ask."""

    async def asked() -> Any:
        with suppress(Unanswered):
            return await gateway.ask(query, timeout=5)

    return await until(asked, 90, "a dispatcher answers", every=0.1)


async def renew(gateway, kept: list[str], stop: asyncio.Event) -> int:
    """Renew each again and again; how often it was answered."""
    count = 0
    while not stop.is_set():
        for one in kept:
            query = RenewSubscription(**MINE, app=APP, subscription=one, expires=now() + HOUR)
            found = await answered(gateway, query)
            assert found.subscription.expires == query.expires
            count += 1
        await asyncio.sleep(0.2)  # how often it asks
    return count


async def watch(gateway, over: dict[str, int], stop: asyncio.Event) -> None:
    """None of those that will expire is missing before its time."""
    while not stop.is_set():
        for one, expires in over.items():
            with suppress(Unanswered):
                try:
                    await gateway.ask(GetSubscription(**MINE, app=APP, subscription=one), timeout=5)
                except Refused:
                    assert now() >= expires, f"{one} is not found {expires - now()} ms before its time"
        await asyncio.sleep(0.2)  # how often it asks


def ends(there: Receiver) -> dict[str, float]:
    """When the end of each subscription was told first, in seconds since 1970."""
    wall = time.time() - time.monotonic()
    found: dict[str, float] = {}
    for request in there.requests:
        if token_in(request.path) is None:
            for each in request.json["value"]:
                if "lifecycleEvent" in each:
                    found.setdefault(each["subscriptionId"], wall + request.at)
    return found


async def live_and_die(rig, dice: random.Random) -> int:
    """One dispatcher after another; how many were killed."""
    for point in LIVES:
        async with process(rig, "", CRASHPOINT=point, **GIVEN) as one:
            if not point:
                await asyncio.sleep(dice.uniform(2, 5))  # at any moment of its life
                one.kill()
            await until(lambda one=one: one.code is not None, 90, f"the end of a dispatcher at {point}")
            assert one.code == -9
    return len(LIVES)


@pytest.mark.row(8)
@pytest.mark.timeout(240)
async def test_row_08_subscriptions_end_when_they_should_whoever_dies(row):
    async with running_bus(row.folder) as rig, receiver(echoing()) as there:
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        begun = now()
        kept = [to_hooks(there.url, expires=begun + 120_000) for _ in range(RENEWED)]
        ending = [to_hooks(there.url, lifecycle_url=there.url, expires=begun + int(each * 1000)) for each in EXPIRE]
        async with dispatcher(rig, **QUICK):
            for one in (*kept, *ending):
                await gateway.ask(AddSubscription(**MINE, subscription=one), timeout=30)
        stop = asyncio.Event()
        renewing = asyncio.create_task(renew(gateway, [one.id for one in kept], stop))
        watching = asyncio.create_task(watch(gateway, {one.id: one.expires for one in ending}, stop))
        killed = await live_and_die(rig, random.Random(8))
        async with dispatcher(rig, **QUICK):
            await until(lambda: set(ends(there)) == {one.id for one in ending}, 90, "those that expired are told so", every=0.1)
            stop.set()
            renewals, _ = await asyncio.gather(renewing, watching)
            listed = (await gateway.ask(ListSubscriptions(**MINE, app=APP), timeout=10)).subscriptions
            assert {one.id for one in listed} == {one.id for one in kept}
            await publish(spooler, [hooked(1)])
            wanted = {one.id for one in kept}
            await until(lambda: {each["subscriptionId"] for each in told(there) if "lifecycleEvent" not in each} == wanted, 30)
        events = [each for each in told(there) if "lifecycleEvent" in each]
        late = [ends(there)[one.id] - one.expires / 1000 for one in ending]
        assert {each["lifecycleEvent"] for each in events} == {"subscriptionRemoved"}
        assert all(0 <= each <= TOLERANCE for each in late), late
        assert len({each["id"] for each in events}) == len(ending), "told again under the same id, if at all"
    row.did(
        f"{RENEWED} subscriptions renewed all the time, {len(EXPIRE)} that nobody renewed; {killed} dispatchers were killed one by "
        "one: one when a renewal was saved and not answered, one when expired ones had ended and nobody knew."
    )
    row.saw(
        f"{renewals} renewals were answered; what was renewed was all there in the end. None was missing before its time; the ends "
        f"of the others were told {min(late):.1f} to {max(late):.1f} s after it, while mostly no dispatcher ran.",
        late=late,
    )


@pytest.mark.row(8)
@pytest.mark.timeout(120)
async def test_row_08_an_application_that_was_not_answered_finds_out_what_there_is(row):
    async with running_bus(row.folder) as rig, receiver(echoing()) as there:
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        tried = {point: to_hooks(there.url) for point in SUBSCRIBING}
        for point, one in tried.items():
            async with process(rig, "", CRASHPOINT=point, SUBSCRIPTION_HTTP="true", WEBHOOKS_HOLDER="only") as dying:
                asking = asyncio.create_task(answered(gateway, AddSubscription(**MINE, subscription=one)))
                assert await dying.ended() == -9
                asking.cancel()
                with suppress(asyncio.CancelledError):
                    await asking
        assert [token_in(request.path) is not None for request in there.requests] == [True, True]
        await publish(spooler, [hooked(1)])
        async with dispatcher(rig, **QUICK):
            listed = (await gateway.ask(ListSubscriptions(**MINE, app=APP), timeout=10)).subscriptions
            saved = tried["webhooks-after-subscribed"]
            assert [each.id for each in listed] == [saved.id]
            await until(lambda: told(there), 20, "what happened meanwhile is told")
            assert [each["subscriptionId"] for each in told(there)] == [saved.id]
            again = to_hooks(there.url)  # who asks again without looking has two, and is told everything twice
            await gateway.ask(AddSubscription(**MINE, subscription=again), timeout=20)
            await publish(spooler, [hooked(2)])
            await until(lambda: len(told(there)) == 3, 20)
            assert {each["subscriptionId"] for each in told(there)[1:]} == {saved.id, again.id}
            assert len({each["id"] for each in told(there)}) == 3
            await gateway.ask(RemoveSubscription(**MINE, app=APP, subscription=saved.id), timeout=10)
            with pytest.raises(Refused) as no:
                await gateway.ask(GetSubscription(**MINE, app=APP, subscription=saved.id), timeout=10)
            assert no.value.code is Code.NOT_FOUND
            await publish(spooler, [hooked(3)])
            await until(lambda: len(told(there)) == 4, 20)
            assert told(there)[3]["subscriptionId"] == again.id
    row.did("The dispatcher killed itself before and after it saved a subscription; its application was not answered.")
    row.saw("A list shows what there is; what happened meanwhile was told to the one that was saved, and nothing to the other.")
