"""Shares at the door, and who may print through them."""

import pytest

from libs.contracts.fleet import (
    AddPrinterShare,
    ChangePrinterShare,
    Fulfilled,
    GetPrinterShare,
    ListPrinterShares,
    MayPrint,
    Permitted,
    RemovePrinterShare,
    ShareAnswer,
    ShareList,
    ShareView,
)
from libs.contracts.ids import guid
from libs.contracts.people import GetUser, GroupList, GroupView, ListGroups, ListUsers, UserAnswer, UserList, UserView
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.resources import allowed, shares
from tests.gateway.graph.calling import ALICE, BASE, BOB, a_printer, graph, user

PRINTER = a_printer()
STAFF = guid("group", "staff")
OPEN = ShareView(id="s1", tenant="main", name="For all", printer=PRINTER, allow_all=True, created_at=1_700_000_000_000)
CLOSED = ShareView(
    id="s2", tenant="main", name="For some", printer=PRINTER, users=(BOB,), groups=(STAFF,), used_at=1_700_000_000_000
)
BIND = f"{BASE}/v1.0/print/printers/{PRINTER.id}"


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=[shares, allowed]) as door:
        door.bus.answers[ListPrinterShares] = ShareList(shares=(OPEN, CLOSED), total=2)
        door.bus.answers[GetPrinterShare] = lambda asked: ShareAnswer(share={"s1": OPEN, "s2": CLOSED}[asked.share])
        for change in (AddPrinterShare, ChangePrinterShare):
            door.bus.answers[change] = ShareAnswer(share=OPEN)
        door.bus.answers[ListUsers] = UserList(users=(UserView(id=BOB, tenant="main", name="bob@main.example", display="Bob"),))
        door.bus.answers[ListGroups] = GroupList(groups=(GroupView(id=STAFF, tenant="main", name="Staff"),))
        door.bus.answers[GetUser] = Refused(Code.NOT_FOUND, "There is no such user.")
        yield door


async def test_a_share_is_its_printer_under_a_name_of_its_own(door):
    told = await door.get("print/shares/s2")
    assert (told["id"], told["displayName"], told["allowAllUsers"]) == ("s2", "For some", False)
    assert told["viewPoint"] == {"lastUsedDateTime": "2023-11-14T22:13:20.000Z"}
    assert told["isAcceptingJobs"]
    assert "users" not in str(told).lower().replace("allowallusers", ""), "access lists are told when they are asked for"
    assert (await door.get("print/shares/s1?$select=capabilities"))["capabilities"]["pagesPerSheet"][0] == 1


async def test_a_printer_is_shared_by_its_address_in_any_form(door):
    for address in (BIND, f"print/printers('{PRINTER.id}')", f"https://elsewhere.example/beta/print/printers/{PRINTER.id}"):
        body = {"@odata.type": "#microsoft.graph.printerShare", "displayName": "For all", "allowAllUsers": True}
        told = await door.post("print/shares", {**body, "printer@odata.bind": address}, 201)
        assert told["id"] == "s1"
    assert {each.printer for each in door.asked(AddPrinterShare)} == {PRINTER.id}


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"displayName": "x"}, "printer@odata.bind"),
        ({"displayName": "x", "printer@odata.bind": "print/shares/s1"}, "printer@odata.bind"),
        ({"displayName": "x" * 51, "printer@odata.bind": BIND}, "displayName"),
        ({"printer@odata.bind": BIND}, "displayName"),
        ({"displayName": "x", "printer@odata.bind": BIND, "allowAllUsers": 1}, "allowAllUsers"),
    ],
)
async def test_a_share_that_cannot_be_is_told_by_member(door, body, member):
    assert (await door.post("print/shares", body, 400))["error"]["target"] == member


async def test_a_share_is_changed_and_removed(door):
    await door.patch("print/shares/s1", {"displayName": "Hall", "printer@odata.bind": BIND})
    asked = door.asked(ChangePrinterShare)[0]
    assert (asked.name, asked.printer, asked.allow_all) == ("Hall", PRINTER.id, None)
    await door.patch("print/shares/s1", {}, 400)
    door.bus.answers[RemovePrinterShare] = Fulfilled()
    await door.delete("print/shares/s1")
    await door.delete(f"print/printers/{PRINTER.id}/share", 404)
    await door.delete(f"print/printers/{PRINTER.id}/share", version="beta")
    assert [each.share for each in door.asked(RemovePrinterShare)] == ["s1", "s1"]


async def test_people_see_the_shares_that_they_may_print_through(door, monkeypatch):
    door.who = user("PrinterShare.ReadBasic.All")
    assert [each["id"] for each in (await door.get("print/shares?$top=1"))["value"]] == ["s1"]
    door.who = user("PrinterShare.ReadBasic.All", id=BOB)
    assert [each["id"] for each in (await door.get("print/shares"))["value"]] == ["s1", "s2"]
    door.who = user("PrinterShare.ReadBasic.All", groups=(STAFF,))
    assert [each["id"] for each in (await door.get("print/shares"))["value"]] == ["s1", "s2"]
    door.bus.answers[GetUser] = UserAnswer(user=UserView(id=ALICE, tenant="main", name="alice", groups=(STAFF,)))
    door.who = user("PrinterShare.ReadBasic.All")
    assert (await door.call("GET", "print/shares/$count")).text == "2"
    monkeypatch.setattr("services.gateway.graph.http.walking.STEP", 1)
    before = len(door.asked(ListPrinterShares))
    assert len((await door.get("print/shares?$filter=displayName ne 'x'"))["value"]) == 2
    assert len(door.asked(ListPrinterShares)) == before + 1, "each is asked for once, however many steps it takes"


