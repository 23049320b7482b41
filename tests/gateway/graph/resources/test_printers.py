"""Printers at the door: read, registered, changed, unregistered."""

import base64
from dataclasses import replace

import pytest

from libs.contracts.definitions import DefinitionView, ListTriggers, TriggerList, TriggerView
from libs.contracts.devices import Capabilities, CustomMedia, MediaSupport
from libs.contracts.directory import DeviceEntry
from libs.contracts.fleet import (
    ChangePrinter,
    ConnectorList,
    ConnectorView,
    Fulfilled,
    GetPrinter,
    ListConnectors,
    ListPrinters,
    ListPrinterShares,
    MayPrint,
    OperationAnswer,
    OperationView,
    Permitted,
    PrinterAnswer,
    PrinterList,
    Profile,
    RegisterPrinter,
    RemovePrinter,
    RestorePrinter,
    ShareList,
    ShareView,
)
from libs.contracts.ids import guid
from libs.contracts.queries import Code
from libs.contracts.tickets import ColorMode, Margins, Media, Sides
from libs.runtime.bus import Refused
from services.gateway.graph.resources import printers, printershares
from tests.gateway.graph.calling import APP, BASE, a_printer, application, graph, user

CAN = Capabilities(
    colors=(ColorMode.COLOR, ColorMode.MONOCHROME),
    default_color=ColorMode.COLOR,
    sides=tuple(Sides),
    media=(MediaSupport(Media(21000, 29700, "iso_a4_210x297mm"), Margins(300, 300, 400, 300)),),
    default_media=Media(21000, 29700),
    custom_media=CustomMedia(1, 2, 3, 4),
    resolutions=(300, 600),
    make_and_model="Brother HL-L2350DW series",
)
PRINTER = a_printer(capabilities=CAN, registered_at=1_700_000_000_000, seen_at=1_700_000_060_000, shares=("s1",), connector="c1")
SHARE = ShareView(id="s1", tenant="main", name="Office for all", printer=PRINTER, allow_all=True)
CSR = {"content": base64.b64encode(b"request").decode(), "transportKey": base64.b64encode(b"key").decode()}
VIRTUAL = {"displayName": "Queue", "manufacturer": "Printbus", "model": "Pull", "hasPhysicalDevice": False}


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=[printers, printershares]) as door:
        door.bus.answers[GetPrinter] = PrinterAnswer(printer=PRINTER)
        door.bus.answers[ChangePrinter] = PrinterAnswer(printer=PRINTER)
        door.bus.answers[ListPrinters] = PrinterList(printers=(PRINTER, a_printer("Second")), total=2)
        door.bus.answers[ListPrinterShares] = ShareList(shares=(SHARE,), total=1)
        yield door


async def test_a_printer_is_told_without_what_is_large(door):
    told = await door.get(f"print/printers/{PRINTER.id}")
    assert told["@odata.context"] == f"{BASE}/v1.0/$metadata#print/printers/$entity"
    assert {key: told[key] for key in ("id", "displayName", "manufacturer", "model", "isShared", "hasPhysicalDevice")} == {
        "id": PRINTER.id,
        "displayName": "Office",
        "manufacturer": "Brother",
        "model": "HL-L2350DW series",
        "isShared": True,
        "hasPhysicalDevice": True,
    }
    assert told["status"] == {"state": "idle", "details": [], "description": "The printer is ready."}
    assert told["registeredDateTime"] == "2023-11-14T22:13:20.000Z"
    assert told["location"]["building"] is None
    assert not {"capabilities", "defaults", "name"} & set(told)


async def test_capabilities_and_defaults_are_told_when_they_are_selected(door):
    told = await door.get(f"print/printers/{PRINTER.id}?$select=capabilities,defaults")
    assert set(told) - {"@odata.context", "@odata.etag"} == {"id", "capabilities", "defaults"}
    assert told["capabilities"]["mediaSizes"] == ["A4"]
    assert told["capabilities"]["bottomMargins"] == [4000], "microns"
    assert told["capabilities"]["colorModes"] == ["color", "grayscale", "blackAndWhite"]
    assert told["defaults"]["colorMode"] == "color"


