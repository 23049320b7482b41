"""From every pair of format and source to paper: text, pages, sizes, and what is left for the printer."""

import pypdfium2
import pytest

from libs.contracts.devices import Target
from libs.contracts.documents import Format, SealedRequest
from libs.contracts.tickets import Collate, ColorMode, Margins, Media, Orientation, Sides, Ticket
from services.converter.domain import A4
from services.converter.grey.seen import colored
from tests.converter import samples
from tests.converter.grey.drawings import UNDERSTOOD
from tests.converter.samples import ink, read
from tests.converter.servers import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

A5 = Media(14800, 21000)
LABEL = Media(10000, 15000)
LOCAL = ("doc", "xls", "ppt", "text")
HTML = "<h1>标题 heading</h1><p id=p>blank</p><script>p.textContent = 'by script'</script>".encode()

#: The 15 pairs of webprinter.md 1.5, PDF, and the old binary formats: format, bytes, pages, words on them.
DOCUMENTS = [
    pytest.param(Format.HTML, lambda: HTML, 1, ["标题 heading", "by script"], id="html"),
    pytest.param(Format.PNG, lambda: samples.picture("PNG"), 1, [], id="png"),
    pytest.param(Format.JPG, lambda: samples.picture("JPEG"), 1, [], id="jpg"),
    pytest.param(Format.BMP, lambda: samples.picture("BMP"), 1, [], id="bmp"),
    pytest.param(Format.WORD, samples.word, 2, ["Word 中文", "second page"], id="docx"),
    pytest.param(Format.WORD, lambda: samples.old("doc"), 2, ["Word 中文"], id="doc"),
    pytest.param(Format.EXCEL, samples.excel, 1, ["a cell", "42", "表格"], id="xlsx"),
    pytest.param(Format.EXCEL, lambda: samples.old("xls"), 1, ["a cell", "42"], id="xls"),
    pytest.param(Format.PPT, samples.slides, 2, ["Slide one", "幻灯片"], id="pptx"),
    pytest.param(Format.PPT, lambda: samples.old("ppt"), 2, ["Slide one"], id="ppt"),
    pytest.param(Format.TEXT, "第一行 first\n\fsecond".encode, 2, ["第一行 first", "second"], id="text"),
    pytest.param(Format.PDF, lambda: samples.pages("one", "two", "three"), 3, ["one", "three"], id="pdf"),
]


@pytest.mark.parametrize(("kind", "data", "pages", "words"), DOCUMENTS)
async def test_a_document_given_as_bytes_is_on_the_printers_paper(convert, kind, data, pages, words):
    finished = await convert(kind, data(), target=Target(media=A4))
    paper = read(finished.path)
    assert len(paper.texts) == finished.pages == pages
    assert all(one in paper.text for one in words), paper.text
    assert all(tuple(sorted(size)) == (21000, 29700) for size in paper.sizes)
    assert finished.ticket.media == A4


@pytest.mark.parametrize(("kind", "data", "pages", "words"), [row for row in DOCUMENTS if row.id not in LOCAL])
async def test_a_document_at_an_address_is_fetched(convert, kind, data, pages, words):
    async with serving({"/doc": data()}) as server:
        finished = await convert(kind, SealedRequest(f"{server.url}/doc", (("Cookie", "session=1"),)), target=Target(media=A4))
    assert finished.pages == pages
    assert all(one in read(finished.path).text for one in words)
    assert server.seen[0].headers["cookie"] == "session=1"


SHEETS = [
    (Ticket(media=A5), (14800, 21000)),
    (Ticket(media=LABEL), (10000, 15000)),
    (Ticket(media=Media(5700, 3200), margins=Margins(100, 100, 100, 100)), (5700, 3200)),
    (Ticket(media=A5, orientation=Orientation.LANDSCAPE), (21000, 14800)),
    (Ticket(media=A5, orientation=Orientation.REVERSE_PORTRAIT), (14800, 21000)),
    (Ticket(media=Media(21590, 27940), orientation=Orientation.REVERSE_LANDSCAPE), (27940, 21590)),
]


