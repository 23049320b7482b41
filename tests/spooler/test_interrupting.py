"""A task whose printer gave it up in the middle: it ends, goes on behind what is on paper, or begins once more."""

from dataclasses import replace

import pytest

from libs.contracts.devices import PartialPolicy, UnknownPolicy
from libs.contracts.documents import Format, Inline, Printable
from libs.contracts.queries import GetMaterial
from libs.contracts.reports import (
    DocumentConverted,
    DocumentRejected,
    TaskFailed,
    TaskPrinted,
    TaskPrinting,
    TaskTaken,
    TaskUnknown,
)
from libs.contracts.states import Stage, Status
from libs.contracts.tickets import Margins, Media, Scaling, Sides, Ticket
from services.spooler.domain import advance
from services.spooler.rules.printing import RETRIES
from services.spooler.task import Ask, Cancel, Dispatched, Due, Interrupted, Step
from tests.spooler.deciding import deciding, printer
from tests.spooler.making import AGENT, PLACE, at_agent, converted, report, request, submission

NOW = 1_000_000
ID = "AGENT001-000000000001"
CONTINUE, REPRINT = PartialPolicy.CONTINUE, PartialPolicy.REPRINT


def failure(sure=3, **fields):
    told = {"reason": "aborted-by-system", "message": "The printer Paper gave it up.", "pages_done": sure, "pages_sure": sure}
    return report(TaskFailed, **{**told, **fields})


def printing(**changes):
    return at_agent(Stage.PRINTING, **{"sent": True, "pages": 10, "conversions": 1, **changes})


def test_it_goes_on_behind_the_sheets_that_are_on_paper_as_the_next_attempt_at_the_head_of_its_line():
    partly, asks = advance(printing(), Interrupted(failure(), CONTINUE), NOW)
    assert (partly.stage, partly.step, partly.conversions, asks) == (Stage.PARTIAL, Step.CONVERT, 2, (Ask.CONVERT,))
    assert (partly.pages, partly.pages_done, partly.lined, partly.place) == (10, 3, True, 0)
    assert partly.message == "The printer Paper gave it up. It goes on with page 4."
    assert advance(partly, converted(ID, attempt=1, pages=10), NOW)[0] is partly, "the whole of it came long ago"
    ready, _ = advance(partly, converted(ID, attempt=2, pages=7), NOW)
    assert (ready.stage, ready.step, ready.pages, ready.done_before, ready.lined) == (Stage.FETCHABLE, Step.NONE, 10, 3, True)
    sent, _ = advance(ready, Dispatched(NOW), NOW)
    begun, _ = advance(sent, report(TaskPrinting, attempt=2, pages_done=1), NOW)
    assert (begun.attempt, begun.pages_done) == (2, 4)
    done, _ = advance(begun, report(TaskPrinted, attempt=2, pages_done=7), NOW)
    assert (done.stage, done.pages, done.pages_done) == (Stage.COMPLETED, 10, 10)


def test_it_may_go_on_more_than_once_and_every_time_from_where_it_came_to():
    partly, _ = advance(printing(attempt=2, done_before=3), Interrupted(failure(2, attempt=2), CONTINUE), NOW)
    assert (partly.pages_done, partly.done_before) == (5, 3)
    ready, _ = advance(partly, converted(ID, attempt=2, pages=5), NOW)
    assert (ready.done_before, ready.pages) == (5, 10)


def test_it_begins_once_more_where_its_printers_owner_wants_that():
    again, asks = advance(printing(), Interrupted(failure(), REPRINT), NOW)
    assert (again.stage, again.step, again.lined, again.place, asks) == (Stage.FETCHABLE, Step.NONE, True, 0, ())
    assert (again.pages_done, again.failures) == (0, 1)


@pytest.mark.parametrize("policy", [CONTINUE, REPRINT])
@pytest.mark.parametrize(
    ("changes", "said", "stage"),
    [
        ({}, {"sure": 0, "pages_done": 3}, Stage.ABORTED),
        ({}, {"sure": 10}, Stage.ABORTED),
        ({"done_before": 8}, {"sure": 3}, Stage.ABORTED),
        ({"failures": len(RETRIES)}, {}, Stage.ABORTED),
        ({}, {"reason": "document-format-error"}, Stage.ABORTED),
        ({}, {"canceled": True}, Stage.CANCELED),
        ({"canceling": True}, {}, Stage.CANCELED),
    ],
)
def test_it_ends_where_nobody_can_say_what_the_rest_is_or_nobody_wants_it(policy, changes, said, stage):
    failed = failure(**said)
    ended, asks = advance(printing(**changes), Interrupted(failed, policy), NOW)
    assert (ended.stage, asks) == (stage, ())
    assert ended.pages_done == changes.get("done_before", 0) + failed.pages_done


