"""Previews: the page as it would be printed, and a refusal at once where too many are wanted."""

import asyncio
import io
from dataclasses import replace

import pytest
from PIL import Image

from libs.contracts.devices import Receipt, Target
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, Document, Format, Inline, Printable, Remote, Stored
from libs.contracts.marks import Mark, Place
from libs.contracts.queries import Code, PreviewDocument
from libs.contracts.tickets import ColorMode, Ticket
from libs.runtime.bus import Refused
from libs.runtime.documents import Documents
from libs.runtime.seal import Unopenable
from services.converter.domain import A4
from services.converter.previews import Previews
from services.converter.workplace import workplace
from tests.converter import samples
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Locked:
    """An opener with another key."""

    def open(self, _sealed):
        raise Unopenable


def previews(converter, folder, **given):
    wanted = {"limit": 2, "patience": 30.0, **given}
    place = workplace(folder / "work")
    return Previews(converter=converter, documents=Documents("", folder), opener=Locked(), workplace=place, **wanted)


def query(kind=Format.TEXT, data=b"words", **given):
    document = Document(kind, Inline(data))
    return PreviewDocument(**{"region": "local", "tenant": "acme", "document": document, "target": Target(media=A4), **given})


async def picture(made, preview):
    content = preview.content
    data = content.data if isinstance(content, Inline) else await made._documents.get(content.name)
    return Image.open(io.BytesIO(data)).convert("RGB")


async def test_a_page_is_as_large_as_its_resolution_says(converter, tmp_path):
    made = previews(converter, tmp_path)
    preview = await made.on_preview(query(data=b"one\ftwo", page=2, dpi=100))
    assert (preview.pages, preview.width, preview.height) == (2, 827, 1170)
    shown = await picture(made, preview)
    assert shown.size == (827, 1170)
    assert list((tmp_path / "work").iterdir()) == []


async def test_marks_and_colours_are_those_of_the_paper(converter, tmp_path):
    made = previews(converter, tmp_path)
    marks = (Mark(Place.WATERMARK, "RED", size=0, color="ff0000"),)
    colored = await picture(made, await made.on_preview(query(ticket=Ticket(marks=marks))))
    black = await picture(made, await made.on_preview(query(ticket=Ticket(marks=marks, color=ColorMode.MONOCHROME))))
    assert (255, 0, 0) in {color for _, color in colored.getcolors(10**6)}
    assert all(red == green == blue for _, (red, green, blue) in black.getcolors(10**6))


async def test_what_is_finished_is_shown_as_it_is(converter, tmp_path):
    made = previews(converter, tmp_path)
    printable = Printable(Inline(samples.pages("a", "b", size=(72, 144))))
    preview = await made.on_preview(query(document=None, printable=printable, page=2, dpi=20))
    assert (preview.pages, preview.width, preview.height) == (2, 20, 40)
    assert isinstance(preview.content, Inline)


async def test_a_receipt_is_shown_dot_by_dot(converter, tmp_path):
    made = previews(converter, tmp_path)
    target = Target(formats=(ESCPOS_MEDIA_TYPE,), receipt=Receipt(width=384))
    preview = await made.on_preview(query(target=target))
    assert preview.width == 384
    assert preview.height < 100
    assert len((await picture(made, preview)).getcolors()) == 2


async def test_a_large_picture_goes_to_the_store(converter, tmp_path):
    made = previews(converter, tmp_path)
    noise = samples.saved(Image.effect_noise((300, 300), 90), format="PNG")
    preview = await made.on_preview(query(Format.PNG, noise))
    assert isinstance(preview.content, Stored)
    assert preview.content.name.startswith("acme/preview-")


@pytest.mark.parametrize(
    ("asked", "code", "sentence"),
    [
        (query(page=9), Code.BAD_REQUEST, "There is no page 9: 1 page is printed."),
        (query(page=0), Code.BAD_REQUEST, "There is no such page"),
        (query(dpi=5000), Code.BAD_REQUEST, "There is no such page or resolution"),
        (query(Format.PDF, b"no pdf"), Code.BAD_REQUEST, "The task says PDF"),
        (query(Format.ZPL, b"^XA^XZ"), Code.BAD_REQUEST, "only its printer understands it"),
        (query(document=Document(Format.PDF, Stored("acme/t/source", 1, "0"))), Code.BAD_REQUEST, "not in the store any more"),
        (query(document=Document(Format.PDF, Remote("host", "x"))), Code.BAD_REQUEST, "sealed with another key"),
    ],
    ids=["page", "zero", "dpi", "broken", "raw", "lost", "locked"],
)
async def test_what_cannot_be_shown_is_refused_with_a_sentence(converter, tmp_path, asked, code, sentence):
    with pytest.raises(Refused) as refused:
        await previews(converter, tmp_path).on_preview(asked)
    assert refused.value.code is code
    assert sentence in refused.value.message


async def test_too_many_at_once_are_told_to_come_later(converter, tmp_path):
    made = previews(converter, tmp_path, limit=1)
    first = asyncio.create_task(made.on_preview(query(Format.HTML, b"<p>slow")))
    await until(lambda: made._busy == 1)
    with pytest.raises(Refused) as refused:
        await made.on_preview(query())
    assert refused.value.code is Code.BUSY
    assert (await first).pages == 1
    assert (await made.on_preview(query())).pages == 1


async def test_one_that_takes_too_long_is_given_up(converter, tmp_path):
    made = previews(converter, tmp_path, patience=0.3)
    page = b"<script>const end = Date.now() + 3000; while (Date.now() < end);</script>"
    asked = query(Format.HTML, page)
    with pytest.raises(Refused) as refused:
        await made.on_preview(replace(asked))
    assert refused.value.code is Code.BUSY
    assert list((tmp_path / "work").iterdir()) == []
