"""Who may use which device: shares, allow-lists, disabling, defaults that fall away, rules; on SQLite and on PostgreSQL."""

import json
from dataclasses import replace

import pytest

from libs.contracts.agents import Heartbeat
from libs.contracts.devices import Capabilities, Device, DeviceType
from libs.contracts.directory import EVERYBODY, ClientKind, client_key, default_key, device_key
from libs.contracts.ids import device_id
from libs.contracts.marks import Mark, Place
from libs.contracts.queries import (
    Code,
    GetDefaultDevice,
    GetDevice,
    ListDevices,
    RecordAction,
    SetDefaultDevice,
    SetMarks,
    ShareDevice,
)
from libs.contracts.reports import DevicesReported
from libs.runtime.bus import Refused
from libs.runtime.settings import read
from services.registry import devices, enrol, handlers, rights, roaming
from services.registry.handlers import Registry
from services.registry.presence import Presence
from services.registry.settings import RegistrySettings

WARD, DESK, RIVAL = "wardWARD", "deskDESK", "rivalRIV"


class Herald:
    def wake(self):
        pass


@pytest.fixture
async def registry(database_url, tmp_path):
    """A clinic with two agents that have a printer `Office` each and one of their own, and a rival tenant."""
    settings = read(RegistrySettings, data_dir=tmp_path, database_url=database_url)
    async with enrol.open_store(settings) as store:
        made = Registry(store, Presence(6), Herald())
        for tenant in ("clinic", "rival"):
            await enrol.add_tenant(store, tenant)
        for sn, tenant in ((WARD, "clinic"), (DESK, "clinic"), (RIVAL, "rival")):
            await enrol.add_client(store, tenant, ClientKind.AGENT, sn=sn)
            await report(made, sn, "Office", f"Only {sn}", tenant=tenant)
        yield made


async def report(registry, sn, *names, tenant="clinic"):
    devices = tuple(Device(id=device_id(sn, name), name=name, capabilities=Capabilities(max_copies=9)) for name in names)
    said = DevicesReported(region="local", tenant=tenant, agent=sn, devices=devices)
    await handlers.devices_reported(registry, said, 1)


async def add_app(registry, tenant="clinic", name="shop"):
    return (await enrol.add_client(registry.store, tenant, ClientKind.APP, name)).sn


def of(sn, tenant="clinic", **more):
    return {"region": "local", "tenant": tenant, "sn": sn, **more}


async def listed(registry, sn, tenant="clinic"):
    found = await handlers.list_devices(registry, ListDevices(**of(sn, tenant)))
    return [(view.agent, view.device.name) for view in found.devices if not view.device.virtual]


async def users(registry, sn, name):
    return (await registry.store.entry(device_key(sn, device_id(sn, name)))).users


async def share(registry, sn, *users, name="Office", tenant="clinic", **more):
    return await handlers.share_device(registry, ShareDevice(**of(sn, tenant), name=name, users=users, **more))


async def test_a_shared_device_is_listed_after_the_own_ones_and_says_nothing_of_others(registry):
    answer = await share(registry, WARD, DESK)
    assert answer.device.shared
    assert await listed(registry, DESK) == [(DESK, "Office"), (DESK, f"Only {DESK}"), (WARD, "Office")]
    assert await listed(registry, RIVAL, "rival") == [(RIVAL, "Office"), (RIVAL, f"Only {RIVAL}")]
    assert await users(registry, WARD, "Office") == (DESK,)
    views = (await handlers.list_devices(registry, ListDevices(**of(DESK)))).devices
    assert [view.shared for view in views] == [False] * len(views)
    assert all(view.device.capabilities == Capabilities() for view in views), "a list is one message of the bus"
    registry.presence.hear(Heartbeat(region="local", tenant="clinic", agent=WARD, journal="j"))
    online = {view.agent: view.online for view in (await handlers.list_devices(registry, ListDevices(**of(DESK)))).devices}
    assert online[WARD]
    answer = await share(registry, WARD)
    assert not answer.device.shared
    assert await users(registry, WARD, "Office") == ()
    assert (WARD, "Office") not in await listed(registry, DESK)


