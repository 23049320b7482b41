"""The registry as a whole, on a real bus: what it publishes, what it answers, what it forgets."""

from contextlib import asynccontextmanager

import pytest
from nats.js.errors import KeyNotFoundError

from libs.contracts.agents import Heartbeat
from libs.contracts.devices import Capabilities, Device, DeviceType, PrinterState
from libs.contracts.directory import BUCKET, TICK, ClientKind, Entry, Tick
from libs.contracts.ids import device_id, token_digest
from libs.contracts.message import decode
from libs.contracts.queries import Code, GetDefaultDevice, GetDevice, ListDevices, LookUp, SetDefaultDevice
from libs.contracts.reports import DevicesReported
from libs.contracts.streams import DEVICES, REPORTS
from libs.runtime import admin
from libs.runtime.bus import Refused
from libs.runtime.mirror import Mirror
from libs.runtime.service import Service
from libs.runtime.settings import read
from libs.runtime.traces import Tracing
from services.registry import enrol
from services.registry.app import start
from services.registry.settings import RegistrySettings
from tests.bus import running_bus
from tests.waiting import until

SN = "jueKiUEE"
TOKEN = "correct horse battery staple"
HERE = {"region": "local", "tenant": "main", "sn": SN}


def settings_for(rig, **more):
    given = {"roaming_name": "-", **more}
    return read(RegistrySettings, data_dir=rig.data_dir, nats_url=rig.url, sn=SN, api_token=TOKEN, **given)


@asynccontextmanager
async def registry(rig, **more):
    service = Service("registry", Tracing("registry"), 3)
    try:
        await start(service, settings_for(rig, **more))
        yield service
    finally:
        await service.stop()


@asynccontextmanager
async def following(bus):
    mirror = Mirror(bus, BUCKET, lambda data: decode(Entry, data))
    service = Service("reader", Tracing("reader"), 1)
    service.loop("mirror", mirror.follow)
    try:
        await until(lambda: mirror.fresh, what="a tick")
        yield mirror
    finally:
        await service.stop()


def printer(name, **more):
    return Device(id=device_id(SN, name), name=name, **more)


def report(*devices):
    return DevicesReported(region="local", tenant="main", agent=SN, devices=devices, at=1)


async def beat(bus, **more):
    await bus.tell(Heartbeat(region="local", tenant="main", agent=SN, journal="j", **more))


async def test_devices_reach_the_directory_the_stream_and_whoever_asks(tmp_path):
    async with running_bus(tmp_path) as rig, registry(rig) as service:
        gateway, boss = await rig.connect("gateway"), await rig.connect("admin")
        rig.issue_agent(SN)
        agent = await rig.connect(SN)
        await until(lambda: admin_sees(boss, SN), what="the agent's consumer")
        async with following(gateway) as mirror:
            assert mirror.get(f"client.{SN}").role is ClientKind.AGENT
            assert mirror.get(f"token.{token_digest(TOKEN)}").sn == SN
            assert await service.problems() == {}

            office = printer("Office", system_default=True, capabilities=Capabilities(max_copies=9))
            await agent.publish(report(office, printer("Label")), stream=REPORTS, message_id="j:1")
            await until(lambda: mirror.get(f"device.{SN}.{office.id}"), what="the device")
            await until(lambda: mirror.get(f"default.{SN}.printer"), what="the default")
            assert mirror.get(f"device.{SN}.{office.id}").device == office

            listed = (await gateway.ask(ListDevices(**HERE))).devices
            assert [(view.device.name, view.online, view.default) for view in listed] == [
                ("Label", False, False),
                ("Office", False, True),
            ]
            await beat(agent)
            await until(lambda: mirror.get(f"presence.{SN}") and mirror.get(f"presence.{SN}").online, what="presence")
            assert all(view.online for view in (await gateway.ask(ListDevices(**HERE))).devices)
            await beat(agent, leaving=True)
            await until(lambda: not mirror.get(f"presence.{SN}").online, what="absence")

            await agent.publish(report(printer("Office", state=PrinterState.STOPPED)), stream=REPORTS, message_id="j:2")
            await until(lambda: mirror.get(f"device.{SN}.{device_id(SN, 'Label')}") is None, what="the end of a device")
            events = await until(lambda: stored(boss, 5), what="five events")
            assert sorted(event.rsplit(".", 1)[1] for event in events) == [
                "added",
                "added",
                "capabilities",
                "removed",
                "state",
            ]


async def test_a_directory_that_was_deleted_is_whole_again_before_it_is_told_where_it_begins(tmp_path):
    async with running_bus(tmp_path) as rig, registry(rig):
        boss, name = await rig.connect("admin"), f"token.{token_digest(TOKEN)}"
        async with following(await rig.connect("gateway")) as mirror:
            before = await begun(boss)
            await boss.js.delete_stream(f"KV_{BUCKET}")
            await admin.provision(boss, "local")
            after = await until(lambda: begun(boss), what="a tick in the new one")
            assert after > before > 0
            bucket = await boss.js.key_value(BUCKET)
            assert (await bucket.get(name)).revision < (await bucket.get(TICK)).revision
            await until(lambda: mirror.fresh and mirror.get(name), what="readers see it")


