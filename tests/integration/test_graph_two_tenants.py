"""Two tenants at Graph's door: what one may not see, do or hear of the other's, and of others' in its own."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.runtime.settings import read
from services.registry import enrol
from services.registry.settings import RegistrySettings
from tests.clients.partner import partner
from tests.integration.graph_routes import BODIES, FIELDS, borrow, ids_of, kind_of, masks, routes, try_route
from tests.integration.graph_tenants import (
    DEVICE,
    DOCUMENT,
    Names,
    Speaker,
    Tenant,
    found_rival,
    furnish,
    people,
    state,
    submit,
    subscription,
)
from tests.integration.installation import Installation, installation
from tests.integration.two_tenants import CANARY
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Town:
    """A running server with both tenants: the victim with `names`, the rival with its `own`."""

    server: Installation
    client: httpx.AsyncClient
    victim: Tenant
    rival: Tenant
    names: Names
    own: Names


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def town(tmp_path_factory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    paper = f"file://{folder}/paper?name={DEVICE.replace(' ', '%20')}"
    settings = {"CONVERTER_ENGINES": '["text"]', "SUBSCRIPTION_HTTP": "true", "GRAPH_STRICT": "false"}
    limits = httpx.Limits(max_connections=16)
    async with (
        partner() as solution,
        installation(folder, [paper], GRAPH_REQUESTS_PER_MINUTE="1000000", **settings) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60, limits=limits) as client,
    ):
        await server.start()
        await server.device(DEVICE)
        async with enrol.open_store(read(RegistrySettings, data_dir=server.data)) as store:
            victim = await people(server, client, "main", store)
            rival, own = await found_rival(server, client, store)
        names = await furnish(server, victim, solution.url)
        yield Town(server, client, victim, rival, names, own)


async def test_every_route_is_tried():
    braces = {name for route in routes() for name in ids_of(route, every=True)}
    assert braces <= set(FIELDS), "say in FIELDS what these are"
    needed = {kind_of(route) for route in routes() if route.method in ("POST", "PATCH", "PUT")}
    assert needed - set(BODIES) == set(), "say in BODIES what is sent, with ids in every place where one may stand"


async def test_nothing_of_another_tenant_is_told_or_done(town):
    before = await state(town.server, town.victim, town.names)
    assert CANARY in json.dumps(before), "what is looked for is there to be found"
    busy = asyncio.Semaphore(8)
    tries = [
        try_route(speaker, route, mask, town.names, town.own, busy)
        for speaker, route in product((town.rival.app, town.rival.boss), routes())
        for mask in masks(route)
    ]
    problems = [problem for found in await asyncio.gather(*tries) for problem in found]
    problems += await borrow(town.rival, town.names, town.own)
    assert problems == []
    assert await state(town.server, town.victim, town.names) == before


@pytest.mark.parametrize("under", ["printers", "shares"])
async def test_a_colleague_neither_sees_nor_touches_the_job(town, under):
    share = f"print/shares/{town.names.share}"
    job = await submit(town.victim.anna, town.names.share, start=False)
    here = f"print/{under}/{town.names.printer if under == 'printers' else town.names.share}/jobs"
    document = f"{here}/{job['id']}/documents/{job['documents'][0]['id']}"
    upload = {"properties": {"documentName": "x", "contentType": "text/plain", "size": 5}}
    tried: list[tuple[str, str, dict[str, Any]]] = [
        *(("GET", f"{here}/{job['id']}{below}", {}) for below in ("", "?$expand=documents,tasks", "/documents", "/tasks")),
        ("GET", document, {}),
        ("GET", f"{document}/$value", {}),
        ("PUT", f"{document}/$value", {"content": b"other", "headers": {"Content-Type": "text/plain"}}),
        ("POST", f"{document}/createUploadSession", {"json": upload}),
        ("POST", f"{here}/{job['id']}/start", {}),
        ("POST", f"{here}/{job['id']}/cancel", {}),
        ("DELETE", f"{here}/{job['id']}", {}),
    ]
    otto = town.victim.otto
    answers = [await otto.ask(method, path, **more) for method, path, more in tried]
    assert {answer.status_code for answer in answers} == {404}
    assert all(CANARY not in answer.text for answer in answers)
    filtered = f"{here}?$filter=createdBy/userPrincipalName eq 'main@example.org'&$count=true"
    for path in (here, filtered, f"{here}?$filter=startswith(createdBy/userPrincipalName,'main')&$count=true"):
        told = await otto.call("GET", path)
        assert (told["value"], told.get("@odata.count", 0)) == ([], 0)
    assert (await otto.ask("GET", f"{here}/$count")).text == "0"
    assert (await town.victim.boss.ask("POST", f"{share}/jobs/{job['id']}/cancel")).status_code == 204, "administrators may"


async def test_another_application_of_the_tenant_has_nothing_to_say(town):
    """It has all roles: what another one made, serves or works on stays that one's."""
    names, victim = town.names, town.victim
    before = await state(town.server, victim, names)
    definition, job = f"print/taskDefinitions/{names.definition}", f"print/printers/{names.printer}/jobs/{names.job}"
    virtual, printer = f"print/printers/{await _pull(victim)}", f"print/printers/{names.printer}"
    done = {"status": {"state": "completed", "description": "taken"}}
    bind = {"event": "jobStarted", "definition@odata.bind": f"/{definition}"}
    upload = {"properties": {"documentName": "x", "contentType": "text/plain", "size": 5}}
    tried: list[tuple[set[int], str, str, Any]] = [
        *(({404}, "GET", f"{definition}{below}", None) for below in ("", "/tasks", f"/tasks/{names.task}")),
        *(({404}, "GET", f"{definition}/tasks/{names.task}/{below}", None) for below in ("definition", "trigger")),
        ({404}, "PATCH", definition, {"displayName": "taken"}),
        ({404}, "PATCH", f"{definition}/tasks/{names.task}", done),
        ({404}, "DELETE", definition, None),
        *(({404}, "GET", f"subscriptions/{names.subscription}{below}", None) for below in ("", "/deliveries")),
        ({404}, "PATCH", f"subscriptions/{names.subscription}", {"clientState": "taken"}),
        ({404}, "POST", f"subscriptions/{names.subscription}/reauthorize", {}),
        ({404}, "POST", f"subscriptions/{names.subscription}/replay", {"since": "2020-01-01T00:00:00Z"}),
        ({404}, "DELETE", f"subscriptions/{names.subscription}", None),
        ({404}, "POST", "subscriptions", subscription(f"{definition}/tasks", "https://203.0.113.7/x")),
        ({400}, "POST", f"{printer}/taskTriggers", bind),
        ({403}, "PATCH", virtual, {"displayName": "taken"}),
        ({403, 409}, "PATCH", job, {"configuration": {"copies": 2}}),
        ({403, 409}, "PATCH", job, done),
        ({403, 409}, "POST", f"{job}/abort", {"reason": "taken"}),
        ({403, 409}, "POST", f"{job}/redirect", {"destinationPrinterId": virtual.rpartition("/")[2]}),
        ({403}, "POST", f"{job}/documents/{names.document}/createUploadSession", upload),
    ]
    for statuses, method, path, body in tried:
        answer = await victim.other.ask(method, path, **({} if body is None else {"json": body}))
        assert answer.status_code in statuses, (method, path, answer.text)
    for path in ("print/taskDefinitions", "subscriptions"):
        assert (await victim.other.call("GET", path))["value"] == []
    assert await state(town.server, victim, names) == before


