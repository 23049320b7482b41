"""Printing the rest of a task: of what was made for its printer, from the page behind those on paper or from any other."""

from dataclasses import replace

import pytest

from libs.contracts.documents import Document, Format, Inline, Printable, Stored
from libs.contracts.queries import GetMaterial, Material
from libs.contracts.states import Stage, Status
from libs.contracts.tickets import Media, Scaling, Sides, Ticket
from tests.gateway.fakes import door
from tests.gateway.webprinter.actions.test_again import OLD, REQUEST, retried
from tests.gateway.webprinter.actions.test_control import VIEW

LEFT = Ticket(media=Media(21000, 29700), tray="tray-2")
ENDED = replace(VIEW, stage=Stage.ABORTED, status=Status.ERROR, pages=10, pages_done=3)
TEN = Printable(Inline(b"%PDF of ten"), pages=10)


def material(rig, task=ENDED, **changes):
    rig.bus.answers[GetMaterial] = Material(**{"task": task, "request": REQUEST, "printable": TEN, "left": LEFT, **changes})


@pytest.mark.parametrize(
    ("given", "changes", "chosen"),
    [
        ("next", {}, (4, 10)),
        (" Next ", {}, (4, 10)),
        (4, {}, (4, 10)),
        ("10", {}, (10, 10)),
        (1, {}, (1, 10)),
        ("next", {"two_sided": True}, (3, 10)),  # the sheet that was being printed
        (4, {"two_sided": True}, (4, 10)),  # who writes a number has looked
        ("next", {"before": 3, "task": replace(ENDED, pages_done=5), "printable": replace(TEN, pages=7)}, (3, 7)),
        (9, {"before": 3, "printable": replace(TEN, pages=7)}, (6, 7)),
        (2, {"left": replace(LEFT, copies=3)}, (2, 10)),
        ("next", {"task": replace(ENDED, stage=Stage.CANCELED, status=Status.CANCELED)}, (4, 10)),
    ],
)
async def test_the_rest_is_chosen_of_the_finished_document_and_printed_as_the_pages_before_it(tmp_path, given, changes, chosen):
    async with door(tmp_path) as rig:
        material(rig, **changes)
        request = await retried(rig, fromPage=given, config={"copies": None}, priority=9)
        left = changes.get("left", LEFT)
        assert request.ticket == replace(left, page_ranges=(chosen,), scaling=Scaling.NONE)
        assert request.document == Document(Format.PDF, Inline(b"%PDF of ten"))
        assert (request.retry_of, request.printer, request.priority) == (OLD, REQUEST.printer, 9)


async def test_what_lies_in_the_store_is_copied_for_the_rest(tmp_path):
    async with door(tmp_path) as rig:
        name = f"main/{OLD}/printable"
        kept = Stored(name, *await rig.gateway.documents.put(name, b"x" * 9000))
        material(rig, printable=Printable(kept, pages=10))
        request = await retried(rig, fromPage="next")
        assert request.document.content == replace(kept, name=f"main/{request.id}/source")
        assert await rig.gateway.documents.get(request.document.content.name) == b"x" * 9000


@pytest.mark.parametrize(
    ("data", "changes", "sentence"),
    [
        ({"fromPage": 11}, {}, "fromPage must be a whole number from 1 to 10"),
        ({"fromPage": 0}, {}, "fromPage must be a whole number from 1 to 10"),
        ({"fromPage": "the fourth"}, {}, "fromPage must be next or the number of a printed page, from 1 to 10"),
        ({"fromPage": True}, {}, "fromPage must be a whole number"),
        ({"fromPage": "next"}, {"printable": None, "left": None}, "no pages that could be chosen"),
        ({"fromPage": "next"}, {"printable": replace(TEN, media_type="application/octet-stream")}, "no pages that could be chosen"),
        ({"fromPage": "next"}, {"task": replace(ENDED, pages_done=0)}, "nothing of this task is on paper"),
        ({"fromPage": "next"}, {"task": replace(ENDED, pages_done=10)}, "all 10 pages of this task are on paper"),
        ({"fromPage": "next"}, {"task": replace(ENDED, stage=Stage.COMPLETED, status=Status.FINISHED)}, "all 10 pages"),
        ({"fromPage": "next"}, {"task": replace(ENDED, stage=Stage.UNKNOWN, status=Status.PARTIAL_PRINTED)}, "when it has ended"),
        ({"fromPage": "next"}, {"left": replace(LEFT, copies=3)}, "how far each of its 3 copies came"),
        ({"fromPage": 2}, {"before": 3, "printable": replace(TEN, pages=7)}, "write 4 or more"),
        ({"fromPage": 4, "config": {"side": "DUPLEX"}}, {}, "leave out config, or fromPage"),
        ({"fromPage": 4, "deviceName": "Label"}, {}, "choose pages of the document with config.pageRanges"),
    ],
)
async def test_where_nobody_can_say_what_the_rest_is_it_says_what_to_write_instead(tmp_path, data, changes, sentence):
    async with door(tmp_path) as rig:
        material(rig, **changes)
        answer = await rig.command("retryTask", {"taskId": OLD, **data})
        assert answer["success"] is False
        assert sentence in answer["message"]
        assert rig.bus.published == []


async def test_without_it_all_is_printed_again(tmp_path):
    async with door(tmp_path) as rig:
        material(rig, left=replace(LEFT, sides=Sides.TWO_SIDED_LONG_EDGE))
        for nothing in (None, ""):
            request = await retried(rig, fromPage=nothing)
            assert (request.document, request.ticket) == (REQUEST.document, REQUEST.ticket)
