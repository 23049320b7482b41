"""Tasks in the words of the protocol's relatives are understood where they mean one thing."""

import base64

import pytest

from libs.contracts.documents import Format, Inline, Remote
from libs.contracts.tickets import Media
from tests.gateway.fakes import SN, door

PDF = base64.b64encode(b"%PDF-1.7 x").decode()

#: Old task -> format, where the content is, name.
OLD = {
    "type HTML": ({"type": "HTML", "html": "<p>x</p>", "name": "a"}, Format.HTML, Inline, "a"),
    "type HTML in content": ({"type": "HTML", "content": "<p>x</p>"}, Format.HTML, Inline, None),
    "type URL": ({"type": "URL", "content": "http://example.com/x"}, Format.HTML, Remote, "x"),
    "type PDFURL": ({"type": "PDFURL", "content": "http://example.com/print"}, Format.PDF, Remote, "print"),
    "type PDF": ({"type": "PDF", "content": PDF}, Format.PDF, Inline, None),
    "type pdfurl": ({"type": "pdfUrl", "content": "http://example.com/print"}, Format.PDF, Remote, "print"),
    "html alone": ({"html": "no tags at all"}, Format.HTML, Inline, None),
    "url alone": ({"url": "http://example.com/a.docx", "fileName": "b"}, Format.WORD, Remote, "b"),
    "url with a format": ({"url": "http://example.com/a", "mediaFormat": "PNG"}, Format.PNG, Remote, "a"),
    "taskName": ({"content": "x", "mediaFormat": "TEXT", "taskName": "c"}, Format.TEXT, Inline, "c"),
    "its own words count": ({"content": "x", "mediaFormat": "TEXT", "name": "d", "taskName": "e"}, Format.TEXT, Inline, "d"),
}


@pytest.mark.parametrize(("task", "kind", "where", "name"), OLD.values(), ids=OLD.keys())
async def test_old_words_for_a_document(tmp_path, task, kind, where, name):
    async with door(tmp_path) as rig:
        made = await rig.printed(**task)
        assert made.document.format is kind
        assert isinstance(made.document.content, where)
        assert made.name == (name or made.id)


@pytest.mark.parametrize("words", [{"printer": "Label"}, {"printerName": "Label"}, {"deviceName": "Label", "printer": "Nowhere"}])
@pytest.mark.parametrize("owner", [{}, {"sn": SN}, {"shareSn": SN}])
async def test_old_words_for_a_printer(tmp_path, words, owner):
    async with door(tmp_path) as rig:
        made = await rig.printed(content="x", mediaFormat="TEXT", **words, **owner)
        assert made.printer.name == "Label"


@pytest.mark.parametrize(
    "config",
    [
        {"paper": {"name": "mine", "width": 100, "height": 150}},
        {"paperConfig": {"width": "100", "height": 150.0}},
        {"width": 100, "height": 150},
        {"width": 1, "height": 1, "paper": {"width": 100, "height": 150}},
    ],
)
async def test_old_words_for_a_sheet(tmp_path, config):
    async with door(tmp_path) as rig:
        made = await rig.printed(content="x", mediaFormat="TEXT", config=config)
        assert made.ticket.media == Media(10_000, 15_000)


async def test_a_type_that_nobody_knows_is_refused(tmp_path):
    async with door(tmp_path) as rig:
        assert "task.type must be one of URL, HTML, PDFURL, PDF" in await rig.refused(type="XPS", content="x")


async def test_a_task_may_stand_in_the_data_itself(tmp_path):
    async with door(tmp_path) as rig:
        answer = await rig.command("newPrintTask", {"content": "x", "mediaFormat": "TEXT"})
        assert answer["success"]
        for nothing in ({}, None, {"task": None}, {"name": "x"}, {"task": ""}):
            answer = await rig.command("newPrintTask", nothing)
            assert answer["message"].startswith("task is missing")
        several = await rig.command("newPrintTask", {"tasks": [{"content": "x"}]})
        assert several["message"] == "task is missing: write the task to print as an object; several go to newPrintTaskBatch."
