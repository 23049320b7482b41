"""Usage reports through the door: members, dates, pages, and who printed what (graph-print.md 1.11, 2.13)."""

from contextlib import asynccontextmanager

import pytest

from libs.contracts.fleet import GetPrinter, PrinterAnswer
from libs.contracts.ids import guid
from libs.contracts.people import (
    GetUser,
    GroupList,
    GroupView,
    ListGroups,
    ListUsers,
    Person,
    UserAnswer,
    UserList,
    UserView,
)
from libs.contracts.queries import Code
from libs.contracts.states import Stage
from libs.contracts.usage import ArchivedJob, ArchivedJobs, ListArchivedJobs, ListUsage, Span, UsageBy, UsageList, UsageView
from libs.runtime.bus import Refused
from services.gateway.graph.entities.usage import dates_of
from services.gateway.graph.odata.filtering import parse
from services.gateway.graph.resources import reports
from tests.gateway.graph.calling import ALICE, BOB, SN, a_printer, graph, user

OFFICE = a_printer()
DEVICE = OFFICE.device.id
STAFF = "57aff000-0000-4000-8000-000000000001"
NOON = 1_767_441_600_000  # 2026-01-03T12:00:00Z
COUNTS = {
    "completed_black": 2, "completed_color": 3, "incomplete": 1, "pages": 20, "sheets": 12, "black_pages": 8, "color_pages": 12,
    "single_sided_sheets": 4, "double_sided_sheets": 8,
}  # fmt: skip
PEOPLE = (
    UserView(id=ALICE, tenant="main", name="Alice@main.example", display="Alice", groups=(STAFF,)),
    UserView(id=BOB, tenant="main", name="bob@main.example", groups=()),
)


def a_job(number=1, **changes):
    given = {"user": Person(ALICE, "alice@main.example"), "created_at": NOON - 60_000, "ended_at": NOON + number, **changes}
    return ArchivedJob(
        task=f"jueKiUEE-{number:012d}", leg=1, stage=given.pop("stage", Stage.COMPLETED), agent=SN, printer=DEVICE,
        printer_name="Office", sn=SN, copies=2, pages=6, sheets=4, acknowledged_at=NOON - 1, two_sided=True, **given,
    )  # fmt: skip


class Records:
    """What the spooler has: one row of usage of each of four days, and some jobs."""

    def __init__(self, door):
        self.jobs = (a_job(), a_job(2, user=None, stage=Stage.ABORTED))
        self.days = tuple(f"2026-01-0{number}" for number in range(1, 5))
        groups = (GroupView(id=STAFF, tenant="main", name="Staff"),)
        door.bus.answers |= {
            ListUsage: self.usage,
            ListArchivedJobs: lambda _: ArchivedJobs(jobs=self.jobs),
            GetPrinter: PrinterAnswer(printer=OFFICE),
            GetUser: lambda query: self.user(query.user),
            ListUsers: lambda query: UserList(users=tuple(each for each in PEOPLE if not query.ids or each.id in query.ids)),
            ListGroups: lambda query: GroupList(groups=groups if query.ids == (STAFF,) else ()),
        }

    def usage(self, query):
        whose = {"agent": SN, "printer": DEVICE, "printer_name": "Office"}
        if query.by is UsageBy.USER:
            whose = {"user": Person(ALICE, "alice@main.example")}
        days = [day for day in self.days if (query.start or day) <= day <= (query.end or day)]
        page = days[query.offset : query.offset + query.limit]
        return UsageList(
            rows=tuple(UsageView(date=day, **whose, **COUNTS) for day in page), more=len(days) > query.offset + len(page)
        )

    @staticmethod
    def user(wanted):
        found = next((each for each in PEOPLE if wanted.lower() in (each.id, each.name.lower())), None)
        return UserAnswer(user=found) if found else Refused(Code.NOT_FOUND, "There is no such user.")


@asynccontextmanager
async def records(folder):
    async with graph(folder, modules=[reports], who=user("Reports.Read.All")) as door:
        yield door, Records(door)


