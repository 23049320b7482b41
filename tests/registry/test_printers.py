"""Printers as Graph has them: those of agents and those that applications register, on SQLite and on PostgreSQL."""

import pytest

from libs.contracts.agents import Heartbeat
from libs.contracts.devices import DeviceType, PrinterState
from libs.contracts.directory import ClientKind, default_key
from libs.contracts.events import DeviceChanged
from libs.contracts.fleet import (
    ChangePrinter,
    GetOperation,
    GetPrinter,
    ListOperations,
    ListPrinters,
    RemovePrinter,
    RemovePrinterShare,
    RestorePrinter,
)
from libs.contracts.ids import device_id
from libs.contracts.message import decode
from libs.contracts.queries import Code, GetDefaultDevice, ListDevices, SetDefaultDevice
from libs.contracts.tickets import ColorMode, Sides
from libs.runtime.bus import Refused
from services.registry import enrol, permits, rights
from tests.registry.fleet import APP, DESK, OTHER, RIVAL, WARD, at


async def refused(code, asked):
    with pytest.raises(Refused) as no:
        await asked
    assert no.value.code is code
    return str(no.value)


async def events(fleet):
    told = await fleet.registry.store.news(1000)
    return [(event.device.name, event.what) for event in (decode(DeviceChanged, one.event) for one in told if one.event)]


async def test_the_printers_of_a_tenant_are_listed_by_name_in_pages_and_nobody_elses(fleet):
    everything = ["Office", "Office", f"Only {DESK}", f"Only {WARD}"]
    assert await fleet.names() == everything, "and no virtual one"
    page = await fleet(ListPrinters, offset=1, limit=2)
    assert [each.profile.display for each in page.printers] == everything[1:3]
    assert page.total == 4
    assert (await fleet(ListPrinters, offset=9)).total == 4
    assert await fleet.names(connector=WARD) == ["Office", f"Only {WARD}"]
    assert (await fleet(ListPrinters, connector=WARD)).total == 2
    assert await fleet.of("rival").names() == ["Office", f"Only {RIVAL}"]
    assert {each.device.capabilities.max_copies for each in page.printers} == {1}, "without what they can do"
    assert (await fleet(ListPrinters, plain=False)).printers[0].device.capabilities.max_copies == 9


async def test_a_printer_is_found_by_its_guid_or_by_its_names_and_only_in_its_tenant(fleet):
    printer = await fleet.printer(at(WARD, "Office").upper())
    assert (printer.id, printer.agent, printer.physical, printer.served_by) == (at(WARD, "Office"), WARD, True, "")
    assert (await fleet(GetPrinter, agent=WARD, device=device_id(WARD, "Office"))).printer == printer
    assert printer.registered_at > 0
    assert (printer.online, printer.seen_at) == (False, 1)
    fleet.registry.presence.hear(Heartbeat(region="local", tenant="clinic", agent=WARD, journal="j"))
    printer = await fleet.printer(at(WARD, "Office"))
    assert printer.online
    assert printer.seen_at > 1
    assert "no printer" in await refused(Code.NOT_FOUND, fleet.of("rival")(GetPrinter, printer=printer.id))
    await refused(Code.NOT_FOUND, fleet(GetPrinter, agent=RIVAL, device=device_id(RIVAL, "Office")))
    await refused(Code.NOT_FOUND, fleet(GetPrinter, agent=WARD, device=device_id(WARD, "Roaming Print")))
    await rights.switch_client(fleet.registry.store, WARD, ClientKind.AGENT, enabled=False)
    await refused(Code.NOT_FOUND, fleet(GetPrinter, printer=printer.id))
    assert await fleet.names() == ["Office", f"Only {DESK}"]
    await fleet.report(DESK, "Office")
    assert await fleet.names() == ["Office"]


