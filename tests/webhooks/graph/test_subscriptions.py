"""Subscriptions in the database."""

import asyncio

from libs.runtime.database import database
from services.webhooks.app import MIGRATIONS
from services.webhooks.graph.subscriptions import Subscriptions
from tests.webhooks.subscribing import to_hooks


async def test_those_that_come_at_once_are_no_more_than_are_allowed(tmp_path, database_url):
    async with database(database_url, tmp_path, "webhooks", MIGRATIONS) as opened:
        subscriptions = Subscriptions(opened)
        asked = [to_hooks("https://app.example/told") for _ in range(8)]
        added = await asyncio.gather(*(subscriptions.add(each, 2) for each in asked))
        assert sum(added) == await subscriptions.count(asked[0].tenant, asked[0].app) == 2
