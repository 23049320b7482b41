"""What the command line takes away is gone soon at every gateway; what it gives is there as soon."""

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from libs.contracts.devices import Device
from libs.contracts.directory import ClientKind, Scope
from libs.contracts.ids import device_id
from libs.contracts.reports import DevicesReported
from libs.contracts.streams import REPORTS
from libs.runtime.service import Service
from libs.runtime.settings import read
from libs.runtime.traces import Tracing
from services.gateway.app import start as start_gateway
from services.gateway.settings import GatewaySettings
from services.registry import enrol, rights
from services.registry.app import start as start_registry
from services.registry.settings import RegistrySettings
from tests.bus import running_bus
from tests.postgres import free_port
from tests.waiting import until

#: Seconds. Five are promised on a machine that does nothing else; this tells "soon" from "when something expires".
WITHIN = 20.0
SN = "jueKiUEE"


@asynccontextmanager
async def running(name, start, settings):
    service = Service(name, Tracing(name), 3)
    try:
        await start(service, settings)
        yield service
    finally:
        await service.stop()


class Rig:
    """A registry, its database as the command line opens it, and two gateways."""

    def __init__(self, store, gateways, boss):
        self.store = store
        self.gateways = gateways
        self.boss = boss

    async def says(self, gateway, token, command="listDevices", **data):
        headers = {"Authorization": f"Bearer {token}"}
        return await gateway.post("/openapi", json={"command": command, "data": data}, headers=headers)

    async def until_everywhere(self, token, status):
        """Both gateways answer so to this token, not longer than allowed from now."""

        async def answered():
            told = await asyncio.gather(*(self.says(gateway, token) for gateway in self.gateways))
            return {each.status_code for each in told} == {status}

        await until(answered, WITHIN, f"{status} at both gateways")

    async def names(self, gateway, token):
        return [(row["controlSn"], row["name"]) for row in (await self.says(gateway, token)).json()["data"]]

    async def report(self, *names):
        devices = tuple(Device(id=device_id(SN, name), name=name) for name in names)
        report = DevicesReported(region="local", tenant="main", agent=SN, devices=devices)
        await self.boss.publish(report, stream=REPORTS, message_id=f"j:{time.monotonic_ns()}")


@asynccontextmanager
async def two_gateways(folder):
    async with running_bus(folder) as bus, AsyncExitStack() as stack:
        shared = {"data_dir": bus.data_dir, "nats_url": bus.url}
        registry = read(RegistrySettings, **shared, sn=SN, api_token="owner", roaming_name="-")
        await stack.enter_async_context(running("registry", start_registry, registry))
        gateways = []
        for number in (1, 2):
            port = free_port()
            settings = read(GatewaySettings, **shared, http_port=port, worker=number, token_tries=100_000)
            await stack.enter_async_context(running("gateway", start_gateway, settings))
            client = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}"))
            gateways.append(client)
        store = await stack.enter_async_context(enrol.open_store(registry))
        rig = Rig(store, gateways, await bus.connect("admin"))
        await rig.until_everywhere("owner", 200)
        yield rig


async def test_tokens_end_at_every_gateway_when_they_are_revoked_or_expire_or_their_client_or_tenant_is_disabled(tmp_path):
    async with two_gateways(tmp_path) as rig:
        app = (await enrol.add_client(rig.store, "main", ClientKind.APP, "shop")).sn
        token = await enrol.add_token(rig.store, app, "till")
        await rig.until_everywhere(token, 200)
        await enrol.revoke_token(rig.store, app, "till")
        await rig.until_everywhere(token, 401)

        short = await enrol.add_token(rig.store, app, "short", expires_at=int(time.time() * 1000) + 4000)
        await rig.until_everywhere(short, 200)
        await rig.until_everywhere(short, 401)

        token = await enrol.add_token(rig.store, app, "again")
        await rig.until_everywhere(token, 200)
        await rights.switch_client(rig.store, app, ClientKind.APP, enabled=False)
        await rig.until_everywhere(token, 401)
        await rights.switch_client(rig.store, app, ClientKind.APP, enabled=True)
        await rig.until_everywhere(token, 200)
        await rights.switch_tenant(rig.store, "main", enabled=False)
        await rig.until_everywhere(token, 401)
        await rig.until_everywhere("owner", 401)
        await rights.switch_tenant(rig.store, "main", enabled=True)
        await rig.until_everywhere(token, 200)
        await rights.remove_app(rig.store, app)
        await rig.until_everywhere(token, 401)
        await rig.until_everywhere("owner", 200)


async def test_an_application_sees_and_uses_what_it_is_allowed_through_every_gateway(tmp_path):
    async with two_gateways(tmp_path) as rig:
        first, second = rig.gateways
        app = (await enrol.add_client(rig.store, "main", ClientKind.APP, "shop")).sn
        token = await enrol.add_token(rig.store, app, "till", scopes=(Scope.READ, Scope.PRINT))
        await rig.report("Office", "Label")
        await rig.until_everywhere(token, 200)
        await until(lambda: rig.store.devices(SN, None), what="the devices")
        await rights.allow(rig.store, app, SN, "Office")

        async def prints(gateway, device, **more):
            task = {"mediaFormat": "TEXT", "mediaSource": "STRING", "content": "x", "deviceName": device, **more}
            return (await rig.says(gateway, token, "newPrintTask", task=task)).json()["success"]

        for gateway in rig.gateways:
            assert await rig.names(gateway, token) == [(SN, "Office")]
            await until(lambda gateway=gateway: prints(gateway, "Office", controlSn=SN), WITHIN, "a task")
            assert await prints(gateway, "Office"), "there is only one of this name"
            assert not await prints(gateway, "Label", controlSn=SN)
        refused = (await rig.says(first, token, "setDefaultDevice", deviceName="Office", controlSn=SN)).json()
        assert "scope manage" in refused["message"]
        await rights.deny(rig.store, app, SN, "Office")
        assert await rig.names(second, token) == []
        for gateway in rig.gateways:
            await until(lambda gateway=gateway: refuses(prints, gateway), WITHIN, "no task")


async def refuses(prints, gateway):
    return not await prints(gateway, "Office", controlSn=SN)
