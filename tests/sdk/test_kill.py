"""The server is killed in the middle of a page's send and started again: one answer, one document."""

import json

import pytest
import pytest_asyncio

from demo.printers.port import Port
from tests.integration.installation import installation
from tests.sdk.pages import Shop
from tests.sdk.sites import site
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

TASK = {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "name": "killed"}


@pytest_asyncio.fixture(loop_scope="module")
async def killed(tmp_path):
    """A server that dies when the first task is durable and its page has no answer; and the address of a shop."""
    with Port() as port:
        made = installation(
            tmp_path,
            [f"file://{tmp_path}/paper?name=Paper"],
            WEBAPI_ORIGINS=json.dumps([f"http://127.0.0.1:{port.number}"]),
            CONVERTER_ENGINES='["text"]',
        )
        async with made as server:
            await server.start(CRASHPOINT="gateway-after-stored")
            await server.device("Paper")
            async with site(server.url, port.number):
                yield server, f"http://127.0.0.1:{port.number}"


@pytest.mark.parametrize("transport", ["websocket", "longpoll"])
async def test_a_send_that_the_server_did_not_survive_is_answered_once_and_printed_once(context, killed, tmp_path, transport):
    server, address = killed
    shop = await Shop.open(context, address)
    await shop.start(port=int(server.url.rsplit(":", 1)[1]), transports=[transport], timeout=90_000)
    await shop.connected()
    await shop.say("print", "newPrintTask", {"task": {**TASK, "content": "one"}})
    batch = [{**TASK, "content": f"number {n}"} for n in range(5)]
    await shop.say("batch", "newPrintTaskBatch", {"tasks": batch})
    await server.died()
    assert (await shop.call("print"))["kept"] == []
    await server.start()
    task = (await shop.over("print", 90))["ok"][0]["taskId"]
    elements = (await shop.over("batch", 90))["ok"][0]
    assert [element["success"] for element in elements] == [True] * 5
    ids = [task, *(element["taskId"] for element in elements)]
    assert len(set(ids)) == 6

    async def ended():
        return {event["task"]["taskId"] for event in await shop.events("EndTaskEvent")} >= set(ids)

    await until(ended, 60, "every end is told")
    assert sorted(path.stem for path in (tmp_path / "paper").glob("*.pdf")) == sorted(ids)
    told = [event["task"]["taskId"] for event in await shop.events("EndTaskEvent")]
    assert sorted(told) == sorted(ids)
    assert await shop.errors() == []