async def test_what_belongs_to_a_printer_can_be_expanded(door):
    definition = DefinitionView(id="d1", tenant="main", app=APP, name="Release")
    trigger = TriggerView(id="t1", printer=PRINTER.id, definition=definition)
    door.bus.answers[ListTriggers] = TriggerList(triggers=(trigger,))
    door.bus.answers[ListConnectors] = ConnectorList(connectors=(ConnectorView(id="c1", sn="abcd1234", name="Berlin"),))
    told = await door.get(f"print/printers/{PRINTER.id}?$expand=shares,connectors,taskTriggers($expand=definition)")
    assert [each["displayName"] for each in told["shares"]] == ["Office for all"]
    assert told["connectors"][0]["displayName"] == "Berlin"
    assert told["taskTriggers"] == [{"id": "t1", "event": "jobStarted", "definition": told["taskTriggers"][0]["definition"]}]
    assert told["taskTriggers"][0]["definition"]["displayName"] == "Release"


ONE = f"print/printers/{PRINTER.id}"


@pytest.mark.parametrize(
    ("path", "expanded", "administrator"),
    [
        (ONE, "taskTriggers($expand=definition)", False),
        *((path, expanded, True) for path in (ONE, "print/printers") for expanded in ("connectors", "SHARES")),
    ],
)
async def test_what_is_expanded_needs_what_its_own_address_needs(door, path, expanded, administrator):
    door.who = user("Printer.Read.All", administrator=administrator)
    refused = await door.get(f"{path}?$expand={expanded}", status=403)
    assert "needs" in refused["error"]["message"]
    door.who = application("Printer.Read.All")
    await door.get(f"{path}?$expand={expanded}", status=200 if expanded == "SHARES" else 403)


async def test_the_list_is_paged_by_the_registry_and_filtered_by_the_door(door):
    page = await door.get("print/printers?$top=2&$count=true")
    assert [each["displayName"] for each in page["value"]] == ["Office", "Second"]
    assert page["@odata.count"] == 2
    assert door.asked(ListPrinters)[-1].limit == 2
    found = await door.get("print/printers?$filter=displayName eq 'Second'&$select=capabilities")
    assert [set(each) for each in found["value"]] == [{"id", "capabilities"}]
    assert not door.asked(ListPrinters)[-1].plain
    for option in ("$filter=capabilities/isColorPrintingSupported eq true", "$orderby=capabilities/collation desc&$top=1"):
        (found,) = (await door.get(f"print/printers?{option}"))["value"]
        assert found["displayName"] == "Office", "it was looked at, though it is told only where it is selected"
        assert not {"capabilities", "defaults"} & set(found)
        assert not door.asked(ListPrinters)[-1].plain
    assert (await door.call("GET", "print/printers/$count")).text == "2"


async def test_what_a_list_expands_is_asked_for_once(door):
    agents = (ConnectorView(id="c1", sn="abcd1234", name="Berlin"), ConnectorView(id="c2", sn="abcd5678", name="Bonn"))
    door.bus.answers[ListConnectors] = ConnectorList(connectors=agents)
    found = (await door.get("print/printers?$expand=shares,connectors"))["value"]
    assert [[each["displayName"] for each in printer["connectors"]] for printer in found] == [["Berlin"], []]
    assert [len(printer["shares"]) for printer in found] == [1, 0]
    assert [len(door.asked(kind)) for kind in (ListConnectors, ListPrinterShares, ListPrinters)] == [1, 1, 1]


async def test_a_list_says_who_made_a_printer_as_far_as_the_directory_knows(door):
    bare = a_printer(registered_at=1)
    door.bus.answers[ListPrinters] = PrinterList(printers=(bare, a_printer("Second")), total=2)
    door.rig.mirror.put(DeviceEntry(tenant="main", agent=bare.agent, device=replace(bare.device, capabilities=CAN)))
    found = (await door.get("print/printers"))["value"]
    assert [each["manufacturer"] for each in found] == ["Brother", None]


