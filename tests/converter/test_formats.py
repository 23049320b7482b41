"""Formats beyond the protocol's first ones, each made anew and printed; and what only calls itself so."""

import pytest
from PIL import Image

from libs.contracts.devices import Target
from libs.contracts.documents import Format
from libs.contracts.tickets import Margins, Media, Orientation, Scaling, Ticket
from services.converter import officecheck, sniff
from services.converter.domain import A4, Rejected
from tests.converter import samples
from tests.converter.samples import ink, read
from tests.converter.test_pwg import drawing, raster

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENTS = [
    pytest.param(Format.ODT, lambda: samples.opened("odt"), 2, ["Word 中文", "second page"], id="odt"),
    pytest.param(Format.ODS, lambda: samples.opened("ods"), 1, ["a cell", "42", "表格"], id="ods"),
    pytest.param(Format.ODP, lambda: samples.opened("odp"), 2, ["Slide one", "幻灯片"], id="odp"),
    pytest.param(Format.ODG, lambda: samples.opened("odg"), 1, [], id="odg"),
    pytest.param(Format.ODF, samples.formula, 1, ["="], id="odf"),
    pytest.param(Format.WPS, lambda: samples.old("doc"), 2, ["Word 中文"], id="wps like doc"),
    pytest.param(Format.WPS, samples.excel, 1, ["a cell"], id="wps like xlsx"),
    pytest.param(Format.XPS, samples.xps, 1, ["Hello XPS"], id="xps"),
    pytest.param(Format.WEBP, lambda: samples.picture("WEBP"), 1, [], id="webp"),
    pytest.param(Format.PWG, lambda: raster(drawing("RGB"), drawing("RGB")), 2, [], id="pwg"),
]


@pytest.mark.parametrize(("kind", "data", "pages", "words"), DOCUMENTS)
async def test_a_document_is_on_the_printers_paper(convert, kind, data, pages, words):
    finished = await convert(kind, data(), Ticket(), Target(media=A4))
    paper = read(finished.path)
    assert len(paper.texts) == finished.pages == pages
    assert all(one in paper.text for one in words), paper.text
    assert all(tuple(sorted(size)) == (21000, 29700) for size in paper.sizes)
    assert ink(finished.path)


@pytest.mark.parametrize(
    ("kind", "data", "sentence"),
    [
        (Format.ODT, samples.word, "write WORD as its format"),
        (Format.WORD, lambda: samples.opened("odt"), "write ODT as its format"),
        (Format.ODS, lambda: samples.opened("odt"), "write ODT as its format"),
        (Format.XPS, samples.word, "write WORD as its format"),
        (Format.XPS, lambda: samples.xps()[:900], "damaged ZIP archive"),
        (Format.XPS, lambda: samples.repacked(samples.xps(), {"1.fpage": b"<FixedPage"}), "XPS document is damaged"),
        (Format.ODF, lambda: samples.formula("<mi>a"), "formula is damaged"),
        (Format.ODF, lambda: samples.repacked(samples.formula(), {"content.xml": b"<x/>"}), "formula is damaged"),
        (Format.WEBP, lambda: samples.picture("PNG"), "this is a PNG image"),
        (Format.WEBP, lambda: samples.picture("WEBP")[:40], "damaged"),
        (Format.PNG, lambda: samples.picture("WEBP"), "write WEBP as its format"),
        (Format.WPS, lambda: samples.opened("odt"), "write ODT as its format"),
    ],
)
async def test_what_only_calls_itself_so_is_refused_with_a_sentence(convert, kind, data, sentence):
    with pytest.raises(Rejected, match=sentence):
        await convert(kind, data())