def test_of_another_attempt_it_changes_nothing():
    second = printing(attempt=2)
    assert advance(second, Interrupted(failure(attempt=1), CONTINUE), NOW)[0] is second


def test_it_may_be_canceled_while_its_rest_is_made_ready_and_ends_when_that_cannot_be_done():
    partly, _ = advance(printing(), Interrupted(failure(), CONTINUE), NOW)
    canceled, _ = advance(partly, Cancel(), NOW)
    assert (canceled.stage, canceled.pages_done) == (Stage.CANCELED, 3)
    rejected = DocumentRejected(region="local", task=ID, attempt=2, reason="document-access-error", message="It is gone.")
    ended, _ = advance(partly, rejected, NOW)
    assert (ended.stage, ended.pages_done, ended.message) == (Stage.ABORTED, 3, "It is gone.")


def test_what_is_on_paper_is_not_forgotten_when_the_rest_is_lost_or_late():
    lost, _ = advance(printing(done_before=3, unknown=UnknownPolicy.REPRINT), report(TaskUnknown, message="power cut"), NOW)
    assert (lost.stage, lost.pages_done, lost.lined) == (Stage.FETCHABLE, 3, True)
    late, _ = advance(replace(lost, expires_at=NOW), Due(NOW), NOW)
    assert (late.stage, late.message) == (Stage.CANCELED, "Its time was over before the rest of it could be printed.")


def continuing(policy=CONTINUE):
    entry = printer()
    return replace(entry, device=replace(entry.device, partial=policy))


def whole(attempt, pages):
    """A conversion with something left for the printer to do."""
    left = Ticket(sides=Sides.TWO_SIDED_LONG_EDGE, media=Media(21000, 29700), tray="tray-2")
    document = Printable(content=Inline(b"%%PDF of %d" % pages), pages=pages)
    return DocumentConverted(region="local", task=ID, attempt=attempt, document=document, ticket=left)


async def test_the_rest_is_cut_out_of_what_was_finished_and_nothing_else_is_done_to_it(tmp_path):
    async with deciding(tmp_path, "", continuing()) as world:
        await world.submit(submission(request(1)))
        await world.report(whole(1, 10))
        world.taken(), world.taken("CONVERT"), world.taken("PRINT")
        await world.report(report(TaskTaken), report(TaskPrinting))
        await world.report(failure(4))
        updates = [(event.old_status, event.new_status) for event in world.taken() if event.kind == "UpdateTaskStatus"]
        assert updates == [(Status.QUEUED, Status.PRINTING), (Status.PRINTING, Status.PARTIAL_PRINTED)]
        (asked,) = world.taken("CONVERT")
        assert (asked.attempt, asked.document.format, asked.document.content) == (2, Format.PDF, Inline(b"%PDF of 10"))
        wanted = replace(whole(1, 10).ticket, page_ranges=((5, 10),), scaling=Scaling.NONE)
        assert (asked.ticket, asked.rendered_from, asked.finish) == (wanted, None, True)
        assert (asked.target.margins, asked.target.media, asked.target.monochrome) == (Margins(0, 0, 0, 0), None, True)
        await world.report(whole(2, 6))
        (order,) = world.taken("PRINT")
        assert (order.attempt, order.document.pages) == (2, 6)
        query = GetMaterial(region="local", tenant="main", sn=AGENT, task=ID)
        material = await world.ask(query)
        assert (material.before, material.printable, material.left, material.two_sided) == (
            4,
            order.document,
            order.ticket,
            True,
        )
        await world.report(TaskPrinted(**PLACE, task=ID, attempt=2, pages_done=6))
        done = await world.task(ID)
        assert (done.stage, done.pages, done.pages_done, done.done_before) == (Stage.COMPLETED, 10, 10, 4)
        assert [event.kind for event in world.taken()].count("EndTask") == 1


@pytest.mark.parametrize("policy", [PartialPolicy.GIVE_UP, REPRINT])
async def test_otherwise_the_printers_owner_decides_when_it_happens(tmp_path, policy):
    async with deciding(tmp_path, "", continuing(CONTINUE)) as world:
        await world.submit(submission(request(1)))
        await world.report(whole(1, 10))
        world.taken("PRINT")
        world.mirror.put(continuing(policy))
        await world.report(report(TaskTaken), failure())
        ended = await world.task(ID)
        assert (ended.stage is Stage.ABORTED, ended.attempt) == ((True, 1) if policy is PartialPolicy.GIVE_UP else (False, 2))
        assert [(order.attempt, order.document.pages) for order in world.taken("PRINT")] == ([(2, 10)] if policy is REPRINT else [])
