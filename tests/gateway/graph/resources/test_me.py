"""recentPrinterShares: of oneself, and for administrators of others."""

from dataclasses import replace

import pytest

from libs.contracts.devices import Capabilities
from libs.contracts.directory import DeviceEntry
from libs.contracts.fleet import ListPrinterShares, ShareList, ShareView
from libs.contracts.people import GetUser, UserAnswer, UserView
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.resources import me
from tests.gateway.graph.calling import ALICE, BOB, a_printer, application, graph, user
from tests.gateway.graph.jobs import WHEN

RECENT = "print/recentPrinterShares"
SCOPE = "PrinterShare.ReadBasic.All"


def share(name, **more):
    return ShareView(id=f"id-{name}", tenant="main", name=name, printer=a_printer(), used_at=WHEN, **more)


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=[me], who=user(SCOPE)) as door:
        shares = (share("Front", allow_all=True), share("Back", users=(ALICE,)), share("Closed", users=(BOB,)))
        door.bus.answers[ListPrinterShares] = ShareList(shares=shares, total=3)
        door.bus.answers[GetUser] = UserAnswer(user=UserView(id=BOB, tenant="main", name="bob@main.example"))
        yield door


async def test_what_was_used_last_comes_first_and_what_is_closed_not_at_all(door):
    for path in (
        f"me/{RECENT}",
        f"users/me-token-to-replace/{RECENT}",
        f"users/{ALICE.upper()}/{RECENT}",
        f"users/Alice@main.example/{RECENT}",
    ):
        told = await door.get(path)
        assert [each["displayName"] for each in told["value"]] == ["Front", "Back"]
    assert told["value"][0]["viewPoint"] == {"lastUsedDateTime": "2026-01-01T00:00:00.000Z"}
    assert [(each.user, each.recent) for each in door.asked(ListPrinterShares)] == [(ALICE, True)] * 4


async def test_what_others_used_is_for_administrators(door):
    await door.get(f"users/{BOB}/{RECENT}", status=403)
    door.who = user(SCOPE, administrator=True)
    assert len((await door.get(f"users/bob@main.example/{RECENT}"))["value"]) == 3
    assert door.asked(ListPrinterShares)[0].user == BOB
    door.bus.answers[GetUser] = Refused(Code.NOT_FOUND, "There is no such user.")
    await door.get(f"users/nobody/{RECENT}", status=404)
    door.who = application()
    await door.get(f"me/{RECENT}", status=403)


async def test_what_was_used_last_is_told_as_the_list_of_shares_tells_it(door):
    printer = a_printer()
    able = replace(printer.device, capabilities=Capabilities(make_and_model="Brother HL-L2350DW"))
    door.rig.mirror.put(DeviceEntry(tenant="main", agent=printer.agent, device=able))
    first = (await door.get(f"me/{RECENT}"))["value"][0]
    assert (first["manufacturer"], first["model"]) == ("Brother", "HL-L2350DW"), "which the registry's lists leave out"
    told = (await door.get(f"me/{RECENT}?$filter=capabilities/isPageRangeSupported eq true&$select=id,defaults"))["value"]
    assert [sorted(each) for each in told] == [["defaults", "id"]] * 2
    assert [each.plain for each in door.asked(ListPrinterShares)] == [True, False]
