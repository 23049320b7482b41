"""Documents for receipt printers: what a printer makes of the bytes that it gets."""

import pytest

from libs.contracts.devices import Receipt, Target
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE, Format, Inline
from libs.contracts.marks import Mark, Place
from libs.contracts.tickets import Cut, Dither, Margins, Media, Scaling, Ticket
from services.converter import glyphs, images, receipts
from services.converter.domain import Rejected, Roll
from services.converter.workers import Limits
from tests.converter import samples
from tests.converter.escpos import printed
from tests.converter.samples import pages

ROLL = Target(formats=(ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE), receipt=Receipt(width=576, dpi=203, cut=Cut.PARTIAL))
HTML = "<style>body{margin:0}</style><h1>收据 receipt</h1><p>Tea 12.00</p><div style='height:20px;background:#888'></div>"

whole = pytest.mark.asyncio(loop_scope="module")


def job(data: bytes, *, cut: Cut = Cut.NONE, drawer: bool = False, dither: Dither = Dither.DIFFUSION, pixels=10**7, copies=1):
    glyphs.prepare()
    made = receipts.to_escpos(data, Roll(576, dither, cut, drawer, copies), Limits(100, pixels, 10**7))
    return printed(made.data)


def box(image) -> tuple[int, int, int, int]:
    return image.convert("L").point(lambda value: 255 - value).getbbox()


def test_a_page_is_as_wide_as_the_head_and_ends_with_its_content():
    paper = job(pages("word", size=(204, 800)))
    assert paper.width == 576
    assert len(paper.rows) == box(paper.image)[3] < 150


@pytest.mark.parametrize(
    ("asked", "events"),
    [
        ({}, ["reset", "raster", "feed 4"]),
        ({"cut": Cut.FULL}, ["reset", "raster", "feed 6", "full"]),
        ({"cut": Cut.PARTIAL, "drawer": True}, ["reset", "raster", "drawer", "feed 6", "partial"]),
    ],
)
def test_paper_is_cut_and_the_drawer_opened_once_at_the_end(asked, events):
    assert job(pages("a", "b", "c"), **asked).events == events


@pytest.mark.parametrize(
    ("cut", "between"),
    [(Cut.PARTIAL, ["feed 6", "partial"]), (Cut.FULL, ["feed 6", "full"]), (Cut.NONE, ["feed 4"])],
)
def test_each_copy_is_cut_off_from_the_next_and_the_drawer_opens_once(cut, between):
    twice = job(pages("a", "b", "a", "b"), cut=cut, copies=2, drawer=True)
    assert twice.events == ["reset", "raster", *between, "raster", "drawer", *between]


def test_pages_come_one_after_the_other_and_blank_ones_not_at_all():
    one, three = (len(job(pages(*words)).rows) for words in (("a",), ("a", "b", "c")))
    assert three == 3 * one
    assert job(pages("")).events == ["reset", "feed 4"]


def test_grey_is_scattered_or_cut_off():
    grey = samples.picture("PNG", (100, 100), (90, 90, 90))
    data = images.to_pdf(grey, "PNG", Limits(1, 10**6, 10**6))
    scattered, cut_off = (job(data, dither=dither).image.convert("L") for dither in Dither)
    dark = [image.histogram()[0] / (image.width * image.height) for image in (scattered, cut_off)]
    assert 0.6 < dark[0] < 0.9
    assert dark[1] == 1


def test_metres_of_paper_are_refused():
    with pytest.raises(Rejected, match="m of paper"):
        job(pages("x", size=(10, 14000)), pixels=10**6)


@whole
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (Format.HTML, HTML.encode),
        (Format.TEXT, "一行 text\nsecond".encode),
        (Format.PDF, lambda: pages("word")),
        (Format.PNG, lambda: samples.picture("PNG")),
        (Format.WORD, samples.word),
    ],
    ids=["html", "text", "pdf", "png", "word"],
)
async def test_every_document_becomes_raster_of_the_rolls_width(convert, kind, data):
    finished = await convert(kind, data(), Ticket(cut=Cut.FULL), ROLL)
    paper = printed(finished.path.read_bytes())
    assert finished.media_type == ESCPOS_MEDIA_TYPE
    assert finished.ticket == Ticket()
    assert paper.width == 576
    assert paper.events[0] == "reset"
    assert paper.events[-1] == "full"
    assert box(paper.image) is not None
    assert len(paper.rows) == box(paper.image)[3], "nothing white at the end"