async def begun(boss):
    """Where the directory begins, as its tick says; 0: there is none."""
    try:
        return decode(Tick, (await (await boss.js.key_value(BUCKET)).get(TICK)).value).begun
    except KeyNotFoundError:
        return 0


async def admin_sees(boss, agent):
    found = await boss.js.consumers_info("PRINT")
    return [one for one in found if one.name == f"agent_{agent}"]


async def stored(boss, count):
    info = await boss.js.stream_info(DEVICES, subjects_filter=">")
    return sorted(info.state.subjects or {}) if info.state.messages >= count else None


async def test_a_client_sees_only_what_is_its_own(tmp_path):
    async with running_bus(tmp_path) as rig, registry(rig):
        gateway = await rig.connect("gateway")
        async with enrol.open_store(settings_for(rig)) as store:
            app = await enrol.add_client(store, "main", ClientKind.APP, "shop")
        boss = await rig.connect("admin")
        await boss.publish(report(printer("Office")), stream=REPORTS, message_id="j:1")
        await until(lambda: listed(gateway), what="the device")
        asked = ListDevices(region="local", tenant="main", sn=app.sn)
        assert (await gateway.ask(asked)).devices == ()
        for query in (
            GetDevice(region="local", tenant="main", sn=app.sn, agent=SN, name="Office"),
            SetDefaultDevice(region="local", tenant="main", sn=app.sn, agent=SN, name="Office", type=DeviceType.PRINTER),
            GetDevice(**HERE, agent=SN, name="Nowhere"),
            ListDevices(region="local", tenant="other", sn=SN),
        ):
            with pytest.raises(Refused) as refused:
                await gateway.ask(query)
            assert refused.value.code is Code.NOT_FOUND
        assert (await gateway.ask(GetDefaultDevice(**HERE, type=DeviceType.SCANNER))).device is None


async def listed(gateway):
    return (await gateway.ask(ListDevices(**HERE))).devices


async def test_a_default_once_set_stays(tmp_path):
    async with running_bus(tmp_path) as rig, registry(rig):
        gateway, boss = await rig.connect("gateway"), await rig.connect("admin")
        await boss.publish(report(printer("A", system_default=True), printer("B")), stream=REPORTS, message_id="j:1")
        await until(lambda: listed(gateway), what="the devices")
        answer = await gateway.ask(SetDefaultDevice(**HERE, agent=SN, name="B", type=DeviceType.PRINTER))
        assert answer.device.default
        await boss.publish(report(printer("A", system_default=True), printer("B"), printer("C")), stream=REPORTS, message_id="j:2")
        await until(lambda: count(gateway, 3), what="three devices")
        assert (await gateway.ask(GetDefaultDevice(**HERE, type=DeviceType.PRINTER))).device.device.name == "B"


async def count(gateway, number):
    return len(await listed(gateway)) == number


async def test_a_token_revoked_by_the_command_line_leaves_the_directory_within_seconds(tmp_path):
    async with running_bus(tmp_path) as rig, registry(rig):
        gateway = await rig.connect("gateway")
        async with following(gateway) as mirror, enrol.open_store(settings_for(rig)) as store:
            token = await enrol.add_token(store, SN, "shop")
            key = f"token.{token_digest(token)}"
            await until(lambda: mirror.get(key), 3, "the token")
            await enrol.revoke_token(store, SN, "shop")
            await until(lambda: mirror.get(key) is None, 3, "its end")
            assert (await gateway.ask(LookUp(region="local", keys=(key, f"client.{SN}")))).entries[0].sn == SN


async def test_a_restart_makes_the_directory_say_what_the_database_says(tmp_path):
    async with running_bus(tmp_path) as rig:
        boss, gateway = await rig.connect("admin"), await rig.connect("gateway")
        async with registry(rig):
            await boss.publish(report(printer("Office")), stream=REPORTS, message_id="j:1")
            await until(lambda: listed(gateway), what="the device")
            await beat(boss)
            async with following(gateway) as mirror:
                await until(lambda: mirror.get(f"presence.{SN}"), what="presence")
        bucket = await boss.js.key_value(BUCKET)
        office = f"device.{SN}.{device_id(SN, 'Office')}"
        await bucket.delete(office)
        await bucket.put("token.stray", b"{}")
        await bucket.put(f"client.{SN}", b"not json")
        async with registry(rig, presence_timeout=0.5) as service:
            await until(lambda: ready(service))
            async with following(gateway) as mirror:
                assert mirror.get(office)
                assert mirror.get("token.stray") is None
                assert mirror.get(f"client.{SN}").tenant == "main"
                await until(lambda: not mirror.get(f"presence.{SN}").online, what="the end of a silent agent")


async def test_a_deleted_consumer_makes_it_unready(tmp_path):
    async with running_bus(tmp_path) as rig, registry(rig) as service:
        boss = await rig.connect("admin")
        await until(lambda: ready(service))
        await boss.js.delete_consumer(REPORTS, "registry_devices")
        assert "provision" in (await service.problems())["device reports"]
        await admin.provision(boss, "local")
        await until(lambda: ready(service))


async def ready(service):
    return not await service.problems()
