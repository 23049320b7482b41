"""Finishing, page by page."""

import io

import pikepdf
import pytest

from libs.contracts.tickets import Margins, Media, Orientation
from services.converter.domain import A4, Edges, Finishing, Rejected
from services.converter.finish import finish
from services.converter.workers import Limits
from tests.converter.samples import ink, pages, read, saved

LIMITS = Limits(pages=50, pixels=1000, bytes=1_000_000)
A4_POINTS = (595.276, 841.89)


def finished(data: bytes, **wanted: object):
    return finish(data, Finishing(**wanted), LIMITS)


def test_a_page_that_is_already_the_sheet_stays_as_it_is():
    made = finished(pages("one", size=(595.92, 842.88)), sheet=A4)
    assert read(made.data).sizes == [(21000, 29700)]
    with pikepdf.open(io.BytesIO(made.data)) as pdf:
        assert "/XObject" not in pdf.pages[0].obj.Resources


def test_a_larger_page_is_shrunk_and_a_smaller_one_is_centred():
    large, small = pages("large", size=(1190.55, 1683.78)), pages("small", size=(200, 200))
    assert ink(finished(large, sheet=A4).data)[0] == pytest.approx(350, abs=60)
    left, top, _, _ = ink(finished(small, sheet=A4).data)
    assert left == pytest.approx((21000 - 7056) / 2 + 705, abs=60)
    assert top > 10000


def test_what_a_printer_cannot_print_on_stays_white_when_a_page_is_fitted():
    made = finished(pages("x", size=(1190, 1684)), sheet=A4, unprintable=Edges(1000, 1000, 1000, 1000))
    assert ink(made.data)[0] > 1000


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_turned_page_is_finished_as_it_is_seen(rotate):
    data = pages("word", size=A4_POINTS, Rotate=rotate)
    made = finished(data)
    assert read(made.data).sizes == read(data).sizes
    assert ink(made.data) == pytest.approx(ink(data), abs=40)
    with pikepdf.open(io.BytesIO(made.data)) as pdf:
        assert "/Rotate" not in pdf.pages[0].obj


def test_only_the_visible_part_of_a_page_counts():
    data = pages("word", size=(600, 800), CropBox=pikepdf.Array([0, 700, 300, 800]))
    assert read(finished(data).data).sizes == [(10583, 3528)]


def test_reverse_portrait_stands_on_its_head():
    upright = ink(finished(pages("word"), sheet=A4).data)
    left, top, right, bottom = ink(finished(pages("word"), sheet=A4, orientation=Orientation.REVERSE_PORTRAIT).data)
    assert (21000 - right, 29700 - bottom, 21000 - left, 29700 - top) == pytest.approx(upright, abs=40)


def test_an_orientation_turns_the_sheet_not_the_words():
    made = finished(pages("word"), sheet=A4, orientation=Orientation.LANDSCAPE)
    left, top, right, bottom = ink(made.data)
    assert read(made.data).sizes == [(29700, 21000)]
    assert right - left > bottom - top


@pytest.mark.parametrize(
    ("number_up", "count", "size"),
    [(2, 3, (29700, 21000)), (4, 2, (21000, 29700)), (6, 1, (29700, 21000)), (16, 1, (21000, 29700))],
)
def test_several_pages_share_a_sheet(number_up, count, size):
    words = [f"w{number}" for number in range(1, 7)]
    paper = read(finished(pages(*words), sheet=A4, number_up=number_up).data)
    assert len(paper.texts) == count
    assert paper.text.split() == words
    assert set(paper.sizes) == {size}


def test_margins_hold_also_for_several_pages_on_a_sheet():
    made = finished(pages("a", "b"), sheet=A4, number_up=2, margins=Margins(2000, 2000, 2000, 2000))
    left, top, _, _ = ink(made.data)
    assert left >= 2000
    assert top >= 2000


@pytest.mark.parametrize(
    ("ranges", "words", "warned"),
    [
        (((1, 1),), ["p1"], False),
        (((2, 3),), ["p2", "p3"], False),
        (((3, 3), (1, 1)), ["p3", "p1"], False),
        (((2, 99),), ["p2", "p3"], True),
        (((3, 3), (7, 8)), ["p3"], True),
        (((1, 999_999_999),), ["p1", "p2", "p3"], True),
    ],
)
def test_page_ranges_choose_and_are_cut_at_the_end(ranges, words, warned):
    made = finished(pages("p1", "p2", "p3"), page_ranges=ranges)
    assert read(made.data).text.split() == words
    assert bool(made.warnings) == warned


def test_only_pages_that_do_not_exist_cannot_be_printed():
    with pytest.raises(Rejected, match=r"The pages 4-5, 9 do not exist: the document has 3 pages\."):
        finished(pages("p1", "p2", "p3"), page_ranges=((4, 5), (9, 9)))


def test_copies_in_the_pdf_begin_on_fronts_and_are_limited():
    made = finished(pages("p1", "p2", "p3"), copies=2, duplex=True)
    assert [text.strip() for text in read(made.data).texts] == ["p1", "p2", "p3", "", "p1", "p2", "p3"]
    with pytest.raises(Rejected, match="fewer copies"):
        finished(pages("p1", "p2"), copies=1000)


def test_too_many_pages_are_refused():
    with pytest.raises(Rejected, match="51 pages"):
        finished(pages(*["x"] * 51))


def test_form_fields_are_drawn():
    with pikepdf.open(io.BytesIO(pages("form"))) as pdf:
        font = pdf.pages[0].obj.Resources.Font.F0
        field = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T="name",
            V="filled in",
            DA="/F0 12 Tf 0 g",
            Rect=[50, 50, 250, 80],
            F=4,
        )
        widget = pdf.make_indirect(field)
        pdf.pages[0].obj.Annots = pikepdf.Array([widget])
        pdf.Root.AcroForm = pdf.make_indirect(
            pikepdf.Dictionary(
                Fields=pikepdf.Array([widget]),
                DA="/F0 12 Tf 0 g",
                NeedAppearances=True,
                DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(F0=font)),
            )
        )
        data = saved(pdf)
    assert "filled in" in read(finished(data).data).text


def test_the_same_document_gives_the_same_bytes():
    assert finished(pages("x"), sheet=A4, number_up=2).data == finished(pages("x"), sheet=A4, number_up=2).data


def test_a_page_of_its_own_size_is_exactly_the_sheet_that_it_means():
    assert read(finished(pages("x", size=(595, 842))).data).sizes == [(21000, 29700)]
    assert finished(pages("x", size=(300, 400))).width == round(300 / 72 * 2540)


def test_margins_that_leave_nothing_are_refused():
    with pytest.raises(Rejected, match="no room"):
        finished(pages("x"), sheet=Media(3000, 3000), margins=Margins(1500, 0, 1500, 0))
