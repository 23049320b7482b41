"""kill -9 of a dispatcher while an application subscribes, and what happens to subscriptions while there is none."""

import pytest

from libs.contracts.queries import Code
from libs.contracts.subscriptions import AddSubscription, GetSubscription
from libs.runtime.bus import Refused
from services.webhooks.graph.subscriptions import lifecycle_id
from services.webhooks.history import Wanted
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.dispatching import dispatcher, stored
from tests.webhooks.events import publish
from tests.webhooks.receivers import always, receiver
from tests.webhooks.subscribing import APP, echoing, hooked, now, to_hooks, told

pytestmark = pytest.mark.timeout(120)
MINE = {"region": "local", "tenant": "main"}
QUICK = {"subscription_http": True, "subscription_schedule": (0.1, 0.2), "webhooks_holder": "only"}


async def test_a_subscription_that_expires_while_nobody_is_there_ends_and_its_application_hears_it(tmp_path):
    async with running_bus(tmp_path) as rig, receiver(echoing(always(503))) as away, receiver(echoing()) as life:
        spooler, gateway = await rig.connect("spooler"), await rig.connect("gateway")
        one = to_hooks(away.url, lifecycle_url=life.url, expires=now() + 4000)
        async with dispatcher(rig, **QUICK):
            await gateway.ask(AddSubscription(**MINE, subscription=one), timeout=20)
            await publish(spooler, [hooked(1)])
            await until(lambda: told(away), what="it was tried")
        await publish(spooler, [hooked(2)])
        await until(lambda: now() > one.expires)
        async with dispatcher(rig, **QUICK):
            await until(lambda: told(life), what="the application hears of its end")
            assert [each["lifecycleEvent"] for each in told(life)] == ["subscriptionRemoved"]
            with pytest.raises(Refused, match="or it has expired") as no:
                await gateway.ask(GetSubscription(**MINE, app=APP, subscription=one.id), timeout=10)
            assert no.value.code is Code.NOT_FOUND
        async with stored(rig) as (_, _, history):
            (lost,) = [each for each in await history.deliveries(Wanted(one.id), 10) if each.task == hooked(1).task.id]
            assert (lost.state, lost.error) == ("skipped", "the subscription has expired")
            (ended,) = await history.deliveries(Wanted(lifecycle_id(one.id)), 10)
            assert ended.state == "delivered"
