"""Endpoints on a whole server: asked for at the door, told of a task on its way to paper, kept over kill -9, replayed."""

import asyncio
import json

import pytest
from standardwebhooks import Webhook

from tests.integration.installation import installation
from tests.waiting import until
from tests.webhooks.receivers import answer, receiver

SETTINGS = {"CONVERTER_ENGINES": '["text"]', "WEBHOOK_ALLOW_NETWORKS": '["127.0.0.1/32"]', "WEBHOOK_SCHEDULE": "[0.3, 0.5]"}


def refusing_once():
    """500 for the very first request, 204 for all others."""
    seen = []

    async def script(request, writer):
        seen.append(request.id)
        return answer(500 if len(seen) == 1 else 204, b"")

    return script


@pytest.mark.timeout(240)
async def test_what_becomes_of_a_task_is_told_kept_and_told_again(tmp_path):
    printers = [f"file://{tmp_path / 'paper'}?name=Paper"]
    async with (
        receiver(refusing_once()) as all_events,
        receiver() as ends,
        receiver() as callback,
        installation(tmp_path, printers, **SETTINGS) as server,
    ):
        await server.start()
        await server.device("Paper")
        refused = await server.post("addEndpoint", {"url": "http://10.0.0.1/hook"})
        assert "10.0.0.1 is not on the public network" in refused["message"]
        assert "PRINTBUS_WEBHOOK_ALLOW_NETWORKS" in refused["message"]
        made = await server.call("addEndpoint", url=all_events.url, name="erp")
        chosen = {"events": ["end"], "devices": ["Paper"], "dialect": "cloudevents"}
        await server.call("addEndpoint", url=ends.url, **chosen)
        assert [row["name"] for row in await server.call("listEndpoints")] == ["erp", ""]
        assert "secret" not in str(await server.call("listEndpoints"))

        told = await server.call("testEndpoint", endpointId=made["endpointId"])
        assert (told["event"], told["log"][0]["status"]) == ("TestEvent", 500)
        task = await server.submit("Paper", content="hello")
        await server.reaches(task, "FINISHED")
        await until(lambda: ends.requests)
        assert (ends.requests[0].json["type"], ends.requests[0].json["subject"]) == ("printbus.task.end", task)

        async def log(state=None):
            found = await server.call("listDeliveries", endpointId=made["endpointId"], taskId=task, state=state)
            return found["deliveries"]

        await until(lambda: _all(log, "delivered"))
        rows = await log()
        assert rows[0]["event"] == "EndTaskEvent"
        assert rows[-1]["event"] == "NewTaskEvent"
        assert {request.id for request in all_events.requests} == {row["deliveryId"] for row in rows} | {told["deliveryId"]}
        for request in all_events.requests:
            Webhook(made["secret"]).verify(request.body, request.headers)

        await _say(server, "callback", server.sn, callback.url)
        await server.kill()
        await server.start()
        assert [row["deliveryId"] for row in await log()] == [row["deliveryId"] for row in rows]
        before = len(all_events.requests)
        assert (await server.call("replayDeliveries", endpointId=made["endpointId"], since=0))["count"] == len(rows)
        await until(lambda: len(all_events.requests) == before + len(rows))
        again = all_events.requests[before:]
        assert {request.id for request in again} == {row["deliveryId"] for row in rows}
        assert {request.headers["webhook-replay"] for request in again} == {"1"}

        second = await server.submit("Paper", content="again")
        await server.reaches(second, "FINISHED")
        await until(lambda: callback.requests and callback.requests[-1].json["name"] == "EndTaskEvent")
        assert {request.json["task"]["taskId"] for request in callback.requests} == {second}
        listed = await _say(server, "list", "--tenant", "main")
        assert [(row["dialect"], row["enabled"]) for row in listed] == [
            ("standard", True),
            ("cloudevents", True),
            ("webprinter", True),
        ]


async def _all(log, state):
    rows = await log()
    return bool(rows) and rows[0]["event"] == "EndTaskEvent" and {row["state"] for row in rows} == {state}


async def _say(server, *words):
    """What the command line answers for machines, beside the running server."""
    process = server.run("services", "endpoint", *words, "--json")
    assert await asyncio.to_thread(process.wait, 60) == 0
    lines = server.log.read_text().splitlines()
    begins = max(number for number, line in enumerate(lines) if line in ("{", "["))
    ends = next(number for number in range(begins, len(lines)) if lines[number] in ("}", "]"))
    return json.loads("\n".join(lines[begins : ends + 1]))
