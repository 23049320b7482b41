"""Archived jobs and sums of them, on both databases: what was printed, by whom, on which printer."""

from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from libs.contracts.devices import Capabilities, Device
from libs.contracts.directory import DeviceEntry
from libs.contracts.documents import Printable, Stored
from libs.contracts.ids import guid
from libs.contracts.people import Person
from libs.contracts.queries import Code
from libs.contracts.reports import DocumentConverted, TaskPrinted
from libs.contracts.states import Stage
from libs.contracts.tickets import ColorMode, Media, Sides, Ticket
from libs.contracts.usage import ListArchivedJobs, ListUsage, Span, UsageBy
from libs.runtime.bus import Refused
from libs.runtime.database import database
from services.spooler import materials, store
from services.spooler.app import MIGRATIONS
from services.spooler.archive import archive, day_of, habits_of
from services.spooler.desk import Desk
from services.spooler.jobs import legs
from services.spooler.jobs.views import job
from services.spooler.printers import Printers
from services.spooler.round import Round
from services.spooler.tables import archived, usage_day
from services.spooler.task import Step
from services.spooler.usage import CALM, DAY, Usage, UsageSweep
from tests.spooler.making import AGENT, PRINTER, request, task

NOON = 1_767_441_600_000  # 2026-01-03T12:00:00Z
PLAIN = Ticket()
ALICE = Person("alice-id", "alice@main.example")


class Directory:
    """Two printers: the first prints in colour on both sides unless it is told, the second is not known."""

    def get(self, key):
        able = Capabilities(colors=(ColorMode.COLOR, ColorMode.MONOCHROME), default_sides=Sides.TWO_SIDED_LONG_EDGE)
        known = DeviceEntry(tenant="main", agent=AGENT, device=Device(id=PRINTER, name="Paper", capabilities=able))
        return known if key == known.key else None


class Office:
    """Jobs that end, and questions about them."""

    def __init__(self, opened):
        self.database = opened
        self.printers = Printers(Directory())
        self.usage = Usage(opened)
        self.count = 0

    async def commit(self, change):
        async with self.database.transaction() as connection:
            await change(connection)

    async def ended(self, at=NOON, *, ticket=PLAIN, left=1, stage=Stage.COMPLETED, user=ALICE, **changes):
        """A task that came to its end at this time."""
        self.count += 1
        name = f"AGENT001-{self.count:012d}"
        made = task(id=name, ended_at=at, stage=stage, user_id=user.id if user else "", user_name=user.name if user else "")
        made = replace(made, **{"pages": 3, "pages_done": 3, "lined": False, **changes})
        asked = request(self.count, ticket=ticket)
        report = DocumentConverted(
            region="local",
            task=name,
            attempt=1,
            document=Printable(content=Stored("x", 1, "")),
            ticket=replace(ticket, copies=left),
        )
        async with self.database.transaction() as connection:
            await store.add(connection, [made], [asked])
            await materials.keep_conversion(connection, [report])
            await archive(connection, [made], self.printers)
        return made

    async def sums(self, by=UsageBy.PRINTER, span=Span.DAY, **more):
        return (await self.usage.list_usage(ListUsage(region="local", tenant="main", by=by, span=span, **more))).rows

    async def jobs(self, **more):
        given = {"agent": AGENT, "printer": PRINTER} if "users" not in more else {}
        answer = await self.usage.list_archived_jobs(ListArchivedJobs(region="local", tenant="main", **given, **more))
        return answer.jobs

    async def sweep(self, now, kept=400 * 86_400.0):
        await UsageSweep(self.database, self.commit, kept).sweep(now)

    async def rows(self, table):
        async with self.database.reading() as connection:
            return (await connection.execute(select(func.count()).select_from(table))).scalar()


@asynccontextmanager
async def office(folder, url=""):
    async with database(url, folder, "spooler", MIGRATIONS) as opened:
        yield Office(opened)


async def test_a_job_that_ends_is_written_down_as_it_was_printed(tmp_path, database_url):
    async with office(tmp_path, database_url) as spooler:
        ticket = Ticket(copies=2, repeats=2, media=Media(21000, 29700, "iso_a4_210x297mm"), color=ColorMode.MONOCHROME)
        await spooler.ended(ticket=ticket, left=4, pages=5, device="Ümlaut", fetchable_at=NOON - 50, acknowledged_at=NOON - 20)
        (found,) = await spooler.jobs()
        assert (found.task, found.leg, found.stage) == ("AGENT001-000000000001", 1, Stage.COMPLETED)
        assert (found.copies, found.pages, found.sheets) == (4, 20, 12)  # five pages on three sheets, four times
        assert (found.color, found.two_sided, found.media, found.size) == (False, True, "iso_a4_210x297mm", 5)
        assert (found.user, found.sn, found.printer_name) == (ALICE, AGENT, "Ümlaut")
        times = (found.created_at, found.fetchable_at, found.acknowledged_at, found.ended_at)
        assert times == (1_000, NOON - 50, NOON - 20, NOON)
        assert found.redirected_from == ""