async def test_usage_has_the_members_of_the_schema_and_an_id_that_leads_back_to_it(tmp_path):
    async with records(tmp_path) as (door, _):
        first = (await door.get("/reports/dailyPrintUsageByPrinter"))["value"][0]
        counted = {
            "usageDate": "2026-01-01",
            "completedBlackAndWhiteJobCount": 2,
            "completedColorJobCount": 3,
            "completedJobCount": 5,
            "incompleteJobCount": 1,
            "pageCount": 20,
            "mediaSheetCount": 12,
            "blackAndWhitePageCount": 8,
            "colorPageCount": 12,
            "singleSidedSheetCount": 4,
            "doubleSidedSheetCount": 8,
        }
        assert first == {"id": first["id"], **counted, "printerId": guid("printer", SN, DEVICE), "printerName": "Office"}
        shown = await door.get(f"/reports/dailyPrintUsageByPrinter/{first['id']}")
        assert {name: value for name, value in shown.items() if not name.startswith("@")} == first
        asked = door.asked(ListUsage)[-1]
        assert (asked.start, asked.end, asked.agent, asked.printer) == ("2026-01-01", "2026-01-01", SN, DEVICE)
        person = (await door.get("/reports/monthlyPrintUsageByUser"))["value"][0]
        assert person == {"id": person["id"], **counted, "userPrincipalName": "alice@main.example"}
        assert (door.asked(ListUsage)[-1].span, door.asked(ListUsage)[-1].by) == (Span.MONTH, UsageBy.USER)
        await door.get(f"/reports/monthlyPrintUsageByUser('{person['id']}')")
        assert door.asked(ListUsage)[-1].user == ALICE
        for wrong in ("x", "MjAyNi0wMS0wMQ", person["id"]):
            await door.get(f"/reports/dailyPrintUsageByPrinter/{wrong}", status=404)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("usageDate ge 2026-01-03", ("2026-01-03", "", True)),
        ("usageDate gt 2026-01-03 and usageDate lt 2026-01-31", ("2026-01-04", "2026-01-30", True)),
        ("usageDate eq 2026-01-03", ("2026-01-03", "2026-01-03", True)),
        ("usageDate le 2026-01-03T00:00:00Z", ("", "2026-01-03", True)),
        ("usageDate ge 2026-01-03T10:00:00Z", ("", "", False)),
        ("usageDate ge '2026-01-03'", ("2026-01-03", "", True)),
        ("usageDate ge 2026-01-03 and completedColorJobCount gt 1", ("2026-01-03", "", False)),
        ("usageDate ge 2026-01-03 or printerName eq 'x'", ("", "", False)),
        ("usageDate lt 0001-01-01", ("", "", False)),
        ("usageDate ge 0001-01-01T00:00:00+14:00", ("", "", False)),
    ],
)
def test_dates_in_a_filter_are_what_the_spooler_is_asked_for(text, expected):
    assert dates_of(parse(text)) == expected
    assert dates_of(None) == ("", "", True)


async def test_usage_is_filtered_by_date_and_comes_in_pages(tmp_path):
    async with records(tmp_path) as (door, _):
        path = "/reports/dailyPrintUsageByPrinter"
        found = await door.get(f"{path}?$filter=usageDate%20ge%202026-01-02%20and%20usageDate%20lt%202026-01-04&$top=1")
        assert [each["usageDate"] for each in found["value"]] == ["2026-01-02"]
        assert found["@odata.nextLink"].startswith("http://127.0.0.1:39899/v1.0/reports/dailyPrintUsageByPrinter?")
        rest = (await door.client.get(found["@odata.nextLink"])).json()
        assert [each["usageDate"] for each in rest["value"]] == ["2026-01-03"]
        assert "@odata.nextLink" not in rest
        assert [each["usageDate"] for each in (await door.get(f"{path}?$skip=3"))["value"]] == ["2026-01-04"]
        newest = await door.get(f"{path}?$orderby=usageDate%20desc&$top=2&$count=true")
        assert ([each["usageDate"] for each in newest["value"]], newest["@odata.count"]) == (["2026-01-04", "2026-01-03"], 4)
        assert (await door.get(f"{path}?$filter=pageCount%20gt%20100"))["value"] == []
        assert (await door.get(f"{path}?$filter=usageDate%20gt%202026-02-01%20and%20usageDate%20lt%202026-01-01"))["value"] == []
        assert (await door.call("GET", f"{path}/$count")).text == "4"
        assert (await door.call("GET", f"{path}?$skiptoken=eA")).status_code == 400


