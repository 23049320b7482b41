"""Every route of Graph's door with the ids of another tenant, beside ids that nobody has."""

import re

from libs.runtime.discovery import discover
from services.gateway.graph import resources
from services.gateway.graph.call import Route
from services.gateway.graph.door import routes_of
from tests.integration.graph_tenants import Names, subscription
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
#: Of bodies that are bytes; beta's uploadData wants to know which.
RAW = {"Content-Type": "text/plain", "Range": "bytes=0-4/5"}
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
    "POST uploadData": lambda _: b"taken",
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
    "PATCH alertSettings": lambda _: {},
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


def ids_of(route: Route, *, every: bool = False) -> list[str]:
    """The names in a route that stand for something that a tenant has; `every`: all names that are there."""
    return [name for name in _BRACES.findall(route.path) if every or FIELDS[name]]


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
        more = {"content": body, "headers": RAW} if isinstance(body, bytes) else {"json": body}
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
