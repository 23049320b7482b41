"""What a batch of events becomes: deliveries of endpoints, notifications of subscriptions, and nothing that nobody asked for."""

from functools import partial
from zoneinfo import ZoneInfo

import pytest

from libs.contracts.message import Undecodable, encode
from libs.runtime.database import database
from libs.runtime.reader import Incoming
from services.webhooks import dialects
from services.webhooks.app import MIGRATIONS
from services.webhooks.dialects import Place
from services.webhooks.domain import Endpoint
from services.webhooks.endpoints import Endpoints
from services.webhooks.graph.notices import Notices
from services.webhooks.graph.subscriptions import Subscriptions
from services.webhooks.handlers import Handlers
from services.webhooks.history import History, Wanted
from services.webhooks.intake import EVENTS, TASKS
from services.webhooks.store import Store
from tests.webhooks.events import SN, news
from tests.webhooks.subscribing import fetchable, hooked, to_hooks, to_jobs

PLACE = Place((), ZoneInfo("UTC"))


def stored(*events):
    """These events as a reader brings them."""
    return [Incoming(number, each.subject, encode(each), {"Nats-Msg-Id": each.id}, 0) for number, each in enumerate(events, 1)]


@pytest.fixture
async def opened(tmp_path, database_url):
    async with database(database_url, tmp_path, "webhooks", MIGRATIONS) as made:
        yield made


async def test_partners_events_are_told_to_subscriptions_and_to_no_endpoint(opened):
    endpoints, subscriptions, history = Endpoints(opened), Subscriptions(opened), History(opened)
    for endpoint, sn in (("mine", SN), ("tenant", "")):
        await endpoints.put(Endpoint(endpoint, sn, "http://a", "standard", tenant="main"))
    hooks, jobs, others = to_hooks("u"), to_jobs("u"), to_jobs("u", tenant="another")
    handlers = Handlers(Store(opened), endpoints, dialects.discover(dialects), lambda: PLACE, Notices(subscriptions))
    events = [news(1)[0], hooked(1), fetchable(2)]

    async def take(messages):
        handlers.touched.clear()
        async with opened.transaction() as connection:
            await partial(handlers.take, EVENTS[TASKS])(connection, messages)
        return handlers.touched

    garbled = Incoming(9, hooked(9).subject, b"{", {}, 0)
    assert await take([*stored(*events), garbled]) == {"mine", "tenant"}  # nobody is subscribed: it is not even read
    for one in (hooks, jobs, others):
        await subscriptions.add(one, 10)
    assert await take(stored(*events)) == {hooks.id, jobs.id}
    assert await take(stored(*events)) == set()
    for endpoint in ("mine", "tenant"):
        assert [each.name for each in await history.deliveries(Wanted(endpoint), 10)] == ["NewTask"]
    assert [each.name for each in await history.deliveries(Wanted(hooks.id), 10)] == ["TaskHooked"]
    assert [each.name for each in await history.deliveries(Wanted(jobs.id), 10)] == ["TaskFetchable"]
    with pytest.raises(Undecodable):
        await take([garbled])
