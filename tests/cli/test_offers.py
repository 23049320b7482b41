"""The command line about printers and applications as Graph's programs have them."""

import pytest

from libs.contracts.definitions import AddDefinition, AddTrigger
from libs.contracts.directory import client_key, device_key
from libs.contracts.fleet import Profile, RegisterPrinter
from libs.contracts.hooks import HookPolicy
from libs.contracts.ids import device_id, guid
from services.registry.handlers import QUESTIONS
from services.registry.presence import Presence
from services.registry.registry import Apart, Registry


@pytest.fixture
def clinic(say):
    """A tenant with an agent that has two printers; the agent's SN."""
    say.json("tenant", "add", "clinic")
    sn = say.json("agent", "add", "--tenant", "clinic", "--name", "ward")["sn"]
    say.report_devices(sn, "clinic", "Office", "Label")
    return sn


def ask(say, question, **said):
    """As Graph's door asks the registry."""

    async def asking(store):
        registry = Registry(store, Presence(6), Apart(store))
        return await QUESTIONS[question](registry, question(region="local", tenant="clinic", **said))

    return say.store(asking)


def test_printers_are_listed_shown_and_renamed(say, clinic):
    assert [(row["name"], row["device"]) for row in say.json("printer", "list", "--tenant", "clinic")] == [
        ("Label", f"{clinic}/Label"),
        ("Office", f"{clinic}/Office"),
    ]
    shown = say.json("printer", "show", f"{clinic}/Office", "--tenant", "clinic")
    assert (shown["id"], shown["servedBy"], shown["hooks"]) == (guid("printer", clinic, device_id(clinic, "Office")), clinic, [])
    assert say.json("printer", "rename", f"{clinic}/Office", "Copies", "--tenant", "clinic")["name"] == "Copies"
    assert say.json("printer", "show", shown["id"], "--tenant", "clinic")["device"] == f"{clinic}/Office"
    assert "come back" in say.sentence("printer", "remove", f"{clinic}/Office", "--tenant", "clinic")
    assert f"no printer {clinic}/Nowhere;" in say.sentence("printer", "show", f"{clinic}/Nowhere", "--tenant", "clinic")
    made = ask(say, RegisterPrinter, app="partner", user="", profile=Profile(display="Cloud"), physical=False).operation.printer
    assert say.json("printer", "show", made.id, "--tenant", "clinic")["servedBy"] == "partner"
    say.json("printer", "remove", f"{made.agent}/Cloud", "--tenant", "clinic")
    assert len(say.json("printer", "list", "--tenant", "clinic")) == 2


def test_a_printer_is_offered_to_people_and_taken_back(say, clinic):
    tenant = ("--tenant", "clinic")
    say.json("user", "add", "anna@clinic.example", *tenant)
    say.json("group", "add", "Nurses", *tenant)
    office = ("--printer", f"{clinic}/Office")
    made = say.json("offer", "add", *office, "--name", "Ward 3", "--users", "anna@clinic.example,oid-1", *tenant)
    assert (made["name"], made["printer"], made["everybody"]) == ("Ward 3", f"{clinic}/Office", False)
    assert set(made["users"]) == {"anna@clinic.example", "oid-1"}, "one of an issuer elsewhere is shown by its id"
    assert "only one share" in say.sentence("offer", "add", *office, "--name", "Again", *tenant)
    label = ("--printer", f"{clinic}/Label")
    assert "choose another name" in say.sentence("offer", "add", *label, "--name", "Ward 3", *tenant)
    assert "ben@" in say.sentence("offer", "permit", "Ward 3", "--users", "ben@clinic.example", *tenant)
    changed = say.json("offer", "permit", "Ward 3", "--groups", "Nurses", "--everybody", *tenant)
    assert (changed["groups"], changed["everybody"]) == (["Nurses"], True)
    changed = say.json("offer", "forbid", made["id"], "--users", "oid-1", "--everybody", *tenant)
    assert (changed["users"], changed["everybody"]) == (["anna@clinic.example"], False)
    assert say("offer", "rename", "Ward 3", "Ward 4", *tenant)[1] == "The offer 'Ward 4' is for anna@clinic.example, Nurses.\n"
    assert say.json("offer", "move", "Ward 4", *label, *tenant)["printer"] == f"{clinic}/Label"
    say.json("user", "remove", "anna@clinic.example", *tenant)
    assert say.json("offer", "show", "Ward 4", *tenant)["users"] == []
    say.json("offer", "withdraw", "Ward 4", *tenant)
    assert say.json("offer", "list", *tenant) == []
    assert "no offer" in say.sentence("offer", "show", "Ward 4", *tenant)
    assert "offer withdrawn" in [row["action"] for row in say.json("audit")]