async def test_everybody_is_every_client_of_the_tenant_but_applications(registry):
    app, spy = await add_app(registry), await add_app(registry, "rival")
    await share(registry, WARD, EVERYBODY)
    assert (WARD, "Office") in await listed(registry, DESK)
    assert await listed(registry, app) == []
    assert await listed(registry, spy, "rival") == []
    assert (WARD, "Office") not in await listed(registry, RIVAL, "rival")
    await share(registry, WARD, EVERYBODY, app)
    assert await listed(registry, app) == [(WARD, "Office")]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        (ShareDevice(**of(WARD), name="Nowhere", users=(DESK,)), "no printer named 'Nowhere'"),
        (ShareDevice(**of(WARD), name="Office", type=DeviceType.SCANNER), "no scanner named"),
        (ShareDevice(**of(WARD), name="Office", users=(RIVAL,)), f"no client '{RIVAL}'"),
        (ShareDevice(**of(WARD), name="Office", users=("nobody00",)), "no client 'nobody00'"),
        (ShareDevice(**of(WARD), name="Roaming Print", users=(DESK,)), "cannot be shared"),
        (ShareDevice(**of(WARD, "rival"), name="Office", users=(RIVAL,)), "no client"),
    ],
)
async def test_a_share_that_cannot_be_changes_nothing(registry, query, told):
    with pytest.raises(Refused) as refused:
        await handlers.share_device(registry, query)
    assert told in str(refused.value)
    assert await users(registry, WARD, "Office") == ()


async def test_a_share_outlives_the_absence_of_its_device(registry):
    await share(registry, WARD, DESK)
    await report(registry, WARD)
    assert (WARD, "Office") not in await listed(registry, DESK)
    await report(registry, WARD, "Office")
    assert (WARD, "Office") in await listed(registry, DESK)


async def test_an_allow_list_names_devices_agents_or_everything_also_in_future(registry):
    app = await add_app(registry)
    assert await rights.allow(registry.store, app, WARD, "Office")
    assert not await rights.allow(registry.store, app, WARD, "Office")
    assert await listed(registry, app) == [(WARD, "Office")]
    await rights.allow(registry.store, app, DESK)
    await report(registry, DESK, "New")
    assert await listed(registry, app) == [(DESK, "New"), (WARD, "Office")]
    assert await users(registry, DESK, "New") == (app,)
    await rights.deny(registry.store, app, DESK)
    assert await listed(registry, app) == [(WARD, "Office")]
    await rights.allow(registry.store, app)
    assert len(await listed(registry, app)) == 3
    entries = {entry.key: entry for entry in await registry.store.entries()}
    for key, entry in entries.items():
        assert await registry.store.entry(key) == entry, "looked up alone or with all others, an entry is the same"
    assert entries[device_key(DESK, device_id(DESK, "New"))].users == (app,)
    assert entries[device_key(RIVAL, device_id(RIVAL, "Office"))].users == ()


async def test_a_default_is_set_on_a_shared_device_and_falls_away_with_the_right(registry):
    await share(registry, WARD, DESK)
    chosen = SetDefaultDevice(**of(DESK), agent=WARD, name="Office", type=DeviceType.PRINTER)
    assert (await handlers.set_default_device(registry, chosen)).device.default
    asked = GetDefaultDevice(**of(DESK), type=DeviceType.PRINTER)
    assert (await handlers.get_default_device(registry, asked)).device.agent == WARD
    await share(registry, WARD)
    assert (await handlers.get_default_device(registry, asked)).device is None
    assert await registry.store.entry(default_key(DESK, "printer")) is None
    with pytest.raises(Refused):
        await handlers.set_default_device(registry, chosen)
    await share(registry, WARD, DESK)
    assert (await handlers.get_default_device(registry, asked)).device is None, "what fell away does not come back by itself"


async def test_a_default_stays_while_another_right_covers_it(registry):
    app = await add_app(registry)
    await rights.allow(registry.store, app)
    await rights.allow(registry.store, app, WARD, "Office")
    await handlers.set_default_device(registry, SetDefaultDevice(**of(app), agent=WARD, name="Office", type=DeviceType.PRINTER))
    await rights.deny(registry.store, app)
    assert await registry.store.entry(default_key(app, "printer"))
    await rights.deny(registry.store, app, WARD, "Office")
    assert await registry.store.entry(default_key(app, "printer")) is None


async def test_devices_of_one_name_are_told_apart_by_their_owner(registry):
    app = await add_app(registry)
    await rights.allow(registry.store, app)

    async def found(sn, agent=""):
        return (await handlers.get_device(registry, GetDevice(**of(sn), agent=agent, name="Office"))).device.agent

    assert await found(app, WARD) == WARD
    assert await found(app, DESK) == DESK
    with pytest.raises(Refused) as refused:
        await found(app)
    assert refused.value.code is Code.CONFLICT
    assert {WARD, DESK} <= set(str(refused.value).replace(",", "").split())
    await handlers.set_default_device(registry, SetDefaultDevice(**of(app), agent=DESK, name="Office", type=DeviceType.PRINTER))
    assert await found(app) == DESK
    await share(registry, WARD, EVERYBODY)
    assert await found(DESK) == DESK, "the own one comes first"
    with pytest.raises(Refused):
        await found(DESK, RIVAL)


