"""`previewTask`: what is asked of the converter, and what its client gets."""

import base64
from types import SimpleNamespace

import pytest

from libs.contracts.devices import Capabilities, Receipt
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, Document, Format, Inline, Printable, Stored
from libs.contracts.marks import Mark, Place
from libs.contracts.queries import Code, GetMaterial, Preview, PreviewDocument
from libs.contracts.tasks import PrinterRef, TaskRequest
from libs.contracts.tickets import Media, Ticket
from libs.runtime.bus import Refused
from tests.gateway.fakes import SN, door, printer

SHOWN = Preview(content=Inline(b"png"), pages=3, width=10, height=20)
A4 = Media(21000, 29700)


def material(rig, printable=None, **request):
    """A submitted task of this client, on its printer Office."""
    office = printer("Office").device
    asked = TaskRequest(
        id="t1",
        name="a name",
        printer=PrinterRef(SN, office.id, office.name),
        document=Document(Format.TEXT, Inline(b"words")),
        ticket=Ticket(media=A4),
        **request,
    )
    rig.bus.answers[GetMaterial] = SimpleNamespace(request=asked, printable=printable)
    return asked


def asked(rig) -> PreviewDocument:
    return next(query for query in reversed(rig.bus.asked) if isinstance(query, PreviewDocument))


async def test_a_submitted_task_is_shown_as_its_printer_gets_it(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[PreviewDocument] = SHOWN
        printable = Printable(Stored("main/t1/printable", 5, "00"))
        material(rig, printable)
        answer = await rig.command("previewTask", {"taskId": "t1", "page": 2, "dpi": "150"})
        assert answer["data"] == {
            "image": base64.b64encode(b"png").decode(),
            "mediaFormat": "PNG",
            "page": 2,
            "pages": 3,
            "width": 10,
            "height": 20,
        }
        query = asked(rig)
        assert (query.printable, query.document, query.page, query.dpi) == (printable, None, 2, 150)


async def test_one_that_is_not_made_yet_is_made_for_its_printer(tmp_path):
    async with door(tmp_path) as rig:
        rig.mirror.put(printer(capabilities=Capabilities(default_media=A4)))
        rig.bus.answers[PreviewDocument] = SHOWN
        request = material(rig)
        assert (await rig.command("previewTask", {"taskId": "t1"}))["success"]
        query = asked(rig)
        assert (query.document, query.ticket, query.name, query.client) == (request.document, request.ticket, "a name", SN)
        assert (query.target.media, query.target.name) == (A4, "Office")


async def test_a_receipt_is_made_again_for_the_eye(tmp_path):
    async with door(tmp_path) as rig:
        able = Capabilities(formats=(ESCPOS_MEDIA_TYPE,), receipt=Receipt(width=384))
        rig.mirror.put(printer(capabilities=able))
        rig.bus.answers[PreviewDocument] = SHOWN
        material(rig, Printable(Inline(b"\x1b@"), ESCPOS_MEDIA_TYPE))
        await rig.command("previewTask", {"taskId": "t1"})
        assert asked(rig).printable is None
        assert asked(rig).target.receipt == Receipt(width=384)


async def test_a_task_may_be_seen_before_it_is_submitted(tmp_path):
    async with door(tmp_path) as rig:
        rule = Mark(Place.HEADER, "rule")
        rig.mirror.put(printer(marks=(rule,)))
        rig.bus.answers[PreviewDocument] = SHOWN
        task = {"content": "<p>x" + " " * 20_000, "mediaFormat": "HTML", "mediaSource": "STRING", "watermark": "DRAFT"}
        assert (await rig.command("previewTask", {"task": task}))["success"]
        query = asked(rig)
        assert [mark.text for mark in query.ticket.marks] == ["rule", "DRAFT"]
        assert isinstance(query.document.content, Stored)
        assert rig.bus.published == []
        assert [found async for found in rig.gateway.documents.list()] == [], "nothing is kept"


async def test_a_picture_from_the_store_is_taken_out_of_it(tmp_path):
    async with door(tmp_path) as rig:
        size, digest = await rig.gateway.documents.put("main/preview-1/page", b"a large picture")
        stored = Stored("main/preview-1/page", size, digest)
        rig.bus.answers[PreviewDocument] = Preview(content=stored, pages=1, width=1, height=1)
        material(rig)
        answer = await rig.command("previewTask", {"taskId": "t1"})
        assert base64.b64decode(answer["data"]["image"]) == b"a large picture"
        assert [found async for found in rig.gateway.documents.list()] == []


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "taskId is missing"),
        ({"taskId": "t1", "task": {"content": "x"}}, "Write task or taskId, not both"),
        ({"taskId": "t1", "page": 0}, "page must be a whole number from 1"),
        ({"taskId": "t1", "dpi": 1200}, "dpi must be a whole number from 20 to 300"),
        ({"task": {"content": ""}}, "task.content is missing"),
        ({"task": {"content": "<p>x", "deviceName": "none"}}, "task.deviceName: there is no printer 'none'"),
    ],
)
async def test_what_is_wrong_is_named(tmp_path, data, sentence):
    async with door(tmp_path) as rig:
        answer = await rig.command("previewTask", data)
        assert answer["success"] is False
        assert answer["message"].startswith(sentence)


async def test_a_busy_converter_is_told_as_such_and_so_is_none(tmp_path):
    async with door(tmp_path) as rig:
        material(rig)
        for answer in (Refused(Code.BUSY, "Other previews are being made."), None):
            rig.bus.answers[PreviewDocument] = answer
            response = await rig.post({"command": "previewTask", "data": {"taskId": "t1"}})
            assert response.status_code == 503
            assert response.json()["success"] is False


async def test_what_cannot_be_shown_is_said(tmp_path):
    async with door(tmp_path) as rig:
        material(rig)
        rig.bus.answers[PreviewDocument] = Refused(Code.BAD_REQUEST, "There is no page 9: 1 page is printed.")
        answer = await rig.command("previewTask", {"taskId": "t1", "page": 9})
        assert answer["message"] == "There is no page 9: 1 page is printed."