async def test_a_share_of_others_is_forbidden(door):
    door.who = user("PrinterShare.ReadBasic.All")
    door.bus.answers[MayPrint] = Permitted(allowed=False)
    error = (await door.get("print/shares/s2", 403))["error"]
    assert "may not print through this share" in error["message"]
    assert (await door.get("print/shares/s1"))["id"] == "s1"


async def test_basic_hides_who_may_print(door):
    door.who = user("PrinterShare.ReadBasic.All", administrator=True)
    await door.get("print/shares/s2/allowedUsers", 403)
    await door.get("print/shares/s2?$expand=allowedUsers", 403)
    await door.get("print/shares/s2?$expand=printer", 403)
    door.who = user("PrinterShare.Read.All", "Printer.Read.All", administrator=True)
    told = await door.get("print/shares/s2?$expand=allowedUsers,allowedGroups,printer($select=displayName)")
    assert told["allowedUsers"] == [{"id": BOB, "displayName": "Bob", "userPrincipalName": "bob@main.example"}]
    assert told["allowedGroups"] == [{"id": STAFF, "displayName": "Staff"}]
    assert told["printer"] == {"id": PRINTER.id, "displayName": "Office"}


async def test_who_may_print_is_a_list_of_references(door):
    found = await door.get("print/shares/s2/allowedUsers")
    assert (found["@odata.context"], found["value"][0]["id"]) == (f"{BASE}/v1.0/$metadata#Collection(microsoft.graph.user)", BOB)
    found = await door.get("print/shares/s2/allowedGroups/$ref")
    assert found["value"] == [{"@odata.id": f"{BASE}/v1.0/groups/{STAFF}"}]


async def test_references_are_added_by_address_and_removed_by_either(door):
    await door.post("print/shares/s2/allowedUsers/$ref", {"@odata.id": f"{BASE}/v1.0/users/{ALICE}"}, 204)
    await door.post("print/shares/s2/allowedGroups/$ref", {"@odata.id": f"https://x.example/v1.0/directoryObjects('{STAFF}')"}, 204)
    await door.delete(f"print/shares/s2/allowedUsers/{BOB}/$ref")
    await door.delete(f"print/shares/s2/allowedGroups/$ref?@id={BASE}/v1.0/groups/{STAFF}")
    asked = door.asked(ChangePrinterShare)
    assert [each.add_users for each in asked] == [(ALICE,), (), (), ()]
    assert [each.add_groups for each in asked] == [(), (STAFF,), (), ()]
    assert [each.remove_users for each in asked] == [(), (), (BOB,), ()]
    assert [each.remove_groups for each in asked] == [(), (), (), (STAFF,)]


async def test_a_user_can_be_named_by_principal_name(door):
    door.bus.answers[GetUser] = UserAnswer(user=UserView(id=ALICE, tenant="main", name="alice@main.example"))
    await door.post("print/shares/s2/allowedUsers/$ref", {"@odata.id": f"{BASE}/v1.0/users/alice@main.example"}, 204)
    assert door.asked(ChangePrinterShare)[0].add_users == (ALICE,)


async def test_a_reference_to_nobody_is_refused(door):
    for body in ({}, {"@odata.id": "users"}, {"@odata.id": f"{BASE}/v1.0/users/nobody"}):
        assert (await door.post("print/shares/s2/allowedUsers/$ref", body, 400))["error"]["target"] == "@odata.id"
    await door.delete(f"print/shares/s2/allowedUsers/{ALICE}/$ref", 404)
    await door.delete("print/shares/s2/allowedUsers/$ref", 400)


async def test_the_printer_behind_a_share_is_below_it(door):
    assert (await door.get("print/shares/s1/printer"))["id"] == PRINTER.id


async def test_a_printer_that_there_is_not_is_told_by_the_member_that_names_it(door):
    door.bus.answers[AddPrinterShare] = Refused(Code.NOT_FOUND, "There is no printer p9.")
    error = (await door.post("print/shares", {"displayName": "A", "printer@odata.bind": "printers/p9"}, 404))["error"]
    assert error["target"] == "printer@odata.bind"


async def test_what_is_never_null_is_not_taken_for_nothing(door):
    for member in ("displayName", "allowAllUsers"):
        error = (await door.patch("print/shares/s1", {member: None, "printer@odata.bind": BIND}, 400))["error"]
        assert error["target"] == member
    assert not door.asked(ChangePrinterShare)


async def test_an_address_that_cannot_be_is_told_by_where_it_stood(door):
    error = (await door.delete("print/shares/s2/allowedUsers/$ref?@id=nobody", 400))["error"]
    assert error["target"] == "@id"


async def test_a_filter_on_what_printers_can_do_finds_shares_and_tells_no_more_of_them(door):
    found = (await door.get("print/shares?$filter=capabilities/isPageRangeSupported eq true"))["value"]
    assert [each["id"] for each in found] == ["s1", "s2"]
    assert not any("capabilities" in each for each in found)