async def test_a_page_leads_to_the_next(door):
    door.bus.answers[ListPrinters] = lambda asked: PrinterList(printers=(a_printer(f"P{asked.offset}"),), total=3)
    first = await door.get("print/printers?$top=1")
    second = await door.get(first["@odata.nextLink"].removeprefix(f"{BASE}/v1.0/"))
    assert [first["value"][0]["displayName"], second["value"][0]["displayName"]] == ["P0", "P1"]
    answer = await door.call("GET", "print/printers?$skiptoken=eHl6")
    assert answer.status_code == 400


async def test_a_large_page_is_asked_for_in_parts(door):
    def answer(asked):
        end = min(asked.offset + asked.limit, 450)
        return PrinterList(printers=tuple(a_printer(f"P{number}") for number in range(asked.offset, end)), total=450)

    door.bus.answers[ListPrinters] = answer
    page = await door.get("print/printers?$top=420&$select=capabilities")
    assert [(each.offset, each.limit) for each in door.asked(ListPrinters)] == [(0, 200), (200, 200), (400, 20)]
    assert len(page["value"]) == 420
    assert "@odata.nextLink" in page
    assert len((await door.get("print/printers?$filter=isAcceptingJobs eq true&$top=999"))["value"]) == 450


async def test_people_see_the_printers_that_they_may_print_on(door):
    door.who = user("PrinterShare.ReadBasic.All")
    door.bus.answers[MayPrint] = Permitted(allowed=False)
    assert (await door.call("GET", f"print/printers/{PRINTER.id}")).status_code == 403
    door.bus.answers[MayPrint] = Permitted(allowed=True, share="s1")
    assert (await door.get(f"print/printers/{PRINTER.id}"))["id"] == PRINTER.id
    assert (await door.call("GET", "print/printers")).status_code == 403, "lists are the administrators'"


async def test_a_printer_is_registered_and_its_operation_named(door):
    door.bus.answers[RegisterPrinter] = OperationAnswer(
        operation=OperationView(id="op1", tenant="main", created_at=1, state="succeeded")
    )
    answer = await door.call("POST", "print/printers/create", VIRTUAL)
    assert (answer.status_code, answer.content) == (202, b"")
    assert answer.headers["Operation-Location"] == f"{BASE}/v1.0/print/operations/op1"
    assert answer.headers["Retry-After"].isdigit()
    asked = door.asked(RegisterPrinter)[0]
    assert (asked.app, asked.profile, asked.physical) == (
        APP,
        Profile(display="Queue", manufacturer="Printbus", model="Pull"),
        False,
    )
    real = {**VIRTUAL, "hasPhysicalDevice": True, "physicalDeviceId": guid("device", "1"), "certificateSigningRequest": CSR}
    assert (await door.call("POST", "print/printers/create", real)).status_code == 202
    assert door.asked(RegisterPrinter)[1].request == CSR["content"]


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"displayName": " "}, "displayName"),
        ({"model": None}, "model"),
        ({"hasPhysicalDevice": "no"}, "hasPhysicalDevice"),
        ({"hasPhysicalDevice": True}, "physicalDeviceId"),
        ({"hasPhysicalDevice": True, "physicalDeviceId": "7"}, "physicalDeviceId"),
        ({"hasPhysicalDevice": True, "physicalDeviceId": guid("device", "1")}, "certificateSigningRequest"),
        ({"certificateSigningRequest": {"content": "&", "transportKey": "aGk="}}, "certificateSigningRequest.content"),
        ({"connectorId": "here"}, "connectorId"),
    ],
)
async def test_a_registration_that_cannot_be_is_told_by_member(door, change, member):
    error = (await door.post("print/printers/create", {**VIRTUAL, **change}, 400))["error"]
    assert error["target"] == member
    assert member in error["message"]


async def test_people_change_names_places_and_defaults(door):
    body = {"displayName": "Hall", "location": {"building": "B1", "subUnit": ["x"]}, "defaults": {"colorMode": "GRAYSCALE"}}
    told = await door.patch(f"print/printers/{PRINTER.id}", {"@odata.type": "#microsoft.graph.printer", **body})
    assert told["id"] == PRINTER.id
    asked = door.asked(ChangePrinter)[0]
    assert (asked.display, asked.location, asked.defaults, asked.app) == (
        "Hall",
        {"building": "B1", "subunit": ["x"]},
        {"colorMode": "grayscale"},
        "",
    )


