"""Row 21: a printer gives up on page 3 of 10, or reboots."""

import pytest

from tests.faults.rig.ippfake import FakePrinter
from tests.faults.rig.shopfloor import Shopfloor, shopfloor
from tests.waiting import until

#: Enough text that it lies in the document store, and so does what is made of it.
LINES = "\n".join(f"line {number} of a page that is full of them" for number in range(1, 41))
TEN = "\f".join(f"page {number}\n{LINES}" for number in range(1, 11))
PAGES = [f"page {number}" for number in range(1, 11)]

pytestmark = [pytest.mark.row(21), pytest.mark.timeout(180)]


async def test_row_21_what_stopped_at_page_three_is_told_with_its_pages_and_never_repeated_blindly(row, tmp_path):
    async with (
        FakePrinter("Office", row.history("Office"), second_per_page=0.1) as office,
        FakePrinter("Eager", row.history("Eager"), second_per_page=0.1) as eager,
        shopfloor(row, tmp_path, [office.entry, f"{eager.entry}&unknown=reprint"], CONVERTER_ENGINES='["text","pdf"]') as at,
    ):
        for name in ("Office", "Eager"):
            await at.server.device(name)
        row.did("A task of ten pages; after three pages the printer ends its job as aborted.")
        office.abort_after = 3
        aborted = await at.submit("Office", TEN)
        shown, _ = await at.shows(aborted, status="ERROR")
        assert (shown["pages"], shown["pagesDone"], shown["attempt"]) == (10, 3, 1)
        assert "gave it up" in shown["message"]
        assert "after 3 pages" in shown["message"]
        row.saw(f"ERROR with pagesDone 3 of 10 (“{shown['message']}”), one attempt: nothing was printed again by itself.")

        rest = (await at.server.call("retryTask", taskId=aborted, fromPage="next"))["taskId"]
        done, _ = await at.shows(rest, status="FINISHED")
        assert (done["pages"], done["pagesDone"], done["retryOf"]) == (7, 7, aborted)
        assert on_paper(office, aborted) + on_paper(office, rest) == PAGES
        chosen = (await at.server.call("retryTask", taskId=aborted, config={"pageRanges": "4-10"}))["taskId"]
        await at.shows(chosen, status="FINISHED")
        assert on_paper(office, chosen) == PAGES[3:]
        row.saw("retryTask with fromPage next printed the seven other pages as a new task (retryOf names the old one).")

        row.did("A task of ten pages; after three pages the printer's power is cut and comes back, with no memory of the job.")
        office.linger_after = eager.linger_after = 3
        cut = await at.submit("Office", TEN)
        await _three_pages(office)
        await office.power_off()
        await office.power_on()
        shown, _ = await at.shows(cut, status="PARTIAL_PRINTED")
        assert (shown["pagesDone"], shown["reason"], shown["attempt"]) == (3, "outcome-unknown", 1)
        row.saw("Rebooted: PARTIAL_PRINTED with pagesDone 3, reason outcome-unknown; it waits for a person, and says so.")
        await at.server.call("resolveTask", taskId=cut, outcome="give-up")
        await at.shows(cut, status="ERROR")

        row.did("The same on a printer whose policy for such cases is to reprint.")
        again = await at.submit("Eager", TEN)
        await _three_pages(eager)
        await eager.power_off()
        eager.linger_after = None
        await eager.power_on()
        shown, _ = await at.shows(again, status="FINISHED", within=40)
        assert (shown["attempt"], shown["pagesDone"]) == (2, 10)
        printed = [job.pages for job in eager.printed]
        assert printed == [10]
        row.saw(
            "With unknown=reprint the second attempt ran by itself, of the whole document: nobody knows whether page 3 was good "
            "when the power went, so it does not go on at page 4 by itself; that is retryTask's, with fromPage."
        )
    row.check()


async def test_row_21_where_its_owner_wants_that_it_goes_on_behind_the_sheets_that_are_on_paper(row, tmp_path):
    async with (
        FakePrinter("Office", row.history("Office"), second_per_page=0.1) as office,
        shopfloor(row, tmp_path, [f"{office.entry}&partial=continue"], CONVERTER_ENGINES='["text","pdf"]') as at,
    ):
        await at.server.device("Office")
        row.did("On a printer with partial=continue, a task of ten pages; after three pages the printer ends its job as aborted.")
        task = await gives_up(at, office, 3, status="FINISHED")
        shown = await at.task(task)
        assert (shown["pages"], shown["pagesDone"], shown["attempt"]) == (10, 10, 2)
        assert on_paper(office, task) == PAGES
        row.saw("The same task went on with page 4 by itself, as its second attempt: pages 1 to 10 are on paper once each.")

        row.did("The same on both sides of the sheet.")
        task = await gives_up(at, office, 3, status="FINISHED", config={"side": "DUPLEX"})
        assert on_paper(office, task) == [*PAGES[:3], *PAGES[2:]]
        row.saw("The sheet in the middle of which it stopped (pages 3 and 4) was printed once more; every other page once.")

        row.did("Twice in one task: after three pages, and after two more.")
        office.abort_after = 3
        task = await at.submit("Office", TEN)
        await at.shows(task, attempt=2, within=30)
        office.abort_after = 2
        await at.shows(task, status="FINISHED")
        assert on_paper(office, task) == PAGES
        assert (await at.task(task))["attempt"] == 3

        row.did("Two copies, made by the printer: which of them the pages are of, it does not say.")
        task = await gives_up(at, office, 3, status="ERROR", config={"copies": 2})
        shown = await at.task(task)
        assert (shown["pagesDone"], shown["attempt"]) == (3, 1)
        row.saw("Copies that the printer makes: ERROR with pagesDone 3, and nothing by itself.")
    row.check()


async def gives_up(at: Shopfloor, printer: FakePrinter, pages: int, *, status: str, **task: object) -> str:
    """A task of ten pages that its printer gives up after so many of them, and how that ends."""
    printer.abort_after = pages
    made = await at.submit(printer.name, TEN, **task)
    await at.shows(made, status=status)
    return made


def on_paper(printer: FakePrinter, task: str) -> list[str]:
    """The first lines of all pages that came out for a task, in their order."""
    return [page for job in printer.jobs.values() if job.name.rpartition(".")[0] == task for page in job.on_paper()]


async def _three_pages(printer: FakePrinter) -> None:
    """Three pages are on paper, and the agent had time to hear it."""
    await until(
        lambda: any(job.impressions == 3 and not job.state.ended for job in printer.jobs.values()), 30, "three pages are there"
    )
    asked = len(printer.asked)
    await until(lambda: len(printer.asked) > asked + 2, 30, "it was asked how far it is")
