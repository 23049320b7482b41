"""The gateway is killed when a submission is durable and its client has no answer; the client repeats it under its key."""

import json

import httpx
import pytest

from tests.faults.rig.ears import listening
from tests.faults.rig.load import Client
from tests.faults.rig.outcome import settled
from tests.faults.rig.paper import note_folder
from tests.integration.installation import installation

SETTINGS = {"CONVERTER_ENGINES": '["text"]'}
TASK = {"deviceName": "Paper", "mediaSource": "STRING", "mediaFormat": "TEXT", "content": "once"}
BATCH = [{**TASK, "content": f"number {number}"} for number in range(25)]
#: Where it dies -> what is asked meanwhile, and how many tasks are durable then.
DEATHS = {
    "gateway-after-stored": ("newPrintTask", {"task": TASK, "idempotencyKey": "one"}, 1),
    "gateway-after-stored:1": ("newPrintTaskBatch", {"tasks": BATCH, "idempotencyKey": "many"}, len(BATCH)),
    "gateway-after-reserved": ("newPrintTask", {"task": {**TASK, "content": "kept"}, "idempotencyKey": "three"}, 0),
}


async def ask(sender: Client, url: str, command: str, data: object) -> None:
    """Ask once, of a gateway that dies of it."""
    headers = {"Api-Access-Token": sender.token}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        with pytest.raises(httpx.TransportError):
            await http.post(f"{url}/openapi", content=json.dumps({"command": command, "data": data}), headers=headers)


@pytest.mark.row(1)
@pytest.mark.timeout(180)
async def test_row_01_who_repeats_gets_the_ids_that_were_given_and_the_paper_comes_once(row):
    paper = row.folder / "paper"
    printers = [f"file://{paper}?name=Paper"]
    async with (
        listening(row.history("receiver")) as ears,
        installation(row.folder, printers, CALLBACK_URL=ears.url, **SETTINGS) as server,
    ):
        durable: set[str] = set()
        sender: Client | None = None
        told = []
        for point, (command, data, many) in DEATHS.items():
            await server.start(CRASHPOINT=point)
            await server.device("Paper")
            sender = sender or Client([server.url], server.token, row.history("client"))
            await ask(sender, server.url, command, data)
            await server.died()
            await server.start()
            fresh = set(await server.statuses()) - durable
            assert len(fresh) == many, f"durable when it died at {point}"
            first = await sender.call(command, data)
            ids = [each["taskId"] for each in (first if isinstance(first, list) else [first])]
            assert set(ids) == fresh or not many, "the ids that were given before the kill"
            assert await sender.call(command, data) == first
            durable |= set(ids)
            for task in ids:
                row.history("client").note("accepted", task=task, tenant="main", key=data["idempotencyKey"], device="Paper")
            told += ids
            if point != list(DEATHS)[-1]:
                await server.kill()
        assert sender is not None
        sender.accepted += told
        assert dict(await settled([sender])) == {"FINISHED": len(told)}
        await ears.all_ended(set(told))
        assert sorted(note_folder(row.history("paper"), paper)) == sorted(told)
        other = await server.post("newPrintTask", {"task": {**TASK, "content": "another"}, "idempotencyKey": "one"})
        assert not other["success"]
        assert "used for another submission" in other["message"]
        assert set(await server.statuses()) == set(told)
        await sender.close()
    row.did(
        "The gateway killed itself three times: after the bus had acknowledged one task, after it had acknowledged a batch of "
        f"{len(BATCH)} as one, and after an idempotency key was reserved and nothing published. The client repeated the same "
        "request under the same key, twice."
    )
    row.check()
    row.saw(
        f"{len(told)} tasks, each listed once and on paper once. What the list showed after the start, before anybody repeated "
        "anything, were the ids that the repetition was answered with; the second repetition was answered the same. "
        "Another body under a key of before was refused with a sentence.",
        tasks=len(told),
    )