async def test_jobs_that_are_over_are_told_with_who_printed_them(tmp_path):
    async with records(tmp_path) as (door, _):
        dates = "startDateTime=2026-01-01T00%3A00%3A00%2B00%3A00,endDateTime=2026-01-31T00:00:00Z"
        path = f"/reports/getPrinterArchivedPrintJobs(printerId='{OFFICE.id}',{dates})"
        first, second = (await door.get(path))["value"]
        assert first == {
            "id": "jueKiUEE-000000000001",
            "createdBy": {"id": ALICE, "displayName": "Alice", "ipAddress": None, "userPrincipalName": "Alice@main.example"},
            "createdDateTime": "2026-01-03T11:59:00.000Z",
            "acquiredByPrinter": True,
            "acquiredDateTime": "2026-01-03T11:59:59.999Z",
            "completionDateTime": "2026-01-03T12:00:00.001Z",
            "copiesPrinted": 2,
            "printerId": guid("printer", SN, DEVICE),
            "printerName": "Office",
            "processingState": "completed",
        }
        assert (second["processingState"], second["createdBy"]["userPrincipalName"]) == ("aborted", None)
        asked = door.asked(ListArchivedJobs)[-1]
        assert (asked.agent, asked.printer, asked.start, asked.end) == (SN, DEVICE, 1_767_225_600_000, 1_769_817_600_000)
        beta = (await door.get(path, version="beta"))["value"][0]
        assert (beta["pageCount"], beta["blackAndWhitePageCount"], beta["duplexPageCount"]) == (6, 6, 6)


async def test_jobs_of_users_and_of_groups(tmp_path):
    async with records(tmp_path) as (door, _):
        for given in (ALICE, "alice@main.example"):
            await door.get(f"/reports/getUserArchivedPrintJobs(userId='{given}',startDateTime=null,endDateTime=null)")
            assert door.asked(ListArchivedJobs)[-1].users == (ALICE,)
            assert (door.asked(ListArchivedJobs)[-1].start, door.asked(ListArchivedJobs)[-1].end) == (None, None)
        await door.get("/reports/getUserArchivedPrintJobs(userId='Elsewhere')")
        assert door.asked(ListArchivedJobs)[-1].users == ("Elsewhere", "elsewhere")
        await door.get(f"/reports/getGroupArchivedPrintJobs(groupId='{STAFF}')")
        assert door.asked(ListArchivedJobs)[-1].users == (ALICE,)
        await door.get(f"/reports/getGroupArchivedPrintJobs(groupId='{ALICE}')", status=404)
        told = await door.get("/reports/getUserArchivedPrintJobs(startDateTime=null)", status=400)
        assert "userId" in told["error"]["message"]
        turned = "startDateTime=2026-02-01T00:00:00Z,endDateTime=2026-01-01T00:00:00Z"
        told = await door.get(f"/reports/getUserArchivedPrintJobs(userId='{ALICE}',{turned})", status=400)
        assert told["error"]["target"] == "startDateTime"
        told = await door.get(f"/reports/getUserArchivedPrintJobs(userId='{ALICE}',endDateTime=soon)", status=400)
        assert told["error"]["target"] == "endDateTime"


async def test_beta_has_the_older_paths_and_a_permission_is_needed(tmp_path):
    async with records(tmp_path) as (door, _):
        older = ("dailyPrintUsageSummariesByPrinter", "monthlyPrintUsageSummariesByUser", "dailyPrintUsage", "monthlyPrintUsage")
        for path in ("dailyPrintUsageByPrinter", *older):
            assert (await door.get(f"/print/reports/{path}", version="beta"))["value"]
            assert (await door.get(f"/reports/{path}", version="beta"))["value"]
        for path in older:
            await door.get(f"/reports/{path}", status=404)
            await door.get(f"/print/reports/{path}", status=404)
        door.who = user("Printer.Read.All")
        told = await door.get("/reports/dailyPrintUsageByPrinter", status=403)
        assert "Reports.Read.All" in told["error"]["message"]
