"""One browser per module, one page and one scripted server per test."""

import pytest_asyncio

from tests.sdk.browser import chromium
from tests.sdk.pages import Shop
from tests.sdk.scripted import scripted


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory):
    async with chromium(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def context(browser):
    made = await browser.new_context()
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="module")
async def server():
    async with scripted() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def shop(context, server):
    return await Shop.open(context, server.url)