@pytest.mark.parametrize("kind", [Format.ODT, Format.ODF, Format.XPS])
async def test_bombs_are_refused_before_anything_opens_them(convert, kind):
    data = {Format.ODT: lambda: samples.opened("odt"), Format.ODF: samples.formula, Format.XPS: samples.xps}[kind]()
    with pytest.raises(Rejected, match="as bombs do"):
        await convert(kind, samples.repacked(data, {"extra.xml": bytes(300_000_000)}))
    with pytest.raises(Rejected, match="entities"):
        await convert(kind, samples.repacked(data, {"content.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}))


async def test_a_locked_opendocument_is_refused_as_such():
    locked = b"<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"
    data = samples.repacked(samples.opened("odt"), {"META-INF/manifest.xml": locked})
    with pytest.raises(Rejected, match="protected by a password"):
        officecheck.inspect(data, Format.ODT, 10**8)


async def test_documents_are_told_by_their_bytes():
    assert sniff.looks(samples.xps()) is sniff.XPS
    assert sniff.looks(samples.opened("odg")) is sniff.ODG
    assert sniff.looks(samples.picture("WEBP")).format is Format.WEBP
    assert sniff.looks(raster(drawing("L"), mode="L")).format is Format.PWG


@pytest.mark.parametrize(
    ("dpi", "size"), [(None, 400 / 96 * 2540), ((300, 300), 400 / 300 * 2540), ((1, 1), 400 / 96 * 2540)], ids=str
)
async def test_an_image_of_its_own_size_is_as_large_as_its_resolution_says(convert, dpi, size):
    data = samples.saved(Image.new("RGB", (400, 300), "blue"), format="PNG", **({"dpi": dpi} if dpi else {}))
    finished = await convert(Format.PNG, data, Ticket(media=A4, scaling=Scaling.NONE, orientation=Orientation.PORTRAIT))
    left, _, right, _ = ink(finished.path)
    assert right - left == pytest.approx(size, abs=40)


@pytest.mark.parametrize("kind", [Format.HTML, Format.TEXT])
async def test_a_percentage_makes_letters_larger_and_lines_shorter(convert, kind):
    texts = {}
    for zoom in (100, 200):
        ticket = Ticket(media=A4, scaling=Scaling.NONE, zoom=zoom)
        finished = await convert(kind, b"word " * 900, ticket)
        paper = read(finished.path)
        assert set(paper.sizes) == {(21000, 29700)}
        assert finished.warnings == ()
        left, _, right, _ = ink(finished.path)
        assert 950 <= left < 1500, "the margin stays, a page's own edge grows with it"
        assert right <= 20100
        texts[zoom] = paper
    assert len(texts[200].texts) > len(texts[100].texts)
    assert texts[200].text.split() == texts[100].text.split()


HELD = [
    pytest.param(Format.HTML, lambda: b"<p>words", Ticket(media=A4, margins=Margins(left=3000)), id="html"),
    pytest.param(Format.TEXT, lambda: b"words", Ticket(margins=Margins(left=3000), copies=2, number_up=2), id="text"),
    pytest.param(Format.PNG, lambda: samples.picture("PNG"), Ticket(media=Media(29700, 42000)), id="png"),
    pytest.param(Format.PNG, lambda: samples.picture("PNG"), Ticket(media=A4, scaling=Scaling.NONE), id="png as it is"),
    pytest.param(Format.PDF, lambda: samples.pages("a", "b", "c"), Ticket(page_ranges=((2, 3),), reverse=True), id="pdf"),
    pytest.param(Format.TEXT, lambda: b"words", Ticket(scaling=Scaling.NONE, zoom=150), id="text larger"),
]


@pytest.mark.parametrize(("kind", "data", "ticket"), HELD)
async def test_what_was_only_rendered_is_finished_later_as_if_at_once(converter, tmp_path, kind, data, ticket):
    target = Target(media=A4, name="Later")
    whole = await _convert(converter, tmp_path / "whole", samples.order(kind, ticket, target), data())
    held = await _convert(converter, tmp_path / "held", samples.order(kind, ticket, finish=False), data())
    assert held.ticket == ticket
    second = samples.order(Format.PDF, ticket, target, rendered_from=kind)
    later = await _convert(converter, tmp_path / "later", second, held.path.read_bytes())
    assert later.ticket == whole.ticket
    assert read(later.path) == read(whole.path)
    assert ink(later.path) == pytest.approx(ink(whole.path), abs=60)


async def _convert(converter, work, order, data):
    work.mkdir()
    (work / "source").write_bytes(data)
    return await converter.convert(order, work / "source", work)
