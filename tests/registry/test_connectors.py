"""Agents as connectors, print settings, users and groups; on SQLite and on PostgreSQL."""

import pytest

from libs.contracts.agents import Heartbeat
from libs.contracts.directory import ClientKind, client_key
from libs.contracts.fleet import ChangeConnector, ListConnectors, RemoveConnector
from libs.contracts.fleetsettings import ChangeFleetSettings, FleetSettings, GetFleetSettings
from libs.contracts.ids import guid
from libs.contracts.people import GetUser, ListGroups, ListUsers
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.registry import enlist, enrol, rights
from tests.registry.fleet import DESK, RIVAL, WARD, at

CONNECTOR = guid("client", WARD)


async def refused(code, asked):
    with pytest.raises(Refused) as no:
        await asked
    assert no.value.code is code
    return str(no.value)


async def test_the_agents_of_a_tenant_are_its_connectors(fleet):
    await enrol.add_client(fleet.registry.store, "clinic", ClientKind.APP, "shop")
    assert [each.sn for each in (await fleet(ListConnectors)).connectors] == [DESK, WARD]
    own = {"host": "ward-pc", "system": "Linux 6.1", "version": "0.1.0"}
    fleet.registry.presence.hear(Heartbeat(region="local", tenant="clinic", agent=WARD, journal="j", **own))
    (one,) = (await fleet(ListConnectors, printer=at(WARD, "Office"))).connectors
    assert (one.host, one.system, one.version) == ("ward-pc", "Linux 6.1", "0.1.0"), "the agent's own words"
    assert (one.id, one.name, one.online) == (CONNECTOR, f"agent {WARD}", True)
    assert one.registered_at > 0
    assert one.seen_at > 1_700_000_000_000
    assert (await fleet(ListConnectors, printer=(await fleet.register()).printer.id)).connectors == ()
    said = {"host": "ward.clinic.example", "system": "Debian 12", "version": "1.2", "location": {"floor": "3"}}
    (one,) = (await fleet(ChangeConnector, connector=CONNECTOR, name="Third floor", by="anna", **said)).connectors
    assert (one.name, one.host, one.system, one.version, one.location) == ("Third floor", *said.values())
    assert (await fleet.registry.store.entry(client_key(WARD))).name == "Third floor"
    for asked in (ListConnectors, ChangeConnector, RemoveConnector):
        await refused(Code.NOT_FOUND, fleet.of("rival")(asked, connector=CONNECTOR))
    await refused(Code.NOT_FOUND, fleet(ListConnectors, printer=at(RIVAL, "Office")))
    assert "displayName" in await refused(Code.BAD_REQUEST, fleet(ChangeConnector, connector=CONNECTOR, name=""))
    assert "2 printer(s)" in await refused(Code.CONFLICT, fleet(RemoveConnector, connector=CONNECTOR))
    await fleet.report(WARD)
    await fleet(RemoveConnector, connector=CONNECTOR, by="anna")
    assert not (await fleet.registry.store.entry(client_key(WARD))).enabled
    assert [each.sn for each in (await fleet(ListConnectors)).connectors] == [DESK]


async def test_the_settings_of_a_tenant_are_its_own(fleet):
    assert await fleet(GetFleetSettings) == FleetSettings()
    await fleet(ChangeFleetSettings, conversion=False)
    assert await fleet(ChangeFleetSettings, incompatible_printers="hide") == FleetSettings(
        conversion=False, incompatible_printers="hide"
    )
    assert await fleet.of("rival")(GetFleetSettings) == FleetSettings()
    await fleet(ChangeFleetSettings, alerts={"isEnabled": True, "recipients": ["anna@clinic.example"]})
    told = await fleet(ChangeFleetSettings, alerts={"isEnabled": False, "recipients": None})
    assert (told.alerts, told.conversion, told.incompatible_printers) == ({"isEnabled": False}, False, "hide")
    assert "show, hide" in await refused(Code.BAD_REQUEST, fleet(ChangeFleetSettings, incompatible_printers="maybe"))


async def test_users_are_found_by_id_or_name_in_their_tenant(fleet):
    store = fleet.registry.store
    nurses = await enlist.add_group(store, "clinic", "Nurses")
    anna = await enlist.add_user(store, "clinic", "Anna@clinic.example", administrator=True, groups=["Nurses"])
    ben = await enlist.add_user(store, "clinic", "ben@clinic.example")
    await enlist.add_user(store, "rival", "anna@clinic.example", user_id=anna.id)
    assert anna.groups == (nurses.id,)
    for named in (anna.id, "anna@CLINIC.example"):
        assert (await fleet(GetUser, user=named)).user == anna
    assert not (await fleet.of("rival")(GetUser, user=anna.id)).user.administrator
    await refused(Code.NOT_FOUND, fleet.of("rival")(GetUser, user=ben.id))
    await rights.switch_tenant(store, "rival", enabled=False)
    for tenant in ("rival", "nowhere"):
        assert tenant in await refused(Code.FORBIDDEN, fleet.of(tenant)(GetUser, user=anna.id))
    found = await fleet(ListUsers, limit=1)
    assert (found.users, found.more) == ((anna,), True)
    found = await fleet(ListUsers, limit=1, offset=1)
    assert (found.users, found.more) == ((ben,), False)
    assert (await fleet(ListUsers, ids=(ben.id, "guest", anna.id))).users == (ben, anna)
    assert [each.name for each in (await fleet(ListGroups)).groups] == ["Nurses"]
    assert [each.id for each in (await fleet(ListGroups, ids=("elsewhere", nurses.id))).groups] == [nurses.id]
    assert (await fleet.of("rival")(ListGroups, ids=(nurses.id,))).groups == ()
