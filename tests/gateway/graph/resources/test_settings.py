"""The print root, settings, connectors, operations and services."""

import pytest

from libs.contracts.fleet import (
    ChangeConnector,
    ConnectorList,
    ConnectorView,
    Fulfilled,
    GetOperation,
    ListConnectors,
    ListOperations,
    OperationAnswer,
    OperationList,
    OperationView,
    RemoveConnector,
)
from libs.contracts.fleetsettings import ChangeFleetSettings, FleetSettings, GetFleetSettings
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.resources import alerts, connectors, operations, services, settings
from tests.gateway.graph.calling import BASE, a_printer, graph, user

AGENT = ConnectorView(id="c1", sn="abcd1234", name="Berlin", host="berlin.example", system="Linux", version="0.1.0", online=True)


def members(told):
    return {name: value for name, value in told.items() if not name.startswith("@")}


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=[alerts, connectors, operations, services, settings]) as door:
        door.bus.answers[GetFleetSettings] = FleetSettings()
        door.bus.answers[ChangeFleetSettings] = FleetSettings(conversion=False)
        door.bus.answers[ListConnectors] = lambda asked: ConnectorList(connectors=() if asked.connector == "c2" else (AGENT,))
        door.bus.answers[ChangeConnector] = ConnectorList(connectors=(AGENT,))
        yield door


async def test_settings_have_an_address_and_are_a_member_of_the_root(door):
    told = await door.get("print/settings")
    assert told["documentConversionEnabled"]
    assert told["printerDiscoverySettings"] == {"airPrint": {"incompatiblePrinters": "show"}}
    assert (await door.get("print"))["settings"]["documentConversionEnabled"]
    answer = await door.call("PATCH", "print/settings", {"documentConversionEnabled": False})
    assert (answer.status_code, answer.content) == (204, b"")
    body = {"settings": {"printerDiscoverySettings": {"airPrint": {"incompatiblePrinters": "hide"}}}}
    assert not (await door.patch("print", body))["settings"]["documentConversionEnabled"]
    first, second = door.asked(ChangeFleetSettings)
    assert (first.conversion, first.incompatible_printers) == (False, None)
    assert (second.conversion, second.incompatible_printers) == (None, "hide")


async def test_alerts_have_settings_in_beta(door):
    assert members(await door.get("print/alertSettings", version="beta")) == {"isEnabled": False, "details": [], "recipients": []}
    door.bus.answers[ChangeFleetSettings] = FleetSettings(alerts={"isEnabled": True, "details": ["mediaEmpty"]})
    told = await door.patch(
        "print/alertSettings", {"isEnabled": True, "details": ["MEDIAEMPTY"], "recipients": None}, version="beta"
    )
    assert members(told) == {"isEnabled": True, "details": ["mediaEmpty"], "recipients": []}
    (asked,) = door.asked(ChangeFleetSettings)
    assert (asked.alerts, asked.conversion) == ({"isEnabled": True, "details": ["mediaEmpty"], "recipients": None}, None)
    for body, member in (
        ({}, None),
        ({"details": ["zork"]}, "alertSettings.details[0]"),
        ({"isEnabled": 1}, "alertSettings.isEnabled"),
    ):
        told = await door.patch("print/alertSettings", body, 400, version="beta")
        assert told["error"].get("target") == member
    await door.get("print/alertSettings", status=404)


async def test_operations_are_listed_and_nobody_writes_them(door):
    one = OperationView(id="o1", tenant="main", created_at=1, state="succeeded", certificate="x")
    door.bus.answers[ListOperations] = OperationList(operations=(one,), total=1)
    told = (await door.get("print/operations?$count=true&$filter=status/state eq 'succeeded'"))["value"]
    assert [(each["id"], each["@odata.type"], "certificate" in each) for each in told] == [
        ("o1", "#microsoft.graph.printerCreateOperation", False)
    ]
    assert (await door.call("POST", "print/operations", {})).status_code == 405


@pytest.mark.parametrize(
    ("path", "body", "member"),
    [
        ("print/settings", {"documentConversionEnabled": "no"}, "documentConversionEnabled"),
        ("print/settings", {"printerDiscoverySettings": {}}, "printerDiscoverySettings.airPrint.incompatiblePrinters"),
        ("print", {}, "settings"),
        ("print", {"settings": {"documentConversionEnabled": 1}}, "settings.documentConversionEnabled"),
        ("print/connectors/c1", {"displayName": " "}, "displayName"),
        ("print/connectors/c1", {"location": {"floor": 2}}, "location.floor"),
    ],
)
async def test_what_cannot_be_set_is_told_by_member(door, path, body, member):
    assert (await door.patch(path, body, 400))["error"]["target"] == member


async def test_connectors_are_the_agents(door):
    told = (await door.get("print/connectors"))["value"][0]
    assert {key: told[key] for key in ("id", "displayName", "operatingSystem", "appVersion", "fullyQualifiedDomainName")} == {
        "id": "c1",
        "displayName": "Berlin",
        "operatingSystem": "Linux",
        "appVersion": "0.1.0",
        "fullyQualifiedDomainName": "berlin.example",
    }
    assert (await door.get("print/connectors/c1"))["id"] == "c1"
    await door.get("print/connectors/c2", 404)
    await door.patch("print/connectors/c1", {"displayName": "Bonn", "location": {"city": "Bonn"}})
    asked = door.asked(ChangeConnector)[0]
    assert (asked.name, asked.location, asked.host) == ("Bonn", {"city": "Bonn"}, None)
    door.bus.answers[RemoveConnector] = Refused(Code.CONFLICT, "It has 2 printers.")
    await door.delete("print/connectors/c1", 409)
    door.bus.answers[RemoveConnector] = Fulfilled()
    await door.delete("print/connectors/c1")


async def test_a_registration_is_followed_to_its_end(door):
    running = OperationView(id="o1", tenant="main", created_at=1_700_000_000_000, state="running")
    door.bus.answers[GetOperation] = OperationAnswer(operation=running)
    answer = await door.call("GET", "print/operations/o1")
    assert answer.headers["Retry-After"] == "1"
    assert "printer" not in answer.json()
    done = OperationView(id="o1", tenant="main", created_at=1, state="succeeded", certificate="Q0VSVA==", printer=a_printer())
    door.bus.answers[GetOperation] = OperationAnswer(operation=done)
    answer = await door.call("GET", "print/operations/o1")
    told = answer.json()
    assert "Retry-After" not in answer.headers
    assert told["@odata.type"] == "#microsoft.graph.printerCreateOperation"
    assert (told["status"]["state"], told["certificate"], told["printer"]["id"]) == ("succeeded", "Q0VSVA==", a_printer().id)


async def test_the_one_service_is_this_server(door):
    door.who = user("PrinterShare.ReadBasic.All")
    service = (await door.get("print/services?$expand=endpoints"))["value"][0]
    assert {each["id"] for each in service["endpoints"]} == {"discovery", "notification", "ipp", "registration"}
    assert all(each["uri"].startswith(f"{BASE}/v1.0/") for each in service["endpoints"])
    path = f"print/services/{service['id']}"
    assert (await door.get(path))["id"] == service["id"]
    assert len((await door.get(f"{path}/endpoints"))["value"]) == 4
    assert (await door.get(f"{path}/endpoints/discovery"))["displayName"] == "Discovery"
    await door.get(f"{path}/endpoints/teleport", 404)
    await door.get("print/services/other", 404)
    assert (await door.call("POST", "print/services", {})).status_code == 405