@pytest.mark.parametrize(
    ("ticket", "printer", "color", "two_sided"),
    [
        (Ticket(), PRINTER, True, True),
        (Ticket(color=ColorMode.AUTO, sides=Sides.ONE_SIDED), PRINTER, True, False),
        (Ticket(color=ColorMode.BI_LEVEL, sides=Sides.TWO_SIDED_SHORT_EDGE), PRINTER, False, True),
        (Ticket(color=ColorMode.COLOR), "unknown00001", True, False),
        (Ticket(), "unknown00001", False, False),
    ],
)
async def test_what_a_ticket_leaves_open_is_as_its_printer_does_it(tmp_path, ticket, printer, color, two_sided):
    async with office(tmp_path) as spooler:
        await spooler.ended(ticket=ticket, printer=printer)
        (found,) = await spooler.jobs(users=(ALICE.id,))
        assert (found.color, found.two_sided, found.sheets) == (color, two_sided, 2 if two_sided else 3)


def test_a_printer_that_says_what_it_does_is_believed():
    def device(**able):
        return Device(id="x", name="x", capabilities=Capabilities(**able))

    assert habits_of(device(colors=(ColorMode.COLOR,), default_color=ColorMode.MONOCHROME)) == (False, False)
    assert habits_of(device(default_color=ColorMode.COLOR, default_sides=Sides.ONE_SIDED)) == (True, False)


async def test_days_and_months_are_summed_up_by_printer_and_by_user(tmp_path, database_url):
    async with office(tmp_path, database_url) as spooler:
        bob = Person("bob-id", "bob@main.example")
        await spooler.ended()
        await spooler.ended(NOON + 1, ticket=Ticket(color=ColorMode.MONOCHROME, sides=Sides.ONE_SIDED), left=2)
        await spooler.ended(NOON + 2, stage=Stage.ABORTED, pages_done=1, user=bob)
        await spooler.ended(NOON + 3, user=None, printer="label0000001", device="Label")
        await spooler.ended(NOON + 40 * DAY, stage=Stage.CANCELED, pages_done=0)
        await spooler.ended(NOON, tenant="other")

        async def check():
            label, paper, later = sorted(await spooler.sums(), key=lambda each: (each.date, each.printer_name))
            assert [(each.date, each.printer, each.printer_name) for each in (label, paper, later)] == [
                ("2026-01-03", "label0000001", "Label"),
                ("2026-01-03", PRINTER, "Paper"),
                ("2026-02-12", PRINTER, "Paper"),
            ]
            assert (paper.completed_black, paper.completed_color, paper.incomplete) == (1, 1, 1)
            assert (paper.pages, paper.sheets, paper.black_pages, paper.color_pages) == (10, 9, 6, 4)
            assert (paper.single_sided_sheets, paper.double_sided_sheets) == (6, 3)
            assert (later.completed_black, later.completed_color, later.incomplete, later.pages) == (0, 0, 1, 0)
            users = await spooler.sums(UsageBy.USER)
            assert [(each.date, each.user.name) for each in users] == [
                ("2026-01-03", "alice@main.example"),
                ("2026-01-03", "bob@main.example"),
                ("2026-02-12", "alice@main.example"),
            ]
            months = await spooler.sums(UsageBy.USER, Span.MONTH, user=ALICE.id)
            assert [(each.date, each.pages, each.incomplete) for each in months] == [("2026-01-01", 9, 0), ("2026-02-01", 0, 1)]
            assert [each.date for each in await spooler.sums(agent=AGENT, printer=PRINTER, start="2026-01-04")] == ["2026-02-12"]
            assert [each.date for each in await spooler.sums(span=Span.MONTH, end="2026-01-15", printer=PRINTER)] == ["2026-01-01"]
            assert await spooler.sums(start="2026-01-04", end="2026-02-11") == ()

        await check()
        assert await spooler.rows(usage_day) == 0
        await spooler.sweep(NOON + 10 * DAY)
        assert await spooler.rows(usage_day) == 4  # the first day of this tenant, and of the other
        await check()
        await spooler.sweep(NOON + 10 * DAY)
        await spooler.sweep(NOON + 41 * DAY)
        assert await spooler.rows(usage_day) == 5
        await check()