async def test_the_application_that_serves_a_printer_says_how_it_is(door):
    door.who = application("Printer.ReadWrite.All")
    body = {"status": {"state": "stopped", "details": ["mediaEmpty"]}, "isAcceptingJobs": False, "capabilities": {"dpis": [300]}}
    await door.patch(f"print/printers/{PRINTER.id}", body)
    asked = door.asked(ChangePrinter)[0]
    assert (asked.app, asked.state, asked.reasons, asked.accepting) == (APP, "stopped", ("media-empty",), False)
    assert asked.capabilities == {"dpis": [300]}


async def test_attributes_come_as_ipp_from_applications_only(door):
    attribute = b"\x44\x00\x0fsides-supported\x00\x09one-sided"
    given = {"content": b"\x04" + attribute, "headers": {"Content-Type": "application/ipp"}}
    path = f"print/printers/{PRINTER.id}"
    assert (await door.call("PATCH", path, **given)).status_code == 415
    door.who = application("Printer.ReadWrite.All")
    answer = await door.call("PATCH", path, **given)
    assert (answer.status_code, answer.content) == (204, b"")
    asked = door.asked(ChangePrinter)[0]
    assert (asked.ipp, asked.capabilities) == ({"sides-supported": ["one-sided"]}, {"duplexModes": ["oneSided"]})
    assert (await door.call("PATCH", path, content=b"x", headers={"Content-Type": "text/plain"})).status_code == 415


@pytest.mark.parametrize(
    ("who", "body", "member"),
    [
        (user(administrator=True), {"capabilities": {}}, "capabilities"),
        (user(administrator=True), {"defaults": {"colorMode": "pink"}}, "defaults.colorMode"),
        (user(administrator=True), {"defaults": {"finishings": ["none", "glue"]}}, "defaults.finishings[1]"),
        (user(administrator=True), {"location": {"latitude": 91}}, "location.latitude"),
        (user(administrator=True), {"displayName": ""}, "displayName"),
        (user(administrator=True), {"defaults": {"mediaSize": "A3"}}, "defaults.mediaSize"),
        (user(administrator=True), {"defaults": {"copiesPerJob": 10_000}}, "defaults.copiesPerJob"),
        (user(administrator=True), {"defaults": {"contentType": "application/x-nothing"}}, "defaults.contentType"),
        (application(), {"capabilities": {"contentTypes": ["pdf"]}}, "capabilities.contentTypes[0]"),
        (application(), {"location": {}}, "location"),
        (application(), {"status": {"state": "lazy"}}, "status.state"),
        (application(), {"status": {"details": ["brokenHeart"]}}, "status.details[0]"),
        (application(), {"capabilities": {"copiesPerJob": {"start": 5, "end": 1}}}, "capabilities.copiesPerJob"),
        (application(), {"isAcceptingJobs": "yes"}, "isAcceptingJobs"),
    ],
)
async def test_a_change_that_cannot_be_is_told_by_member(door, who, body, member):
    door.who = who
    error = (await door.patch(f"print/printers/{PRINTER.id}", body, 400))["error"]
    assert error["target"] == member
    assert not door.asked(ChangePrinter)


async def test_null_takes_a_whole_place_away(door):
    await door.patch(f"print/printers/{PRINTER.id}", {"location": None})
    said = door.asked(ChangePrinter)[0].location
    assert {"building", "floor", "subunit"} < set(said)
    assert set(said.values()) == {None}


async def test_what_the_registry_refuses_is_told_by_member_too(door):
    door.bus.answers[ChangePrinter] = Refused(Code.BAD_REQUEST, "displayName: write 1 to 128 characters that can be printed.")
    error = (await door.patch(f"print/printers/{PRINTER.id}", {"displayName": "a\nb"}, 400))["error"]
    assert (error["code"], error["target"]) == ("invalidRequest", "displayName")
    door.bus.answers[ChangePrinter] = Refused(Code.CONFLICT, "There is one: Paper.")
    assert "target" not in (await door.patch(f"print/printers/{PRINTER.id}", {"displayName": "a"}, 409))["error"]


async def test_a_body_that_changes_nothing_is_refused(door):
    for body in ({}, {"isShared": True}):
        assert (await door.call("PATCH", f"print/printers/{PRINTER.id}", body)).status_code == 400


