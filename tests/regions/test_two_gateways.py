"""Two gateways of one region share its outbox: order, keys, batches and documents, also when one of them is killed."""

import json

import httpx
import pytest

from demo.printers.port import Port
from tests.integration.installation import Installation
from tests.regions.joined import FETCHED, emptied, regions
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.long, pytest.mark.timeout(420)]
#: Tasks of a batch, which is more than one message takes.
BATCH = 205
#: Characters that are more than a message takes without asking, when they are in a page.
LONG = 12_000


async def test_both_gateways_of_a_region_keep_one_order_for_another_region(tmp_path):
    async with regions(tmp_path) as both:
        await both.start()
        with Port() as port:
            second = await beside(both.eu, port.number, REGION_DOCUMENTS=json.dumps({"us": str(both.us.data / "documents")}))
            first, other = both.through(both.eu, both.us), both.through(second, both.us)
            await other.device("Paper us", within=60)
            await documents(both, first, other)
            both.cut()
            sheets = [f"sheet {number}" for number in range(8)]
            for number, sheet in enumerate(sheets):
                await (first, other)[number % 2].submit("Paper us", content=sheet)
            keyed = {"task": {"deviceName": "Paper us", "mediaFormat": "TEXT", "content": "once"}, "idempotencyKey": "one"}
            ids = {(await each.call("newPrintTask", **keyed))["taskId"] for each in (first, other, first)}
            batch = [f"batch {number}" for number in range(BATCH)]
            wanted = [{"deviceName": "Paper us", "mediaFormat": "TEXT", "content": each} for each in batch]
            told = await other.call("newPrintTaskBatch", tasks=wanted)
            assert all(each["success"] for each in told)
            await second.kill()  # what it put into the outbox is the region's
            await first.submit("Paper us", content="last")

            both.heal()
            ids |= {(await first.call("newPrintTask", **keyed))["taskId"]}
            assert len(ids) == 1, "one key, one task"
            await both.printed(both.us, [*sheets, "once", *batch, "last"], within=FETCHED)
            await until(lambda: emptied(both.eu), 60, "the outbox is empty")
            alone = (await both.us.call("newPrintTask", **keyed))["taskId"]
            assert alone not in ids, "a key is known in the region whose door heard it"


async def documents(both, first, other):
    """Documents of more than a message takes without asking: with the other region's store, and without it."""
    words = [f"{name} {'word ' * (LONG // 5)}".strip() for name in ("rides", "lies")]
    for guest, content in zip((first, other), words, strict=True):
        task = await guest.submit("Paper us", content=content)
        assert await both.us.reaches(task, "FINISHED") == "FINISHED"
    assert len(both.paper(both.us)) == 2
    found = [part.read_text() for part in (both.us.data / "documents").rglob("*") if part.is_file()]
    assert not any(each.startswith("rides") for each in found)
    refused = await first.post(
        "newPrintTask", {"task": {"deviceName": "Paper us", "mediaFormat": "TEXT", "content": "x" * 1_100_000}}
    )
    assert "Documents of more than 1048576 bytes for the region us need its store" in refused["message"]
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{first.url}/openapi/sendTmpFile", files={"file": ("a.txt", b"a file")}, headers={"Api-Access-Token": first.token}
        )
    assert "Files for the region us need its store" in answer.text


async def beside(server, port, **settings):
    """A second gateway of a running region."""
    (ports,) = (server.data / "nats").glob("*.ports")
    url = json.loads(ports.read_text())["nats"][0]
    made = Installation(server.folder, port, **{**server._settings, "HTTP_PORT": str(port), "NATS_URL": url, **settings})
    made._settings["HTTP_PORT"] = str(port)
    made.process = made.run("services.gateway")
    await made.ready()
    return made
