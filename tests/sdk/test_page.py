"""The test page under a strict policy: connection, devices, a sample, events, a pairing code, and what is wrong when it is."""

import pytest
import pytest_asyncio

from tests.sdk.pages import Shop
from tests.sdk.scripted import STRANGER
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(60)]


def device(name, *, online=True, default=False, kind="printer", owner="jueKiUEE"):
    return {
        "type": {"type": kind},
        "name": name,
        "local": owner == "jueKiUEE",
        "controlSn": owner,
        "connectSn": "jueKiUEE",
        "status": int(online),
        "sharing": False,
        "defaultDevice": default,
        "shareable": True,
        "deletable": False,
    }


DEVICES = [
    device("Label <b>printer</b>", online=False),
    device("Office \u6253\u5370\u673a", default=True),
    device("Scanner", kind="scanner", owner="aBcD1234"),
]


@pytest_asyncio.fixture(loop_scope="module")
async def page(context, server):
    answers = {
        "listDevices": DEVICES,
        "newPrintTask": {"taskId": "jueKiUEE-79h86ap05on4"},
        "newPairing": {"code": "ABCD-EFGH", "expiresAt": 1},
    }

    async def answering(session, request):
        await session.answer(request, data=answers[request["command"]])

    server.answering = answering
    shop = await Shop.open(context, f"{server.url}/webprinter.html")
    await until(lambda: shop.page.evaluate("document.querySelectorAll('#devices tr').length === 3"), what="devices")
    yield shop
    assert await shop.errors() == []
    assert [line for line in shop.console if "Security Policy" in line] == []


async def text(shop, selector):
    return (await shop.page.locator(selector).inner_text()).strip()


async def test_it_shows_the_connection_and_the_devices(page):
    assert (await text(page, "#state")).startswith("Connected to jueKiUEE at http://127.0.0.1:")
    rows = [" ".join(row.split()) for row in await page.page.locator("#devices tr").all_inner_texts()]
    assert rows == [
        "Label <b>printer</b> printer \u25cb offline this one",
        "Office \u6253\u5370\u673a default printer \u25cf online this one",
        "Scanner scanner \u25cf online aBcD1234",
    ]
    assert await page.page.locator("#device option").all_inner_texts() == ["Label <b>printer</b>", "Office \u6253\u5370\u673a"]
    assert await page.page.locator("#help").is_hidden()


async def test_it_prints_the_sample_on_the_chosen_device_and_shows_what_happens(page, server):
    await page.page.locator("#devices input").nth(0).check()
    await page.page.locator("#format").select_option("TEXT")
    await page.page.locator("#copies").fill("2")
    await page.page.locator("#submit").click()
    await until(lambda: page.page.locator("#printed", has_text="Accepted as jueKiUEE-79h86ap05on4.").count(), what="an answer")
    (task,) = [request["data"]["task"] for request in server.requests if request["command"] == "newPrintTask"]
    assert task["content"].startswith("It works")
    assert {name: value for name, value in task.items() if name != "content"} == {
        "name": "Test page",
        "controlSn": "jueKiUEE",
        "deviceName": "Label <b>printer</b>",
        "mediaSource": "STRING",
        "mediaFormat": "TEXT",
        "config": {"copies": 2},
    }
    told = {"taskName": "Test page", "deviceName": "Office", "status": "PRINTING"}
    await server.event("NewTaskEvent", task={**told, "status": "SUBMITTED"})
    await server.event("UpdateTaskStatusEvent", task=told, oldStatus="QUEUED", newStatus="PRINTING")
    await server.event("EndTaskEvent", task={**told, "status": "FINISHED"})
    await until(lambda: page.page.evaluate("document.querySelectorAll('#events li').length === 3"), what="three events")
    lines = await page.page.locator("#events li").all_inner_texts()
    assert ["EndTask" in lines[0], "QUEUED \u2192 PRINTING" in lines[1], "NewTask" in lines[2]] == [True] * 3


async def test_it_makes_a_code_for_another_page(page):
    await page.page.locator("#make-code").click()
    await until(lambda: page.page.locator("#code", has_text="ABCD-EFGH").count(), what="a code")


async def test_it_says_why_it_may_not_and_goes_on_when_it_may(context, server):
    server.refusing = True
    shop = await Shop.open(context, f"{server.url}/webprinter.html")
    await until(lambda: shop.page.locator("#help").is_visible(), what="an explanation")
    assert await text(shop, "#help-title") == "This site is not approved"
    assert await text(shop, "#help-text") == STRANGER
    assert await shop.page.locator("#submit").is_disabled()
    server.refusing = False
    await until(lambda: shop.page.locator("#help").is_hidden(), what="connected")
    assert (await text(shop, "#state")).startswith("Connected")


async def test_a_page_that_must_be_paired_asks_for_the_code(context, server):
    server.token = "secret"
    shop = await Shop.open(context, f"{server.url}/webprinter.html")
    await until(lambda: shop.page.locator("#pair").is_visible(), what="the question")
    await shop.page.locator("#pair-code").fill("ABCD-EFGH")
    await shop.page.locator("#pair button").click()
    await until(lambda: shop.page.locator("#help").is_hidden(), what="connected")