async def test_a_printer_is_unregistered_unless_it_is_shared(door):
    door.bus.answers[RemovePrinter] = Refused(Code.CONFLICT, "The printer is shared: remove its share first.")
    error = (await door.delete(f"print/printers/{PRINTER.id}", 409))["error"]
    assert error["message"] == "The printer is shared: remove its share first."
    door.bus.answers[RemovePrinter] = Fulfilled()
    await door.delete(f"print/printers/{PRINTER.id}")


async def test_its_defaults_can_be_the_devices_own_again_by_either_name(door):
    door.bus.answers[RestorePrinter] = Fulfilled()
    await door.post(f"print/printers/{PRINTER.id}/restoreFactoryDefaults", status=204)
    await door.post(f"print/printers/{PRINTER.id}/resetDefaults", status=204, version="beta")
    await door.post(f"print/printers/{PRINTER.id}/resetDefaults", status=404)
    assert [each.printer for each in door.asked(RestorePrinter)] == [PRINTER.id] * 2


async def test_shares_of_a_printer_are_below_it(door):
    found = await door.get(f"print/printers/{PRINTER.id}/shares")
    assert [each["id"] for each in found["value"]] == ["s1"]
    assert (await door.get(f"print/printers/{PRINTER.id}/shares/s1"))["displayName"] == "Office for all"
    assert (await door.call("GET", f"print/printers/{PRINTER.id}/shares/s2")).status_code == 404
    assert (await door.get(f"print/printers/{PRINTER.id}/share", version="beta"))["id"] == "s1"


async def test_beta_has_the_old_names_too(door):
    told = await door.get(f"print/printers/{PRINTER.id}", version="beta")
    assert (told["name"], told["acceptingJobs"]) == ("Office", True)
    old = await door.get(f"print/printers/{PRINTER.id}/getCapabilities", version="beta")
    assert old["supportedDuplexConfigurations"] == ["oneSided", "twoSidedLongEdge", "twoSidedShortEdge"]
    assert old["supportedMediaSizes"] == ["A4"]


async def test_what_sdks_offer_and_nobody_documents_is_not_there(door):
    answer = await door.call("POST", "print/printers", VIRTUAL)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


async def test_a_tag_is_the_same_whatever_is_selected_and_changes_with_what_was_not(door):
    tag = (await door.call("GET", "/print/printers/1")).headers["etag"]
    selected = await door.call("GET", "/print/printers/1?$select=capabilities")
    assert selected.headers["etag"] == tag
    answer = await door.call("PATCH", "/print/printers/1", {"displayName": "New"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (200, tag)
    more = replace(PRINTER, profile=replace(PRINTER.profile, defaults={"copiesPerJob": 2}))
    door.bus.answers[GetPrinter] = PrinterAnswer(printer=more)
    assert (await door.call("GET", "/print/printers/1")).headers["etag"] != tag


async def test_beta_tells_the_older_members_beside_the_new_ones(door):
    described = replace(PRINTER.profile, location={"floor": "3", "roomName": "Ost"})
    door.bus.answers[GetPrinter] = PrinterAnswer(printer=replace(PRINTER, profile=described))
    path = f"print/printers/{PRINTER.id}?$select=status,location,defaults,capabilities,name"
    told = await door.get(path, version="beta")
    assert told["status"]["processingState"] == told["status"]["state"]
    assert told["status"]["processingStateReasons"] == told["status"]["details"]
    assert (told["location"]["floor"], told["location"]["floorNumber"], told["location"]["roomNumber"]) == ("3", 3, None)
    assert told["defaults"]["printColorConfiguration"] == told["defaults"]["colorMode"] == "color"
    assert told["defaults"]["documentMimeType"] == told["defaults"]["contentType"]
    assert told["capabilities"]["supportedDuplexConfigurations"] == ["oneSided", "twoSidedLongEdge", "twoSidedShortEdge"]
    plain = await door.get(path)
    assert not {"processingState", "floorNumber", "printColorConfiguration", "supportedDuplexConfigurations", "name"} & {
        name for each in (plain, *(plain[group] for group in ("status", "location", "defaults", "capabilities"))) for name in each
    }