@whole
async def test_a_page_is_laid_out_on_the_roll_and_is_as_long_as_what_stands_on_it(convert):
    rows = []
    for count in (5, 2000):
        finished = await convert(Format.HTML, f"<p>{'words ' * count}".encode(), None, ROLL)
        assert finished.pages == 1
        rows.append(len(printed(finished.path.read_bytes()).rows))
    assert rows[0] < 150
    assert rows[1] > 4000


@whole
async def test_a_page_as_high_as_its_window_makes_no_long_paper(convert):
    finished = await convert(Format.HTML, b"<body style='height:100vh;margin:0'><p>x", None, ROLL)
    assert len(printed(finished.path.read_bytes()).rows) < 150


@whole
async def test_letters_have_their_real_size(convert):
    """A line of 20 mm is 160 dots at 203 dpi, whatever the roll."""
    line = b"<div style='width:20mm;height:2mm;background:#000'></div>"
    for receipt in (Receipt(width=576), Receipt(width=384)):
        target = Target(formats=(ESCPOS_MEDIA_TYPE,), receipt=receipt)
        left, _, right, _ = box(printed((await convert(Format.HTML, line, None, target)).path.read_bytes()).image)
        assert right - left == pytest.approx(160, abs=3)


@whole
async def test_a_small_pdf_keeps_its_size_and_a_large_one_is_shrunk(convert):
    widths = []
    for size, ticket in (((150, 100), None), ((595, 842), None), ((150, 100), Ticket(scaling=Scaling.FIT))):
        finished = await convert(Format.PDF, pages("WWWW", size=size), ticket, ROLL)
        left, _, right, _ = box(printed(finished.path.read_bytes()).image)
        widths.append(right - left)
    assert widths[1] < widths[0] < widths[2]
    assert widths[2] / widths[0] == pytest.approx(204.3 / 150, rel=0.05)


@whole
async def test_margins_copies_and_marks_are_done_on_the_roll(convert):
    ticket = Ticket(margins=Margins(left=1000), copies=2, marks=(Mark(Place.HEADER, "HEAD"), Mark(Place.FOOTER, "FOOT {page}")))
    before = printed((await convert(Format.TEXT, b"body", None, ROLL)).path.read_bytes())
    marked = await convert(Format.TEXT, b"body", ticket, ROLL)
    after = printed(marked.path.read_bytes())
    assert marked.pages == 2
    assert after.events.count("partial") == 2, "one for the shop, one for the customer"
    assert len(after.rows) > 4 * len(before.rows), "marks have room of their own"
    assert box(after.image)[0] > box(before.image)[0]


@whole
async def test_another_sheet_is_told_to_count_for_nothing(convert):
    finished = await convert(Format.TEXT, b"x", Ticket(media=Media(21000, 29700)), ROLL)
    assert "roll of 72.07 mm" in finished.warnings[0]


@whole
@pytest.mark.parametrize("kind", [Format.ESCPOS, Format.ZPL, Format.TSPL, Format.RAW])
async def test_the_printers_own_languages_pass_untouched(convert, kind):
    data = bytes(range(256)) + b"^XA^XZ\r\n"
    finished = await convert(kind, data, Ticket(copies=3), Target(formats=(RAW_MEDIA_TYPE,)))
    assert finished.path.read_bytes() == 3 * data
    assert finished.media_type == RAW_MEDIA_TYPE
    assert finished.pages == 3
    assert finished.ticket == Ticket()


@whole
async def test_nothing_can_be_drawn_on_what_passes_untouched(convert):
    with pytest.raises(Rejected, match=r"ZPL goes to the printer untouched; leave out what cannot be done to it: rotate\."):
        await convert(Format.ZPL, b"^XA^XZ", Ticket(rotate=90), Target(formats=(RAW_MEDIA_TYPE,)))
    with pytest.raises(Rejected, match="leave out"):
        await convert(Format.RAW, b"x", Ticket(marks=(Mark(Place.HEADER, image=Inline(b"")),)))
