"""Graph's door in memory: the real door with all its routes and the real permission matrix, over a bus with scripted answers."""

from contextlib import asynccontextmanager

import httpx
from prometheus_client import Counter
from starlette.applications import Starlette

from libs.contracts.devices import Capabilities, Device
from libs.contracts.fleet import PrinterView, Profile
from libs.contracts.ids import device_id, guid
from services.gateway.graph.call import Route
from services.gateway.graph.door import Door, routes_of
from services.gateway.graph.principal import Principal
from services.gateway.graph.problem import Problem
from services.gateway.graph.rights.permissions import APPLICATION, DELEGATED
from services.gateway.pace import Pace
from tests.gateway.fakes import SN, Rig

BASE = "http://127.0.0.1:39899"
TENANT_ID = guid("tenant", "main")
APP = "0f0f0f0f-0000-4000-8000-00000000000a"
ALICE = "a11ce000-0000-4000-8000-000000000001"
BOB = "b0b00000-0000-4000-8000-000000000002"


def user(*permissions, id=ALICE, name="alice@main.example", administrator=False, **more):  # noqa: A002 - as Principal has it
    """A user through an application, with these scopes; with none named, all of them."""
    given = frozenset(permissions or DELEGATED)
    return Principal(
        "main", TENANT_ID, APP, id, True, given, name, name.partition("@")[0].title(), administrator=administrator, **more
    )


def application(*permissions, app=APP, **more):
    """An application by itself, with these roles; with none named, all of them."""
    return Principal("main", TENANT_ID, app, guid("principal", app), False, frozenset(permissions or APPLICATION), **more)


def a_printer(name="Office", agent=SN, *, capabilities=Capabilities(), state="idle", accepting=True, **more):  # noqa: B008
    """A printer as the registry shows it; `more` are fields of `PrinterView`."""
    device = Device(id=device_id(agent, name), name=name, capabilities=capabilities, state=state, accepting=accepting)
    shown = {"profile": Profile(display=name), "shard": 3, "online": True, **more}
    return PrinterView(id=guid("printer", agent, device.id), tenant="main", agent=agent, device=device, **shown)


class Bearers:
    """Everybody is who the test says; None: nobody."""

    def __init__(self, who):
        self.who = who

    async def principal(self, _headers, _address):
        if self.who is None:
            raise Problem(401, "InvalidAuthenticationToken", "Show a token.", headers={"WWW-Authenticate": 'Bearer realm=""'})
        return self.who


class Graph:
    """`bus.answers` holds the answer to each kind of question (see `FakeBus`), `who` is who asks from now on."""

    def __init__(self, rig, door, bearers):
        self.rig = rig
        self.door = door
        self.bearers = bearers
        self.bus = rig.bus
        self.gateway = rig.gateway
        self.client = None

    @property
    def who(self):
        return self.bearers.who

    @who.setter
    def who(self, who):
        self.bearers.who = who

    async def call(self, method, path, body=None, *, version="v1.0", **more):
        """The answer to a request for a path below the version, as httpx has it; `body` is JSON, `more` are httpx's."""
        given = {"json": body} if body is not None else {}
        return await self.client.request(method, f"/{version}/{path.lstrip('/')}", **given, **more)

    async def get(self, path, status=200, **more):
        """The JSON of a GET that is answered with this status."""
        return self.told(await self.call("GET", path, **more), status)

    async def post(self, path, body=None, status=200, **more):
        """The JSON of a POST that is answered with this status; None: no body."""
        return self.told(await self.call("POST", path, body, **more), status)

    async def patch(self, path, body, status=200, **more):
        return self.told(await self.call("PATCH", path, body, **more), status)

    async def delete(self, path, status=204, **more):
        return self.told(await self.call("DELETE", path, **more), status)

    @staticmethod
    def told(answer, status):
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def asked(self, kind):
        """The questions of this kind that were asked, in their order."""
        return [each for each in self.bus.asked if isinstance(each, kind)]


@asynccontextmanager
async def graph(folder, *, modules=None, routes=(), who=None, **settings):
    """`async with graph(tmp_path) as door:` all resources, or those of these modules alone, and these routes beside them."""
    rig = Rig(folder, **settings)
    bearers = Bearers(who or user(administrator=True))
    every = [*routes_of(_every() if modules is None else modules), *routes]
    counter = Counter("gateway_graph_requests", "Requests", ["method", "route", "status"], registry=rig.service.metrics)
    door = Door(
        rig.gateway,
        bearers,
        every,
        rig.settings,
        tracing=rig.service.tracing,
        requests=counter,
        pace=Pace("graph", rig.service.metrics),
    )
    made = Graph(rig, door, bearers)
    transport = httpx.ASGITransport(app=Starlette(routes=[door]), client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        made.client = client
        yield made


def _every():
    from libs.runtime.discovery import discover  # noqa: PLC0415 - some tests name their modules, and load no others
    from services.gateway.graph import resources  # noqa: PLC0415

    return discover(resources).values()


__all__ = ["ALICE", "APP", "BASE", "BOB", "SN", "TENANT_ID", "Route", "a_printer", "application", "graph", "user"]