def test_an_application_is_known_to_graph_by_its_id_and_has_roles(say, clinic):
    made = say.json(
        "application", "add", "--tenant", "clinic", "--name", "partner", "--app-id", "p-1", "--roles", "Printer.Read.All"
    )
    assert (made["appId"], made["roles"]) == ("p-1", ["Printer.Read.All"])
    sn = made["sn"]
    assert say.entry(client_key(sn)).roles == ("Printer.Read.All",)
    assert say.json("application", "grant", sn, "PrintJob.Manage.All")["roles"] == ["PrintJob.Manage.All", "Printer.Read.All"]
    assert say.json("application", "revoke", sn, "Printer.Read.All")["roles"] == ["PrintJob.Manage.All"]
    code, _, err = say("application", "grant", sn, "Printer.Fly.All")
    assert code == 2
    assert "Printer.Read.All" in err
    assert "already" in say.sentence("application", "add", "--tenant", "clinic", "--name", "twin", "--app-id", "p-1")
    own = say.json("application", "add", "--tenant", "clinic", "--name", "own")
    assert own["appId"] == guid("application", own["sn"])
    assert say.entry(client_key(own["sn"])).app_id == ""
    say.json("application", "name", own["sn"], "p-2")
    shown = say.json("application", "show", own["sn"])
    assert (shown["appId"], shown["roles"]) == ("p-2", [])
    assert "already" in say.sentence("application", "name", own["sn"], "p-1")


def test_definitions_are_listed_limited_and_unbound(say, clinic):
    tenant = ("--tenant", "clinic")
    app = say.json("application", "add", *tenant, "--name", "stamps", "--app-id", "p-1")["sn"]
    made = ask(say, AddDefinition, app="p-1", principal="sp", name="Stamp").definition
    office = guid("printer", clinic, device_id(clinic, "Office"))
    ask(say, AddTrigger, printer=office, app="p-1", definition=made.id)
    (row,) = say.json("definition", "list", *tenant)
    assert (row["name"], row["application"], row["limit"], row["onLimit"], row["printers"]) == (
        "Stamp",
        "p-1",
        "86400 s",
        "abort",
        1,
    )
    changed = say.json("definition", "set", "Stamp", "--limit", "15m", "--on-limit", "release", *tenant)
    assert (changed["limit"], changed["onLimit"], changed["onAbort"]) == ("900 s", "release", "abort")
    (hook,) = say.entry(device_key(clinic, device_id(clinic, "Office"))).hooks
    assert (hook.limit, hook.on_limit, hook.on_abort, hook.name) == (900, HookPolicy.RELEASE, HookPolicy.ABORT, "Stamp")
    assert say.json("printer", "show", office, *tenant)["hooks"] == ["Stamp"]
    code, _, err = say("definition", "set", "Stamp", "--limit", "soon", *tenant)
    assert code == 2
    assert "15m" in err
    say.json("definition", "unbind", made.id, "--printer", f"{clinic}/Office", *tenant)
    assert say.entry(device_key(clinic, device_id(clinic, "Office"))).hooks == ()
    assert "not bound" in say.sentence("definition", "unbind", made.id, "--printer", f"{clinic}/Office", *tenant)
    assert "no definition" in say.sentence("definition", "set", "Sign", *tenant)
    ask(say, AddTrigger, printer=office, app="p-1", definition=made.id)
    say.json("application", "remove", app)
    assert say.json("definition", "list", *tenant) == []
    assert say.entry(device_key(clinic, device_id(clinic, "Office"))).hooks == ()