async def test_the_devices_of_a_disabled_agent_are_nobodys(registry):
    await share(registry, WARD, DESK)
    await rights.switch_client(registry.store, WARD, ClientKind.AGENT, enabled=False)
    assert (WARD, "Office") not in await listed(registry, DESK)
    assert not (await registry.store.entry(client_key(WARD))).enabled
    await rights.switch_client(registry.store, WARD, ClientKind.AGENT, enabled=True)
    assert (WARD, "Office") in await listed(registry, DESK)


async def test_every_client_has_a_roaming_printer_that_is_online_and_nobody_elses(registry):
    app = await add_app(registry)
    await rights.allow(registry.store, app)
    for sn in (WARD, app):
        views = (await handlers.list_devices(registry, ListDevices(**of(sn)))).devices
        (virtual,) = [view for view in views if view.device.virtual]
        assert (virtual.agent, virtual.device.name, virtual.online, virtual.default) == (sn, "Roaming Print", True, False)
        own = [view.device.virtual for view in views if view.agent == sn]
        assert own == sorted(own), "it comes last of the own ones"
    entry = await registry.store.entry(device_key(app, device_id(app, "Roaming Print")))
    assert entry.users == ()
    assert entry.device.virtual
    await report(registry, WARD)
    assert await registry.store.entry(device_key(WARD, device_id(WARD, "Roaming Print"))), "no report takes it away"
    await report(registry, WARD, "Roaming Print")
    assert (await registry.store.entry(device_key(WARD, device_id(WARD, "Roaming Print")))).device.virtual


async def test_another_name_of_the_roaming_printer_holds_after_a_restart(registry, database_url, tmp_path):
    async def virtual(name):
        settings = read(RegistrySettings, data_dir=tmp_path, database_url=database_url, roaming_name=name)
        async with enrol.open_store(settings) as store:
            async with store.change() as change:
                await roaming.give_all(change)
            entries = await store.entries()
        return sorted({each.device.name for each in entries if each.key.startswith("device.") and each.device.virtual})

    assert await virtual("Collect") == ["Collect"]
    assert await virtual("-") == []
    assert await virtual("Roaming Print") == ["Roaming Print"]


async def test_rules_are_kept_with_the_device_or_the_client(registry):
    mark = Mark(Place.FOOTER, "{page}")
    await handlers.set_marks(registry, SetMarks(**of(WARD), device="Office", marks=(mark,), by="the token till"))
    await handlers.set_marks(registry, SetMarks(**of(WARD), marks=(mark, mark)))
    assert (await registry.store.entry(device_key(WARD, device_id(WARD, "Office")))).marks == (mark,)
    assert (await registry.store.entry(client_key(WARD))).marks == (mark, mark)
    await report(registry, WARD, "Office")
    assert (await registry.store.entry(device_key(WARD, device_id(WARD, "Office")))).marks == (mark,)
    await share(registry, DESK, WARD)
    for device in ("Nowhere", f"Only {DESK}"):
        with pytest.raises(Refused):
            await handlers.set_marks(registry, SetMarks(**of(WARD), device=device))
    await handlers.set_marks(registry, SetMarks(**of(WARD)))
    assert (await registry.store.entry(client_key(WARD))).marks == ()


async def test_what_the_door_changes_is_recorded_with_the_token_that_did_it(registry):
    await share(registry, WARD, DESK, by="the token till")
    await handlers.set_marks(registry, SetMarks(**of(WARD), marks=(Mark(Place.HEADER, "secret words"),), by="the token till"))
    log = await registry.store.audited(0, "clinic")
    last = [(row.who, row.action, row.what) for row in log][-2:]
    assert last == [
        (f"{WARD} with the token till", "device shared", f"{WARD}/Office"),
        (f"{WARD} with the token till", "rules set", WARD),
    ]
    assert json.loads(log[-1].details) == {"places": ["header"]}


async def test_what_a_door_does_by_itself_is_recorded_for_its_own_clients_only(registry):
    asked = RecordAction(
        **of(WARD), action="relay token made", what="ab12", details={"origins": "https://a.b"}, by="the token till"
    )
    await handlers.record_action(registry, asked)
    with pytest.raises(Refused):
        await handlers.record_action(registry, replace(asked, tenant="other"))
    last = (await registry.store.audited(0, "clinic"))[-1]
    assert (last.who, last.action, last.what) == (f"{WARD} with the token till", "relay token made", "ab12")
    assert json.loads(last.details) == {"client": WARD, "origins": "https://a.b"}


async def test_a_long_list_comes_in_pages(registry, monkeypatch):
    monkeypatch.setattr(devices, "PAGE", 2)
    await report(registry, WARD, "A", "B", "C", "D")
    names, more = [], True
    while more:
        found = await handlers.list_devices(registry, ListDevices(**of(WARD), offset=len(names)))
        names += [view.device.name for view in found.devices]
        more = found.more
    assert names == ["A", "B", "C", "D", "Roaming Print"]
