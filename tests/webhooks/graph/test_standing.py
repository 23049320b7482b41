"""Applications that lose their right while they are subscribed."""

import pytest

from libs.contracts.directory import ClientEntry, ClientKind
from libs.contracts.queries import Entries
from libs.runtime.bus import Unanswered
from libs.runtime.database import database
from services.webhooks.app import MIGRATIONS
from services.webhooks.graph.lifecycle import Lifecycle
from services.webhooks.graph.standing import ROLES, Standing
from services.webhooks.graph.subscriptions import Subscriptions
from tests.webhooks.subscribing import APP, now, to_hooks, to_jobs


class Registry:
    """The registry's answers to whoever looks clients up."""

    def __init__(self):
        self.clients = {}

    async def ask(self, query):
        if not self.clients:
            raise Unanswered("nobody is there")
        return Entries(entries=tuple(self.clients[key] for key in query.keys if key in self.clients))

    def put(self, *roles, sn="app00001", **more):
        entry = ClientEntry(sn=sn, tenant="main", role=ClientKind.APP, roles=roles, **more)
        self.clients[entry.key] = entry


@pytest.fixture
async def opened(tmp_path):
    async with database("", tmp_path, "webhooks", MIGRATIONS) as made:
        yield made


async def test_a_subscription_pauses_when_its_application_loses_a_role_that_it_had(opened):
    registry, subscriptions = Registry(), Subscriptions(opened)
    standing = Standing(registry, "local", Lifecycle(opened, 3600.0))
    hooks, jobs = to_hooks("u", sn="app00001"), to_jobs("u", sn="app00001")
    foreign, unknown = to_hooks("u"), to_hooks("u", sn="app00002")
    for one in (hooks, jobs, foreign, unknown):
        await subscriptions.add(one, 10)

    async def paused():
        return {each.id for each in await subscriptions.listed("main", APP, 0, 10, now()) if each.paused}

    with pytest.raises(Unanswered):
        await standing.look()
    assert await paused() == set()
    registry.put(*ROLES[hooks.topic])
    registry.put(sn="app00002")  # its rights come from elsewhere: nobody here can see them go
    await standing.look()
    await standing.look()
    assert await paused() == set()
    registry.put("Printer.Read.All")
    await standing.look()
    assert await paused() == {hooks.id}
    registry.put("Printer.Read.All", sn="app00002", enabled=False)
    await standing.look()
    assert await paused() == {hooks.id, unknown.id}
    await subscriptions.change(hooks.id, {})
    assert await paused() == {unknown.id}