async def test_a_day_is_summed_up_when_it_has_been_over_for_a_while(tmp_path):
    async with office(tmp_path) as spooler:
        await spooler.ended()
        midnight = NOON + DAY // 2
        await spooler.sweep(midnight + CALM - 1)
        assert await spooler.rows(usage_day) == 0
        await spooler.sweep(midnight + CALM)
        assert await spooler.rows(usage_day) == 1
        assert day_of(NOON) == 20260103


async def test_archived_jobs_are_listed_by_when_they_ended_and_page_by_page(tmp_path, database_url):
    async with office(tmp_path, database_url) as spooler:
        for at in (NOON, NOON + 10, NOON + 20):
            await spooler.ended(at)
        await spooler.ended(NOON + 15, user=None)
        assert [each.ended_at for each in await spooler.jobs(start=NOON + 1, end=NOON + 20)] == [NOON + 10, NOON + 15, NOON + 20]
        assert [each.ended_at for each in await spooler.jobs(users=(ALICE.id, "nobody"))] == [NOON, NOON + 10, NOON + 20]
        query = ListArchivedJobs(region="local", tenant="main", users=(ALICE.id,), offset=1, limit=1)
        page = await spooler.usage.list_archived_jobs(query)
        assert ([each.ended_at for each in page.jobs], page.more) == ([NOON + 10], True)
        assert (await spooler.usage.list_archived_jobs(replace(query, tenant="other"))).jobs == ()
        usage = ListUsage(region="local", tenant="main", by=UsageBy.PRINTER, span=Span.DAY, limit=1)
        assert (await spooler.usage.list_usage(usage)).more is False


async def test_a_job_that_came_from_another_printer_tells_from_which(tmp_path):
    async with office(tmp_path) as spooler:
        first = task(id="AGENT001-000000000001", printer="queue0000001")
        shown = job(first, materials.Kept(request(1)), Desk("local", spooler.printers, 50, 60.0))
        async with spooler.database.transaction() as connection:
            await legs.add(connection, first, shown)
        await spooler.ended(leg=2)
        (found,) = await spooler.jobs()
        assert (found.leg, found.redirected_from) == (2, guid("printer", AGENT, "queue0000001"))


async def test_what_was_never_started_is_no_job_that_is_over(tmp_path):
    async with office(tmp_path) as spooler:
        await spooler.ended(idx=-1, stage=Stage.CANCELED)
        assert await spooler.jobs() == ()


async def test_what_is_too_old_is_forgotten_and_questions_that_mean_nothing_are_refused(tmp_path, database_url):
    async with office(tmp_path, database_url) as spooler:
        await spooler.ended()
        await spooler.ended(NOON + 30 * DAY)
        await spooler.sweep(NOON + 40 * DAY)
        await spooler.sweep(NOON + 41 * DAY, kept=30 * 86_400.0)
        assert [each.date for each in await spooler.sums()] == ["2026-02-02"]
        assert (await spooler.rows(archived), await spooler.rows(usage_day)) == (1, 1)
        for wrong in ({}, {"printer": PRINTER, "users": ("a",)}):
            with pytest.raises(Refused) as refusal:
                await spooler.usage.list_archived_jobs(ListArchivedJobs(region="local", tenant="main", **wrong))
            assert refusal.value.code is Code.BAD_REQUEST
        with pytest.raises(Refused, match="2026-01-31"):
            await spooler.sums(start="tomorrow")


async def test_a_round_writes_down_what_ends_in_it(tmp_path):
    async with office(tmp_path) as spooler:
        before = task(stage=Stage.PRINTING, step=Step.PRINT, attempt=1, taken=True, lined=False, pages=2, told="PRINTED")
        async with spooler.database.transaction() as connection:
            await store.add(connection, [before], [request(1)])
        async with spooler.database.transaction() as connection:
            turn = Round(connection, Desk("local", spooler.printers, 50, 60.0))
            await turn.load([before.id])
            where = {"region": "local", "tenant": "main", "agent": AGENT}
            turn.tell(before.id, TaskPrinted(**where, task=before.id, attempt=1, pages_done=2))
            await turn.finish()
        (found,) = await spooler.jobs()
        assert (found.task, found.stage, found.pages, found.sheets) == (before.id, Stage.COMPLETED, 2, 1)
