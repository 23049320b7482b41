"""Subscriptions as the operator meets them among the endpoints, and as clients do not."""

import pytest

from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from libs.runtime.database import database
from libs.runtime.settings import read
from libs.runtime.traces import Tracing
from services.webhooks import dialects, enrol
from services.webhooks.app import MIGRATIONS, desk_of
from services.webhooks.desk import Owner
from services.webhooks.graph.lifecycle import Lifecycle
from services.webhooks.graph.subscriptions import Subscriptions, lifecycle_id
from services.webhooks.graph.wiring import Subscribing
from services.webhooks.history import History, Wanted
from services.webhooks.receiver import trusted
from services.webhooks.settings import WebhooksSettings
from tests.webhooks.subscribing import APP, now, to_hooks

OPERATOR = Owner("", "", operator=True)
CLIENT = Owner("main", "app00001")


@pytest.fixture
async def opened(tmp_path):
    async with database("", tmp_path, "webhooks", MIGRATIONS) as made:
        yield made


async def test_the_operator_sees_a_subscription_and_may_remove_it_but_not_change_it(opened, tmp_path):
    settings = read(WebhooksSettings, data_dir=tmp_path)
    desk = desk_of(opened, settings, dialects.discover(dialects))
    subscriptions, lifecycle = Subscriptions(opened), Lifecycle(opened, 3600.0)
    one = to_hooks("https://partner.example/", sn=CLIENT.sn, lifecycle_url="https://life.example/")
    await subscriptions.add(one, 10)
    assert [each.id for each in await desk.endpoints.owned("main", None)] == [one.id, lifecycle_id(one.id)]
    async with opened.reading() as connection:
        assert await desk.endpoints.of(connection, {CLIENT.sn}, {"main"}) == []
    for owner in (OPERATOR, CLIENT):
        for refused in (
            desk.change(owner, one.id, {"url": "https://x.example/"}),
            desk.rotate(owner, one.id),
            desk.trial(owner, one.id),
        ):
            with pytest.raises(Refused, match="subscription") as caught:
                await refused
            assert caught.value.code is Code.CONFLICT
    with pytest.raises(Refused, match="subscription"):
        await desk.remove(CLIENT, one.id)
    assert await enrol.switch_with(desk, "main", CLIENT.sn, enabled=False) == 0

    await desk.remove(OPERATOR, one.id)
    assert await subscriptions.get("main", APP, one.id, now()) is None
    assert await lifecycle.end(now()) == 1
    (told,) = await History(opened).deliveries(Wanted(lifecycle_id(one.id)), 5)
    assert told.name == "subscriptionRemoved"


async def test_a_client_that_is_removed_takes_its_subscriptions_along(opened, tmp_path):
    desk = desk_of(opened, read(WebhooksSettings, data_dir=tmp_path), dialects.discover(dialects))
    subscriptions, lifecycle = Subscriptions(opened), Lifecycle(opened, 3600.0)
    one = to_hooks("https://partner.example/", sn=CLIENT.sn, lifecycle_url="https://life.example/")
    await subscriptions.add(one, 1)
    assert await enrol.remove_with(desk, "main", CLIENT.sn) == 2
    await desk.endpoints.sweep()
    await lifecycle.end(now())
    assert await subscriptions.count("main", APP) == 0
    assert await History(opened).deliveries(Wanted(lifecycle_id(one.id)), 5) == []


async def test_a_subscription_that_ends_while_its_new_address_is_asked_is_not_changed(opened, tmp_path, monkeypatch):
    settings = read(WebhooksSettings, data_dir=tmp_path)
    subscribing = Subscribing(opened, settings, trusted(), Tracing("test"))
    one = to_hooks("https://partner.example/")
    await subscribing.subscriptions.add(one, 1)

    async def asked(_addresses):
        assert await subscribing.lifecycle.end(one.expires) == 1

    monkeypatch.setattr(subscribing.desk, "_validate", asked)
    with pytest.raises(Refused, match="or it has expired") as refused:
        await subscribing.desk.change("main", APP, one.id, {"url": "https://new.example/", "expires": one.expires + 1})
    assert refused.value.code is Code.NOT_FOUND
    assert await subscribing.subscriptions.count("main", APP) == 0
