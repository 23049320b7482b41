"""Two tenants at Graph's door: every route is tried with the other tenant's ids, and nothing is told or done."""

import asyncio
import json
import re
from itertools import product

import httpx
import pytest

from libs.runtime.discovery import discover
from libs.runtime.settings import read
from services.gateway.graph import resources
from services.gateway.graph.call import Route
from services.gateway.graph.door import routes_of
from services.registry import enrol
from services.registry.settings import RegistrySettings
from tests.clients.partner import partner
from tests.integration.graph_tenants import DEVICE, Names, found_rival, furnish, people, state, subscription
from tests.integration.installation import installation
from tests.integration.two_tenants import CANARY

_BRACES = re.compile(r"\{(\w+)\}")
#: Names in routes -> the field of `Names`, where that is another; None: the same for all tenants.
FIELDS = {
    **{name: name for name in Names.__dataclass_fields__},
    "printerId": "printer",
    "userId": "user",
    "groupId": "group",
    "member": "user",
    "service": None,
    "endpoint": None,
    "startDateTime": None,
    "endDateTime": None,
}
STATIC = {
    "service": "x",
    "endpoint": "ipp",
    "startDateTime": "2020-01-01T00:00:00Z",
    "endDateTime": "2040-01-01T00:00:00Z",
}
NOBODY = "c3d5a7b0-0000-4000-8000-000000000000"
UPLOAD = {"properties": {"documentName": "x.txt", "contentType": "text/plain", "size": 5}}
#: The last fixed words of a route that takes a body -> what is sent, with a Names' ids wherever it names something.
BODIES = {
    "POST allowedUsers/$ref": lambda _: {"@odata.id": f"/users/{NOBODY}"},
    "POST allowedGroups/$ref": lambda _: {"@odata.id": f"/groups/{NOBODY}"},
    "PATCH connectors": lambda _: {"displayName": "taken"},
    "POST taskDefinitions": lambda _: {"displayName": ""},
    "PATCH taskDefinitions": lambda _: {"displayName": "taken"},
    "POST replay": lambda _: {"since": "2020-01-01T00:00:00Z"},
    "POST reauthorize": lambda _: {},
    "PUT $value": lambda _: b"taken",
    "POST createUploadSession": lambda _: UPLOAD,
    "POST jobs": lambda _: {},
    "PATCH jobs": lambda _: {"configuration": {"copies": 2}},
    "POST start": lambda _: {},
    "POST cancel": lambda _: {},
    "POST abort": lambda _: {"reason": "taken"},
    "POST redirect": lambda names: {"destinationPrinterId": names.printer},
    "POST startPrintJob": lambda _: {},
    "POST cancelPrintJob": lambda _: {},
    "POST create": lambda names: {
        "displayName": "x",
        "manufacturer": "x",
        "model": "x",
        "hasPhysicalDevice": False,
        "connectorId": names.connector,
    },
    "PATCH printers": lambda _: {"displayName": "taken"},
    "POST restoreFactoryDefaults": lambda _: {},
    "POST resetDefaults": lambda _: {},
    "PATCH print": lambda _: {"settings": {}},
    "PATCH settings": lambda _: {},
    "POST shares": lambda names: {"displayName": "taken", "printer@odata.bind": f"/print/printers/{names.printer}"},
    "PATCH shares": lambda names: {"printer@odata.bind": f"/print/printers/{names.printer}"},
    "POST subscriptions": lambda names: subscription(f"print/taskDefinitions/{names.definition}/tasks", "https://203.0.113.7/x"),
    "PATCH subscriptions": lambda _: {"clientState": "taken"},
    "PATCH tasks": lambda _: {"status": {"state": "completed", "description": "taken"}},
    "POST taskTriggers": lambda names: {
        "event": "jobStarted",
        "definition@odata.bind": f"/print/taskDefinitions/{names.definition}",
    },
}
#: What names something in its body: that alone may be the other tenant's as well.
NAMING = {name for name, body in BODIES.items() if body.__code__.co_varnames[0] == "names"}
#: Answers to what nobody has; of people whom no registry knows there may be jobs, who came with tokens of another issuer.
NOT_THERE = {"GET getUserArchivedPrintJobs": {200, 403}}


def routes() -> list[Route]:
    return routes_of(discover(resources).values())


def kind_of(route: Route) -> str:
    """What a route does, as `BODIES` names it."""
    fixed = [each for each in route.path.partition("(")[0].split("/") if not _BRACES.fullmatch(each)]
    return f"{route.method} {'/'.join(fixed[-2:]) if fixed[-1] == '$ref' else fixed[-1]}"


def ids_of(route: Route) -> list[str]:
    """The names in a route that stand for something that a tenant has."""
    return [name for name in _BRACES.findall(route.path) if FIELDS[name]]


def test_every_route_is_tried():
    known = {name for route in routes() for name in _BRACES.findall(route.path)}
    assert known <= set(FIELDS), "say in FIELDS what these are"
    needed = {kind_of(route) for route in routes() if route.method in ("POST", "PATCH", "PUT")}
    assert needed - set(BODIES) == set(), "say in BODIES what is sent, with ids in every place where one may stand"