@pytest.mark.parametrize(("ticket", "size"), SHEETS, ids=str)
@pytest.mark.parametrize("kind", [Format.HTML, Format.TEXT, Format.PNG, Format.WORD, Format.EXCEL, Format.PPT, Format.PDF])
async def test_the_sheet_is_the_tickets_to_a_tenth_of_a_millimetre(convert, kind, ticket, size):
    data = {
        Format.HTML: b"<p>words</p>",
        Format.TEXT: b"words",
        Format.PNG: samples.picture("PNG"),
        Format.WORD: samples.word(),
        Format.EXCEL: samples.excel(),
        Format.PPT: samples.slides(),
        Format.PDF: samples.pages("words"),
    }[kind]
    finished = await convert(kind, data, ticket)
    for seen in read(finished.path).sizes:
        if ticket.orientation is None:  # the sheet lies as it serves the content best
            seen, size = sorted(seen), sorted(size)  # noqa: PLW2901
        assert seen == pytest.approx(size, abs=10)
    assert finished.ticket.media == ticket.media
    assert finished.ticket.orientation is None


async def test_margins_of_the_ticket_are_exact(convert):
    ticket = Ticket(media=A5, margins=Margins(top=1500, right=500, bottom=700, left=2500))
    page = b"<style>@page{margin:1mm} *{margin:0;padding:0} div{background:#000;height:300mm}</style><div></div>"
    for kind, data in (
        (Format.HTML, page),
        (Format.TEXT, ("█" * 2000).encode()),
        (Format.PDF, samples.pages("x", size=(419.53, 595.28))),
    ):
        finished = await convert(kind, data, ticket)
        left, top, right, bottom = ink(finished.path)
        assert left >= 2500 - 20, kind
        assert top >= 1500 - 20, kind
        assert right <= 14800 - 500 + 20, kind
        assert bottom <= 21000 - 700 + 30, kind
        if kind is Format.HTML:
            assert (left, top, right, bottom) == pytest.approx((2500, 1500, 14300, 20300), abs=35)  # a browser's pixel is 26


async def test_an_image_fills_the_printable_area(convert):
    target = Target(media=A5, margins=Margins(400, 400, 400, 400))
    finished = await convert(Format.PNG, samples.picture("PNG", (300, 600)), target=target)
    left, top, right, bottom = ink(finished.path)
    assert (top, bottom) == pytest.approx((400, 20600), abs=30)
    assert left + right == pytest.approx(14800, abs=40)


async def test_a_wide_image_lies_on_the_sheet_as_it_serves_it_best(convert):
    finished = await convert(Format.JPG, samples.picture("JPEG", (800, 200)), Ticket(media=A4))
    assert read(finished.path).sizes == [(29700, 21000)]


async def test_pages_are_chosen_put_together_and_repeated(convert):
    ticket = Ticket(media=A4, page_ranges=((2, 5),), number_up=2, copies=3)
    finished = await convert(Format.PDF, samples.pages("p1", "p2", "p3", "p4", "p5", "p6"), ticket)
    paper = read(finished.path)
    assert [text.split() for text in paper.texts] == [["p2", "p3"], ["p4", "p5"]] * 3
    assert set(paper.sizes) == {(29700, 21000)}
    assert finished.ticket.copies == 1


async def test_what_the_printer_can_do_is_left_to_it(convert):
    ticket = Ticket(copies=3, collate=Collate.COLLATED, sides=Sides.TWO_SIDED_LONG_EDGE, color=ColorMode.MONOCHROME)
    target = Target(max_copies=99, collates=(Collate.COLLATED,), media=A4)
    finished = await convert(Format.PDF, samples.pages("p1", "p2", "p3"), ticket, target)
    assert finished.pages == 3
    assert (finished.ticket.copies, finished.ticket.collate) == (3, Collate.COLLATED)
    assert (finished.ticket.sides, finished.ticket.color) == (Sides.TWO_SIDED_LONG_EDGE, ColorMode.MONOCHROME)


async def test_a_document_without_any_sheet_keeps_its_own(convert):
    label = b"<style>@page{size:100mm 60mm;margin:0}</style>label"
    finished = await convert(Format.HTML, label)
    assert read(finished.path).sizes == [pytest.approx((10000, 6000), abs=10)]
    assert finished.ticket.media == Media(6000, 10000)
    finished = await convert(Format.PDF, samples.pages("x", size=(300, 200)))
    assert read(finished.path).sizes == [pytest.approx((10583, 7056), abs=10)]


async def test_a_page_does_not_choose_the_printers_paper(convert):
    page = b"<style>@page{size:A3 landscape}</style>words"
    finished = await convert(Format.HTML, page, Ticket(media=A5, orientation=Orientation.PORTRAIT))
    assert read(finished.path).sizes == [(14800, 21000)]
    finished = await convert(Format.HTML, page, Ticket(media=A5))
    assert read(finished.path).sizes == [(21000, 14800)], "how it lies was left to the page"


