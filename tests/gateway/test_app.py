"""The gateway as a whole, on a real bus beside a real registry: from an HTTP request to a durable message."""

import time
from contextlib import asynccontextmanager

import httpx
import pytest

from libs.contracts.devices import Device
from libs.contracts.documents import Inline, Remote, SealedRequest, Stored
from libs.contracts.ids import device_id
from libs.contracts.intake import SubmitTasks
from libs.contracts.message import decode
from libs.contracts.reports import DevicesReported
from libs.contracts.streams import INTAKE, REPORTS
from libs.runtime.addresses import Addresses
from libs.runtime.documents import Documents
from libs.runtime.seal import Opener
from libs.runtime.service import Service
from libs.runtime.settings import read
from libs.runtime.traces import Tracing
from services.gateway.app import start as start_gateway
from services.gateway.settings import GatewaySettings
from services.registry import enrol
from services.registry.app import start as start_registry
from services.registry.settings import RegistrySettings
from tests.bus import running_bus
from tests.postgres import free_port
from tests.waiting import until

SN = "jueKiUEE"
TOKEN = "canary-token-7c1f"


@asynccontextmanager
async def running(name, start, settings):
    service = Service(name, Tracing(name), 3)
    try:
        await start(service, settings)
        yield service
    finally:
        await service.stop()


def registry_settings(rig):
    return read(RegistrySettings, data_dir=rig.data_dir, nats_url=rig.url, sn=SN, api_token=TOKEN)


@asynccontextmanager
async def doors(rig, **more):
    """A registry, a gateway, and a client of it."""
    port = free_port()
    settings = read(GatewaySettings, data_dir=rig.data_dir, nats_url=rig.url, http_port=port, **more)
    async with (
        running("registry", start_registry, registry_settings(rig)) as registry,
        running("gateway", start_gateway, settings) as gateway,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Api-Access-Token": TOKEN}) as client,
    ):
        await until(lambda: ready(client), what="a ready gateway")
        yield client, registry, gateway


async def ready(client):
    return (await client.get("/readyz")).status_code == 200


async def command(client, name, **data):
    answer = await client.post("/openapi", json={"command": name, "data": data})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def devices(client):
    return (await command(client, "listDevices"))["data"]


async def intake(boss):
    info = await boss.js.stream_info(INTAKE)
    last = await boss.js.get_msg(INTAKE, seq=info.state.last_seq)
    return decode(SubmitTasks, last.data)


async def test_a_task_posted_is_a_durable_message(tmp_path):
    async with running_bus(tmp_path) as rig, doors(rig) as (client, _, _):
        boss = await rig.connect("admin")
        assert [each["name"] for each in await devices(client)] == ["Roaming Print"]
        office = Device(id=device_id(SN, "Office"), name="Office")
        report = DevicesReported(region="local", tenant="main", agent=SN, devices=(office,))
        await boss.publish(report, stream=REPORTS, message_id="j:1")

        async def known() -> bool:
            return "Office" in [each["name"] for each in await devices(client)]

        await until(known, what="the device")
        assert (await command(client, "getDefaultDevice", deviceType="printer"))["data"]["name"] == "Office"

        async def submitted(**task):
            answer = await command(client, "newPrintTask", task=task)
            assert list(answer) == ["success", "data", "command"], answer
            message = await intake(boss)
            assert (message.tenant, message.sn, message.source) == ("main", SN, "CLIENT_OPENAPI")
            assert message.subject == f"intake.local.main.{SN}"
            assert message.tasks[0].id == answer["data"]["taskId"]
            assert message.tasks[0].printer.id == office.id
            return message.tasks[0]

        task = await submitted(mediaSource="STRING", mediaFormat="TEXT", content="Hallo")
        assert task.document.content == Inline(b"Hallo")
        task = await submitted(mediaFormat="TEXT", content="Hallo " * 2000, deviceName="Office", controlSn=SN)
        assert isinstance(task.document.content, Stored)
        store = Documents("", tmp_path)
        assert await store.get(task.document.content.name) == b"Hallo " * 2000
        task = await submitted(content="https://user:pw@example.com/a.pdf?key=1", headers={"JSESSIONID": "x"})
        assert isinstance(task.document.content, Remote)
        assert task.document.content.host == "example.com"
        opened = decode(SealedRequest, Opener(rig.keys.path("seal.key")).open(task.document.content.sealed))
        assert opened == SealedRequest("https://user:pw@example.com/a.pdf?key=1", (("JSESSIONID", "x"), ("Cookie", "JSESSIONID=x")))

        token = Addresses(rig.keys.path("documents.key")).token("main/x/source", 0)
        assert (await client.get(f"/documents/{token}")).status_code == 403


async def test_documents_are_streamed_to_whoever_has_a_valid_address(tmp_path):
    async with running_bus(tmp_path) as rig, doors(rig) as (client, _, _):
        await Documents("", tmp_path).put("main/t/printable", b"x" * 700_000)
        addresses = Addresses(rig.keys.path("documents.key"))
        answer = await client.get(f"/documents/{addresses.token('main/t/printable', time.time())}", headers={})
        assert answer.content == b"x" * 700_000
        assert (await client.get(f"/documents/{addresses.token('main/t/other', time.time())}")).status_code == 404
        assert (await client.get("/documents/nonsense")).status_code == 403


async def test_a_revoked_token_dies_within_seconds_and_a_blind_gateway_asks(tmp_path):
    async with running_bus(tmp_path) as rig, doors(rig) as (client, registry, _):
        async with enrol.open_store(registry_settings(rig)) as store:
            token = await enrol.add_token(store, SN, "shop")
            body = {"command": "listDevices"}

            async def status():
                return (await client.post("/openapi", json=body, headers={"Api-Access-Token": token})).status_code

            async def is_status(wanted):
                return await status() == wanted

            await until(lambda: is_status(200), what="the token")
            await enrol.revoke_token(store, SN, "shop")
            await until(lambda: is_status(401), what="its end")
        await registry.stop()
        await until(lambda: is_status(503), what="nobody to ask")


@pytest.mark.parametrize("enabled", [True, False])
async def test_a_door_can_be_switched_off(tmp_path, enabled):
    async with running_bus(tmp_path) as rig, doors(rig, openapi_enabled=enabled) as (client, _, _):
        answer = await client.post("/openapi", json={"command": "listDevices"})
        assert answer.status_code == (200 if enabled else 404)


async def test_probes_with_a_port_of_their_own_are_not_let_out_with_the_doors(tmp_path):
    async with running_bus(tmp_path) as rig:
        port = free_port()
        given = {"data_dir": rig.data_dir, "nats_url": rig.url, "http_port": port, "metrics_port": free_port()}
        async with (
            running("gateway", start_gateway, read(GatewaySettings, **given)),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        ):
            assert {path: (await client.get(path)).status_code for path in ("/metrics", "/readyz", "/healthz")} == {
                "/metrics": 404,
                "/readyz": 404,
                "/healthz": 404,
            }
            assert (await client.get("/webprinter.js")).status_code == 200
