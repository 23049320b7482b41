"""Reports that must not count: overtaken, from nobody, for somebody else, with ids that are not their names'."""

from dataclasses import replace

import pytest

from libs.contracts.devices import Device
from libs.contracts.directory import ClientKind, DefaultEntry
from libs.contracts.events import DeviceChanged
from libs.contracts.ids import device_id, token_digest
from libs.contracts.message import decode
from libs.contracts.queries import LookUp
from libs.contracts.reports import DevicesReported
from libs.runtime.settings import read
from services.registry import enrol, handlers
from services.registry.handlers import Registry
from services.registry.presence import Presence
from services.registry.settings import RegistrySettings

SN = "jueKiUEE"


class FakeHerald:
    """Counts how often it is woken."""

    def __init__(self, store):
        self.store = store
        self.woken = 0

    def wake(self):
        self.woken += 1

    async def current(self, key):
        return await self.store.entry(key)


@pytest.fixture
async def registry(tmp_path):
    async with enrol.open_store(read(RegistrySettings, data_dir=tmp_path)) as store:
        await enrol.ensure_client(store, "main", SN, ClientKind.AGENT, token_digest("t"))
        yield Registry(store, Presence(6), FakeHerald(store))


def device(name, **more):
    return Device(id=device_id(SN, name), name=name, **more)


def report(*devices, **more):
    return DevicesReported(**{"region": "local", "tenant": "main", "agent": SN, "devices": devices, **more})


async def names(registry):
    return [each.name for each in await registry.store.devices(SN, None)]


async def events(registry):
    return [decode(DeviceChanged, one.event) for one in await registry.store.news(100) if one.event]


async def test_each_change_is_one_event_with_an_id_of_its_own(registry):
    await handlers.devices_reported(registry, report(device("A"), device("B"), at=5), 10)
    await handlers.devices_reported(registry, report(device("A", accepting=False)), 20)
    found = await events(registry)
    assert sorted((each.device.name, each.what, each.revision) for each in found) == [
        ("A", "added", 1),
        ("A", "state", 2),
        ("B", "added", 1),
        ("B", "removed", 2),
    ]
    assert len({each.id for each in found}) == 4
    assert found[0].at == 5
    assert registry.herald.woken == 2


async def test_the_same_report_again_is_no_news(registry):
    await handlers.devices_reported(registry, report(device("A")), 10)
    told = await registry.store.news(100)
    await handlers.devices_reported(registry, report(device("A")), 10)
    assert await registry.store.news(100) == told


async def test_an_overtaken_report_changes_nothing(registry):
    await handlers.devices_reported(registry, report(device("A"), device("B")), 1000)
    await handlers.devices_reported(registry, report(device("A")), 999)
    assert await names(registry) == ["A", "B"]


@pytest.mark.parametrize("wrong", [{"tenant": "other"}, {"agent": "ABCDEFGH"}])
async def test_a_report_of_nobody_we_know_changes_nothing(registry, wrong):
    await handlers.devices_reported(registry, report(device("A"), **wrong), 10)
    assert await events(registry) == []


async def test_devices_with_the_id_of_another_name_are_left_out(registry):
    await handlers.devices_reported(registry, report(device("A"), replace(device("B"), id="x.>")), 10)
    assert await names(registry) == ["A"]


async def test_the_first_system_default_becomes_the_clients_and_stays_it(registry):
    await handlers.devices_reported(registry, report(device("A"), device("B", system_default=True)), 10)
    await handlers.devices_reported(registry, report(device("A", system_default=True), device("B")), 20)
    assert await registry.store.defaults(SN) == {"printer": (SN, device("B").id)}


async def test_entries_are_looked_up_from_the_database(registry):
    keys = (f"client.{SN}", "client.nobody", f"default.{SN}.printer")
    found = await handlers.look_up(registry, LookUp(region="local", keys=keys))
    assert [entry.key for entry in found.entries] == [f"client.{SN}"]
    async with registry.store.change() as change:
        await change.set_default(DefaultEntry(sn=SN, type="printer", agent=SN, device="x"))
    found = await handlers.look_up(registry, LookUp(region="local", keys=keys))
    assert [entry.key for entry in found.entries] == [f"client.{SN}", f"default.{SN}.printer"]