async def test_script_and_background_are_the_tasks_choice(convert):
    page = b"<body style='background:#000'><p id=p style='color:#fff'>quiet</p><script>p.textContent='loud'</script>"
    finished = await convert(Format.HTML, page, Ticket(media=A5), javascript=False, background=False)
    landscape = Ticket(media=A5, orientation=Orientation.LANDSCAPE, margins=Margins(1000, 1000, 1000, 1000))
    assert (await convert(Format.HTML, page, landscape, javascript=False)).pages == 1
    finished = await convert(Format.HTML, page, Ticket(media=A5), javascript=False, background=False)
    assert "quiet" in read(finished.path).text
    left, _, right, _ = ink(finished.path)
    assert right - left < 10000, "only the words are there"
    finished = await convert(Format.HTML, page, Ticket(media=A5), javascript=True, background=True)
    assert "loud" in read(finished.path).text
    left, _, right, _ = ink(finished.path)
    assert right - left > 10000


async def test_words_in_an_old_encoding_are_read(convert):
    finished = await convert(Format.HTML, "<meta charset=gbk><p>中文网页</p>".encode("gbk"))
    assert "中文网页" in read(finished.path).text
    finished = await convert(Format.TEXT, "中文文本".encode("gb18030"))
    assert "中文文本" in read(finished.path).text


async def test_a_spreadsheet_is_laid_out_on_the_tickets_sheet(convert):
    finished = await convert(Format.EXCEL, samples.excel(), Ticket(media=A5, orientation=Orientation.LANDSCAPE))
    left, _, right, _ = ink(finished.path)
    assert read(finished.path).sizes == [(21000, 14800)]
    assert right - left > 2000, "the cells have their own size"


async def test_asking_for_pages_past_the_end_is_remarked_on(convert):
    finished = await convert(Format.WORD, samples.word(), Ticket(page_ranges=((2, 9),)))
    assert finished.pages == 1
    assert finished.warnings == ("The pages 2-9 were asked for, but the document has 2 pages.",)


async def test_rare_characters_of_a_text_are_printed_by_the_browser(convert):
    finished = await convert(
        Format.TEXT, "收件人 𠮷田\nשלום\fsecond".encode(), Ticket(media=A5, margins=Margins(1000, 1000, 1000, 1000))
    )
    paper = read(finished.path)
    assert paper.sizes == [(14800, 21000)] * 2
    assert "𠮷田" in paper.texts[0]
    assert "second" in paper.texts[1]
    assert ink(finished.path)[0] == pytest.approx(1000, abs=60)


COLORFUL = """<meta charset=utf-8><style>h1{color:#c00;background:linear-gradient(90deg,#fc0,#06c)} p{color:rgba(0,128,0,.5)}
div{width:90px;height:90px;background:radial-gradient(#f0f,#0f0);box-shadow:4px 4px 6px red;border-radius:9px}</style>
<h1>Red words</h1><p>green words 中文</p><div></div>
<svg width=90 height=90><circle cx=45 cy=45 r=40 fill=orange /></svg>""".encode()


@pytest.mark.parametrize("color", [ColorMode.MONOCHROME, ColorMode.BI_LEVEL])
@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        (Format.PDF, lambda: UNDERSTOOD["inks"], ["Readable"]),
        (Format.HTML, lambda: COLORFUL, ["Red words", "green words 中文"]),
        (Format.JPG, lambda: samples.picture("JPEG"), []),
        (Format.PNG, lambda: samples.picture("PNG"), []),
        (Format.WORD, samples.word, ["Word 中文"]),
    ],
    ids=["PDF", "HTML", "JPG", "PNG", "WORD"],
)
async def test_a_printer_that_cannot_leave_colours_away_gets_grey_paper(convert, kind, data, words, color):
    finished = await convert(kind, data(), Ticket(color=color), Target(media=A4, monochrome=False))
    document = pypdfium2.PdfDocument(finished.path)
    assert not any(colored(page.render(scale=1.5).to_pil()) for page in document)
    document.close()
    assert all(one in read(finished.path).text for one in words), "text stays text"
    assert finished.ticket.color is color


async def test_a_printer_that_can_gets_its_colours(convert):
    finished = await convert(Format.HTML, COLORFUL, Ticket(color=ColorMode.MONOCHROME), Target(media=A4))
    document = pypdfium2.PdfDocument(finished.path)
    assert colored(document[0].render(scale=1).to_pil())
    document.close()