async def test_an_application_registers_printers_that_no_agent_takes_away(fleet):
    operation = await fleet.register(profile={"location": {"building": "B", "floor": None}})
    printer = operation.printer
    assert (operation.state, operation.certificate) == ("succeeded", "")
    assert (printer.served_by, printer.physical, printer.online, printer.connector) == (APP, False, True, "")
    assert printer.profile.location == {"building": "B"}
    assert printer.device.capabilities.formats == ("application/pdf",)
    assert printer.device.capabilities.default_media.name == "iso_a4_210x297mm"
    client = await fleet.registry.store.client(printer.agent)
    assert (client.role, client.app_id, client.tenant) == (ClientKind.APP, APP, "clinic")
    entry = await fleet.entry(printer)
    assert (entry.served_by, entry.device.virtual, entry.hooks) == (APP, False, ())
    assert ("Follow me", "added") in await events(fleet)
    again = await fleet.register("Second")
    assert again.printer.agent == printer.agent, "one client for all of its printers"
    assert (await fleet.register("Follow me", app=OTHER)).printer.agent != printer.agent
    assert "already" in await refused(Code.CONFLICT, fleet.register())
    assert "displayName" in await refused(Code.BAD_REQUEST, fleet.register("  "))
    assert "connectorId" in await refused(Code.BAD_REQUEST, fleet.register("Third", connector=at(RIVAL, "Office")))
    assert (await fleet(GetOperation, operation=operation.id)).operation == operation
    await refused(Code.NOT_FOUND, fleet.of("rival")(GetOperation, operation=operation.id))
    listed = await fleet(ListOperations)
    assert operation.id in [each.id for each in listed.operations]
    assert listed.total == len(listed.operations)
    assert (await fleet.of("rival")(ListOperations)).total == 0
    await fleet.report(printer.agent)
    assert await fleet.entry(printer), "no report takes it away"
    assert ("anna@clinic.example through " + APP, "printer registered") in await fleet.audited()


async def test_its_application_says_what_a_printer_without_a_device_is_and_nobody_else(fleet):
    printer = (await fleet.register()).printer
    said = {"state": "stopped", "reasons": ("media-empty",), "accepting": False, "capabilities": {"contentTypes": ["image/JPEG"]}}
    changed = (await fleet(ChangePrinter, printer=printer.id, app=APP, display="Anywhere", model="X", **said)).printer
    assert (changed.device.state, changed.device.reasons, changed.device.accepting) == (
        PrinterState.STOPPED,
        ("media-empty",),
        False,
    )
    assert changed.device.capabilities.formats == ("image/jpeg",), "what the spooler goes by"
    assert (changed.profile.display, changed.profile.model, changed.device.name) == ("Anywhere", "X", "Follow me")
    assert changed.profile.capabilities == {"contentTypes": ["image/JPEG"]}
    assert (await fleet.entry(printer)).device == changed.device
    assert ("Follow me", "state") in await events(fleet)
    can = {"contentTypes": ["application/pdf"], "colorModes": ["grayscale"], "duplexModes": ["oneSided"], "dpis": [300]}
    can["copiesPerJob"] = {"start": 1, "end": 5}
    device = (
        await fleet(ChangePrinter, printer=printer.id, app=APP, ipp={"sides-supported": "x"}, capabilities=can)
    ).printer.device
    assert device.capabilities.formats == ("application/pdf",)
    assert (device.capabilities.colors, device.capabilities.sides) == ((ColorMode.MONOCHROME,), (Sides.ONE_SIDED,))
    assert (device.capabilities.resolutions, device.capabilities.max_copies) == ((300,), 5)
    assert device.capabilities.qualities == printer.device.capabilities.qualities, "what was not said stays"
    assert (await fleet.printer(printer.id)).profile.ipp == {"sides-supported": "x"}
    told = [each.profile for each in (await fleet(ListPrinters, plain=False)).printers if each.id == printer.id]
    assert [(each.capabilities, each.ipp) for each in told] == [(can, {})], "a list is one message of the bus"
    large = {"a": "x" * 60_000}
    assert "defaults" in await refused(Code.BAD_REQUEST, fleet(ChangePrinter, printer=printer.id, app=APP, defaults=large))
    assert "state" in await refused(Code.BAD_REQUEST, fleet(ChangePrinter, printer=printer.id, app=APP, state="tired"))
    await refused(Code.FORBIDDEN, fleet(ChangePrinter, printer=printer.id, app=OTHER, **said))
    await refused(Code.FORBIDDEN, fleet(ChangePrinter, printer=at(WARD, "Office"), app=APP, **said))
    assert "state" in await refused(Code.FORBIDDEN, fleet(ChangePrinter, printer=printer.id, by="anna", state="idle"))
    device = (await fleet.register("Real", physical=True)).printer
    assert "physical" in await refused(Code.FORBIDDEN, fleet(ChangePrinter, printer=device.id, app=APP, state="idle"))


