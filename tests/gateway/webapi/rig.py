"""A registry and a gateway on a real bus, and pages that speak to it as browsers do."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
from websockets.asyncio.client import connect as open_socket

from libs.runtime.service import Service
from libs.runtime.settings import read
from libs.runtime.traces import Tracing
from services.gateway.app import start as start_gateway
from services.gateway.settings import GatewaySettings
from services.registry.app import start as start_registry
from services.registry.settings import RegistrySettings
from tests.bus import running_bus
from tests.postgres import free_port
from tests.waiting import until
from tests.webhooks.events import SN, publish

TOKEN = "canary-token-7c1f"
SHOP = "https://shop.example.org"
ELSEWHERE = "https://evil.example.net"


class Page:
    """One WebSocket of a page; what came first is its HELLO."""

    def __init__(self, socket):
        self.socket = socket
        self.hello = {}
        self.count = 0

    async def say(self, **message):
        await self.socket.send(json.dumps(message))

    async def hear(self, within=60.0):
        """The next message that is no PING."""
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), within))
            if message["command"] != "PING":
                return message

    async def call(self, command, data=None, **more):
        """The answer to a call; events that come before it are dropped."""
        self.count += 1
        number = more.pop("id", f"c{self.count}")
        await self.say(id=number, command=command, data=data, **more)
        while True:
            message = await self.hear()
            if message.get("id") == number:
                return message

    async def events(self, count):
        return [await self.hear() for _ in range(count)]

    async def closed(self, within=60.0):
        """The close code."""
        await asyncio.wait_for(self.socket.wait_closed(), within)
        return self.socket.close_code


class Doors:
    """The gateway's addresses, and the bus behind it."""

    def __init__(self, bus, port, settings):
        self.bus = bus
        self.port = port
        self.settings = settings
        self.url = f"http://127.0.0.1:{port}"
        self.registry = None
        self.gateway = None
        self.client = None

    @property
    def own(self):
        """The origin of the server's own page."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def page(self, *, origin=SHOP, path="/webapi", offered=("webprinter.v1",), greeted=True, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"ws://127.0.0.1:{self.port}{path}"
        async with open_socket(url, origin=origin, subprotocols=offered or None, additional_headers=named, max_size=None) as socket:
            page = Page(socket)
            if greeted:
                page.hello = await page.hear()
                assert page.hello["command"] == "HELLO"
            yield page

    async def tell(self, events):
        """Publish events as the spooler does."""
        return await publish(self.spooler, list(events))

    async def openapi(self, command, token=TOKEN, **data):
        answer = await self.client.post("/openapi", json={"command": command, "data": data}, headers={"Api-Access-Token": token})
        return answer.json()

    async def start(self):
        self.gateway = Service("gateway", Tracing("gateway"), 3)
        await start_gateway(self.gateway, self.settings)
        await until(self._ready, what="a ready gateway")

    async def _ready(self):
        return (await self.client.get("/readyz")).status_code == 200


@asynccontextmanager
async def doors(folder, **settings):
    """`async with doors(tmp_path) as server:` with the client SN, whose token is TOKEN; pages of SHOP are allowed."""
    port = free_port()
    async with running_bus(folder) as rig, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        given = {
            "data_dir": rig.data_dir,
            "nats_url": rig.url,
            "http_port": port,
            "sn": SN,
            "webapi_origins": (SHOP,),
            "https_port": "off",
            **settings,
        }
        server = Doors(rig, port, read(GatewaySettings, **given))
        server.client = client
        server.spooler = await rig.connect("spooler")
        server.registry_settings = read(RegistrySettings, data_dir=rig.data_dir, nats_url=rig.url, sn=SN, api_token=TOKEN)
        server.registry = Service("registry", Tracing("registry"), 3)
        try:
            await start_registry(server.registry, server.registry_settings)
            await server.start()
            yield server
        finally:
            if server.gateway:
                await server.gateway.stop()
            await server.registry.stop()