async def test_of_all_that_happens_at_once_one_thing_happens(town):
    """A partner's errands and the user's cancel, all at the same moment: the job ends once, and no printer prints it twice."""
    victim, names = town.victim, town.names
    virtual = await _pull(victim)
    jobs = [await submit(victim.anna, names.share) for _ in range(4)]
    stories = await asyncio.gather(*(_crowd(town, job["id"], virtual, turn) for turn, job in enumerate(jobs)))
    for codes, told in stories:
        assert set(codes.values()) <= {200, 204, 409}, codes
        went_on = any(codes[each] == 200 for each in ("complete", "redirect"))  # what is completed by the one may be said again
        ended = codes["abort"] == 204 or codes["give up"] == 200
        assert not (went_on and ended), codes
        assert went_on or ended or codes["cancel"] == 204, codes
        (task,) = told["tasks"]
        assert task["status"]["state"] in ("completed", "aborted"), told
    for job in jobs:
        assert len(list((town.server.folder / "paper").glob(f"{job['id']}*"))) <= 1


async def _pull(victim: Tenant) -> str:
    """The printer that nobody has at home."""
    found = (await victim.app.call("GET", "print/printers?$select=id,displayName"))["value"]
    return next(str(each["id"]) for each in found if each["displayName"] == f"{CANARY} pull")


async def _crowd(town: Town, job: str, virtual: str, turn: int) -> tuple[dict[str, int], Any]:
    app, names = town.victim.app, town.names
    here = f"print/printers/{names.printer}/jobs/{job}"
    tasks: list[Any] = []

    async def hooked() -> bool:
        tasks[:] = (await app.call("GET", f"{here}/tasks"))["value"]
        return bool(tasks)

    await until(hooked, what="the job's task")
    task = f"print/taskDefinitions/{names.definition}/tasks/{tasks[0]['id']}"
    away = {"destinationPrinterId": virtual}
    acts: list[tuple[str, Speaker, str, str, Any]] = [
        ("redirect", app, "POST", f"{here}/redirect", away),
        ("complete", app, "PATCH", task, {"status": {"state": "completed", "description": "done"}}),
        ("abort", app, "POST", f"{here}/abort", {"reason": "no"}),
        ("give up", app, "PATCH", task, {"status": {"state": "aborted", "description": "no"}}),
        ("cancel", town.victim.anna, "POST", f"{here}/cancel", {}),
        ("configure", app, "PATCH", here, {"configuration": {"copies": 1}}),
    ]
    acts = acts[turn:] + acts[:turn]

    async def act(name: str, who: Speaker, method: str, path: str, body: Any) -> tuple[str, int]:
        return name, (await who.ask(method, path, json=body)).status_code

    codes = dict(await asyncio.gather(*(act(*each) for each in acts)))

    async def over() -> Any:
        told = await app.call("GET", f"{here}?$expand=tasks")
        return told if told["status"]["state"] in ("completed", "canceled", "aborted") else None

    return codes, await until(over, what=f"{job} is over")


async def test_the_log_has_nothing_secret(town):
    """After everything above: no token, no secret, no address with a token in it, and nothing of any document."""
    log = town.server.log.read_text(errors="replace")
    assert "subscription added" in log
    speakers = [*vars(town.victim).values(), *vars(town.rival).values()]
    tokens = [each.token for each in speakers if isinstance(each, Speaker)]
    secrets = [*tokens, *(token.rpartition(".")[2] for token in tokens), town.server.token]
    words = [DOCUMENT.decode(), f"{CANARY} state", "/uploads/", "/downloads/", "Bearer ey", "Traceback"]
    assert [each for each in (*secrets, *words) if each in log] == []
