"""Two tenants on one server: every command is tried with the other tenant's names, and nothing is told or done."""

import asyncio
import json

import httpx
import pytest

from services.gateway.webprinter.commands import COMMANDS
from services.gateway.webprinter.describing import commands as reference
from tests.integration.installation import installation
from tests.integration.receiver import receiving
from tests.integration.two_tenants import CANARY, DEVICE, Speaker, Things, furnish, nobodys, rivals, state

TEXT = '["text"]'
#: Words of requests that name nothing of anybody's; a request with a word that is neither here nor in `Things.payloads` fails
#: the test below: whoever adds it decides where it belongs.
HARMLESS = {
    "align",
    "angle",
    "binary",
    "center",
    "collate",
    "color",
    "command",
    "config",
    "copies",
    "cut",
    "data",
    "dialect",
    "dither",
    "dpi",
    "drawer",
    "endTime",
    "events",
    "expireAfter",
    "footer",
    "headers",
    "height",
    "idempotencyKey",
    "image",
    "javascript",
    "key",
    "layer",
    "left",
    "marginBottom",
    "marginLeft",
    "marginRight",
    "marginTop",
    "mediaType",
    "mode",
    "oddEven",
    "offsetX",
    "offsetY",
    "opacity",
    "orientation",
    "page",
    "pageRanges",
    "pagesPerSheet",
    "paperConfig",
    "printBackground",
    "priority",
    "quality",
    "repeats",
    "reverse",
    "right",
    "rotate",
    "scale",
    "scopes",
    "side",
    "size",
    "startAt",
    "state",
    "statusList",
    "status",
    "text",
    "tray",
    "until",
    "watermark",
    "width",
}


def words(value):
    """Every key of nested objects and arrays."""
    if isinstance(value, dict):
        return set(value) | {word for inner in value.values() for word in words(inner)}
    if isinstance(value, list):
        return {word for inner in value for word in words(inner)}
    return set()


def described():
    """Every word that the published description of requests knows."""
    schemas = [request.model_json_schema() for request in reference.REQUESTS]
    found = [each for schema in schemas for each in (schema, *schema.get("$defs", {}).values())]
    return {word for each in found for word in each.get("properties", {})}


def test_every_word_that_may_name_something_is_tried():
    nothing = Things(**dict.fromkeys(Things.__dataclass_fields__, "x"))
    tried = {word for payload in nothing.payloads("own") for word in words(payload)}
    assert described() - tried - HARMLESS == set(), "try these, or write down that they name nothing"


@pytest.mark.timeout(400)
async def test_nothing_of_another_tenant_is_told_or_done(tmp_path):
    paper = tmp_path / "paper"
    printers = [f"file://{paper}?name={DEVICE.replace(' ', '%20')}"]
    async with (
        receiving() as receiver,
        installation(tmp_path, printers, WEBHOOK_ALLOW_NETWORKS='["127.0.0.0/8"]', CONVERTER_ENGINES=TEXT) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client,
    ):
        await server.start()
        await server.device(DEVICE)
        victim, things = await furnish(server, client, receiver.url)
        attackers = await rivals(server, client)
        before = await state(victim, things, server)
        twin = nobodys(things)
        problems = []
        for attacker in attackers:
            for command in COMMANDS:
                problems += await try_command(attacker, command, things, twin)
            problems += await try_files(attacker, victim, things)
            problems += await try_keys(attacker, things)
        assert problems == []
        assert await state(victim, things, server) == before
        (finished,) = [row for row in before["listTasks"] if row["taskId"] == things.finished]
        assert CANARY in finished["taskName"], "what is looked for is there to be found"


async def try_command(attacker: Speaker, command, things, twin):
    """What gave something away, or answered otherwise than for what nobody has; all payloads of a command at once."""
    pairs = zip(things.payloads("Desk"), twin.payloads("Desk"), strict=True)
    found = await asyncio.gather(*(try_pair(attacker, command, (things, theirs), (twin, nothing)) for theirs, nothing in pairs))
    return [problem for problems in found for problem in problems]