async def test_people_name_and_place_printers_and_their_defaults_go_back(fleet):
    office = at(WARD, "Office")
    said = {"location": {"city": "Bern", "floor": "2"}, "defaults": {"duplexMode": "oneSided"}, "display": "Aa"}
    await fleet(ChangePrinter, printer=office, by="anna", **said)
    changed = (await fleet(ChangePrinter, printer=office, by="anna", location={"floor": None, "site": "S"})).printer
    assert changed.profile.location == {"city": "Bern", "site": "S"}
    assert (changed.profile.display, changed.device.name) == ("Aa", "Office")
    assert (await fleet.names())[0] == "Aa"
    await fleet.report(WARD, "Office")
    assert (await fleet.printer(office)).profile == changed.profile, "a report leaves it alone"
    await fleet(RestorePrinter, printer=office, by="anna")
    profile = (await fleet.printer(office)).profile
    assert (profile.defaults, profile.location) == ({}, {"city": "Bern", "site": "S"})
    assert (await fleet(ChangePrinter, printer=office, display="")).printer.profile.display == "Office"
    await refused(Code.NOT_FOUND, fleet.of("rival")(ChangePrinter, printer=office, display="x"))
    await refused(Code.NOT_FOUND, fleet.of("rival")(RestorePrinter, printer=office))
    assert ("anna", "printer restored") in await fleet.audited()


async def test_only_an_unshared_printer_of_an_application_is_removed(fleet):
    printer = (await fleet.register()).printer
    share = await fleet.offer(printer.id)
    assert share.id in await refused(Code.CONFLICT, fleet(RemovePrinter, printer=printer.id))
    assert (await fleet.printer(printer.id)).shares == (share.id,)
    await fleet(RemovePrinterShare, share=share.id)
    await refused(Code.NOT_FOUND, fleet.of("rival")(RemovePrinter, printer=printer.id))
    assert "come back" in await refused(Code.CONFLICT, fleet(RemovePrinter, printer=at(WARD, "Office")))
    await fleet(ChangePrinter, printer=printer.id, app=APP, model="Y", display="Else")
    await fleet(RemovePrinter, printer=printer.id, by="anna")
    await refused(Code.NOT_FOUND, fleet(GetPrinter, printer=printer.id))
    assert await fleet.entry(printer) is None
    assert ("Follow me", "removed") in await events(fleet)
    again = (await fleet.register()).printer
    assert (again.profile.model, again.profile.display, again.id) == ("Cloud", "Follow me", printer.id)
    await rights.remove_app(fleet.registry.store, printer.agent)
    await refused(Code.NOT_FOUND, fleet(GetPrinter, printer=printer.id))


async def test_an_application_is_removed_whatever_others_have_of_its_printers(fleet):
    store, printer = fleet.registry.store, (await fleet.register()).printer
    shop = (await enrol.add_client(store, "clinic", ClientKind.APP, "shop")).sn
    await rights.allow(store, shop, printer.agent, "Follow me")
    await rights.share(store, printer.agent, "Follow me", [WARD])
    wanted = {"sn": WARD, "type": DeviceType.PRINTER}
    await fleet(SetDefaultDevice, agent=printer.agent, name="Follow me", **wanted)
    await rights.remove_app(store, printer.agent)
    assert (await fleet(GetDefaultDevice, **wanted)).device is None
    assert await store.entry(default_key(WARD, DeviceType.PRINTER)) is None
    assert await store.rows(permits.grants_of(shop)) == []


async def test_clients_print_on_what_an_application_serves_when_they_are_let(fleet):
    printer = (await fleet.register()).printer
    shop = (await enrol.add_client(fleet.registry.store, "clinic", ClientKind.APP, "shop")).sn
    await rights.allow(fleet.registry.store, shop, printer.agent, "Follow me")
    for sn in (shop, printer.agent):
        (view,) = [each for each in (await fleet(ListDevices, sn=sn)).devices if not each.device.virtual]
        assert (view.agent, view.device.name, view.online) == (printer.agent, "Follow me", True)
    assert (await fleet.entry(printer)).users == (shop,)
    await fleet(ChangePrinter, printer=printer.id, app=APP, state="unreachable")
    assert not (await fleet(ListDevices, sn=shop)).devices[-1].online