@pytest.mark.timeout(300)
async def test_nothing_of_another_tenant_is_told_or_done(tmp_path):
    paper = f"file://{tmp_path}/paper?name={DEVICE.replace(' ', '%20')}"
    settings = {"CONVERTER_ENGINES": '["text"]', "SUBSCRIPTION_HTTP": "true", "GRAPH_STRICT": "false"}
    limits = httpx.Limits(max_connections=16)
    async with (
        partner() as solution,
        installation(tmp_path, [paper], GRAPH_REQUESTS_PER_MINUTE="1000000", **settings) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60, limits=limits) as client,
    ):
        await server.start()
        await server.device(DEVICE)
        async with enrol.open_store(read(RegistrySettings, data_dir=server.data)) as store:
            victim = await people(server, client, "main", store)
            rival, own = await found_rival(server, client, store)
        names = await furnish(server, victim, solution.url)
        before = await state(server, victim, names)
        assert CANARY in json.dumps(before)
        busy = asyncio.Semaphore(8)
        tries = [
            try_route(speaker, route, mask, names, own, busy)
            for speaker, route in product((rival.app, rival.boss), routes())
            for mask in masks(route)
        ]
        problems = [problem for found in await asyncio.gather(*tries) for problem in found]
        problems += await borrow(rival, names, own)
        assert problems == []
        assert await state(server, victim, names) == before


def masks(route: Route) -> list[tuple[bool, ...]]:
    """Which of a route's ids are the other tenant's: all, and each below one's own; also none, where the body names something."""
    count = len(ids_of(route))
    found = [tuple(at >= first for at in range(count)) for first in range(count)]
    return [*found, (False,) * count] if not count or kind_of(route) in NAMING else found


async def try_route(speaker, route, mask, names, own, busy):
    """What gave something away, or was answered otherwise than for what nobody has."""
    twin = names.nobodys()
    async with busy:
        told = await send(speaker, route, mask, names, own)
        alike = await send(speaker, route, mask, twin, own)
    where = (speaker.name, route.method, route.path, mask, told.status_code, told.text[:400])
    problems = []
    if CANARY in told.text or (told.is_success and any(value in told.text for value in unnamed(route, mask, names))):
        problems.append((*where, "tells"))
    if (told.status_code, shape(told, names, own)) != (alike.status_code, shape(alike, twin, own)):
        problems.append((*where, "is otherwise", alike.status_code, alike.text[:400]))
    refusals = NOT_THERE.get(kind_of(route), {403, 404}) if any(mask) else {400, 403, 404}
    if (any(mask) or kind_of(route) in NAMING) and told.status_code not in refusals:
        problems.append((*where, "is done"))
    return problems


async def send(speaker, route, mask, names, own):
    ids = {name: getattr(names if foreign else own, FIELDS[name]) for name, foreign in zip(ids_of(route), mask, strict=True)}
    if "allowedGroups" in route.path and "member" in ids:
        ids["member"] = names.group
    pattern = re.sub(r"=(\{\w+\})", r"='\1'", route.path)
    path = _BRACES.sub(lambda found: {**STATIC, **ids}[found[1]], pattern)
    more = {"params": {"@id": f"/{path.split('allowed')[1].split('/')[0].lower()}/{NOBODY}"}} if path.endswith("s/$ref") else {}
    if route.method in ("POST", "PATCH", "PUT"):
        body = BODIES[kind_of(route)](names)
        more = {"content": body, "headers": {"Content-Type": "text/plain"}} if isinstance(body, bytes) else {"json": body}
    return await speaker.ask(route.method, f"/{'beta' if route.beta else 'v1.0'}/{path}", **more)


def unnamed(route, mask, names):
    """Ids of the other tenant that the request did not name itself."""
    sent = {FIELDS[name] for name, foreign in zip(ids_of(route), mask, strict=True) if foreign}
    return [value for field, value in vars(names).items() if field not in sent]


def shape(response, names, own):
    """What can be compared: everything but the ids that were sent, and the numbers and times of requests."""
    text = re.sub(r'"innerError":\{[^}]*\}', "", names.without(own.without(response.text)))
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<new>", text) if response.is_success else text


async def borrow(rival, names, own):
    """The other tenant's people among those who may print through one's own share: what is told of them then."""
    share = f"print/shares/{own.share}"
    for kind, member in (("Users", names.user), ("Groups", names.group)):
        await rival.boss.ask("POST", f"{share}/allowed{kind}/$ref", json={"@odata.id": f"/{kind.lower()}/{member}"})
    paths = (f"{share}/allowedUsers", f"{share}/allowedGroups", f"{share}?$expand=allowedUsers,allowedGroups")
    told = [await rival.boss.ask("GET", path) for path in paths]
    return [each.text for each in told if CANARY in each.text or not each.is_success]