async def try_pair(attacker, command, real, twin):
    (things, theirs), (nothings, nothing) = real, twin
    told, alike = await asyncio.gather(attacker.post(command, theirs), attacker.post(command, nothing))
    problems = []
    if CANARY in told.text:
        problems.append((attacker.name, command, theirs, "tells", told.text))
    if (told.status_code, answer(told, things)) != (alike.status_code, answer(alike, nothings)):
        problems.append((attacker.name, command, theirs, told.text, alike.text))
    return problems


def answer(response, names):
    """What can be compared: whether it was done, the sentence, the keys; of a batch, each element so."""
    body = response.json()
    data = body.get("data")
    listed = [shape(each, names) for each in data] if isinstance(data, list) and "taskName" in str(data)[:40] else []
    return body["success"], names.without(body.get("message", "")), sorted(words(data)) if isinstance(data, dict) else listed


def shape(element, names):
    return element.get("success"), names.without(element.get("message", "")), sorted(element)


async def try_files(attacker, victim, things):
    """Uploads and documents, with the wrong token and with somebody else's address."""
    problems = []
    headers = {"Api-Access-Token": attacker.token}
    for path in (f"/documents/{things.held}", f"/documents/{things.url.removeprefix('unim://')}", f"/documents/main/{things.held}"):
        found = await attacker.client.get(path, headers=headers)
        if found.status_code not in (403, 404) or CANARY in found.text:
            problems.append((attacker.name, path, found.status_code, found.text[:200]))
    task = {"mediaSource": "URL", "content": things.url, "deviceName": DEVICE}
    mine = (await victim.post("newPrintTask", {"task": {**task, "deviceName": "Nowhere"}})).json()["message"]
    theirs = (await attacker.post("newPrintTask", {"task": {**task, "deviceName": "Desk"}})).json()["message"]
    if "Nowhere" not in mine or "upload" not in theirs:
        problems.append((attacker.name, "unim", mine, theirs))
    return problems


async def try_keys(attacker, things):
    """The other tenant's idempotency key is nobody's here: it neither tells its task nor refuses another one."""
    given = []
    for content in ("x", "another text"):
        task = {"mediaSource": "STRING", "mediaFormat": "TEXT", "content": content, "deviceName": "Roaming Print"}
        told = (await attacker.post("newPrintTask", {"task": task, "idempotencyKey": things.key})).json()
        given.append(told.get("data", {}).get("taskId", told.get("message")))
    if not given[0].startswith(attacker.sn) or "idempotencyKey" not in given[1]:
        return [(attacker.name, "idempotencyKey", given)]
    return []


@pytest.mark.timeout(240)
async def test_a_token_of_one_tenant_says_nothing_of_the_other_in_any_header(tmp_path):
    async with (
        installation(tmp_path, [], TOKEN_TRIES="100", CONVERTER_ENGINES=TEXT) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=30) as client,
    ):
        await server.start()
        (agent, _app) = await rivals(server, client)
        body = {"command": "getInfo", "data": {"sn": server.sn}}
        for headers in (
            {"Api-Access-Token": agent.token},
            {"Authorization": f"Bearer {agent.token}"},
            {"Authorization": f"Bearer {agent.token}", "X-Sn": server.sn, "X-Tenant": "main"},
        ):
            told = (await client.post("/openapi", json=body, headers=headers)).json()
            assert server.sn not in json.dumps(told)
        for token in (server.sn, agent.token[:-1], server.token + "x"):
            refused = await client.post("/openapi", json=body, headers={"Api-Access-Token": token})
            assert refused.status_code == 401
        guesses = [await client.post("/openapi", json=body, headers={"Api-Access-Token": f"guess-{n}"}) for n in range(100)]
        assert {guess.status_code for guess in guesses} == {401, 429}
        assert int(guesses[-1].headers["retry-after"]) > 0
        assert (await client.post("/openapi", json=body, headers={"Api-Access-Token": agent.token})).status_code == 200
