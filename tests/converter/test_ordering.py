"""What a ticket asks for, in the one order in which it is done: on real pages, by their words and by their ink."""

import pikepdf
import pytest

from libs.contracts.marks import Place
from libs.contracts.tickets import Margins, Media, Orientation, Scaling, Subset
from services.converter import glyphs
from services.converter.domain import A4, Edges, Finishing, Rejected, Stamp
from services.converter.finish import finish
from services.converter.workers import Limits
from tests.converter.samples import ink, pages, read, saved

LIMITS = Limits(pages=200, pixels=10**6, bytes=10**6)
SIX = ("p1", "p2", "p3", "p4", "p5", "p6")
SMALL = (283.46, 283.46)  # 100 mm
NUMBER = Stamp(Place.FOOTER, "{page}of{pages}")


@pytest.fixture(autouse=True, scope="module")
def fonts():
    glyphs.prepare()


def made(data: bytes, **wanted: object):
    return finish(data, Finishing(**wanted), LIMITS)


def words(outcome) -> list[list[str]]:
    return [text.split() for text in read(outcome.data).texts]


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        ({"repeats": 2}, "p1 p2 p3 p4 p5 p6 p1 p2 p3 p4 p5 p6"),
        ({"reverse": True}, "p6 p5 p4 p3 p2 p1"),
        ({"reverse": True, "duplex": True}, "p5 p6 p3 p4 p1 p2"),
        ({"reverse": True, "duplex": True, "page_ranges": ((1, 3),)}, "p3 - p1 p2"),
        ({"subset": Subset.ODD}, "p1 p3 p5"),
        ({"subset": Subset.EVEN}, "p2 p4 p6"),
        ({"subset": Subset.EVEN, "reverse": True}, "p6 p4 p2"),
        ({"page_ranges": ((2, 5),), "subset": Subset.ODD}, "p2 p4"),
        ({"page_ranges": ((5, 5), (2, 2)), "repeats": 2}, "p5 p2 p5 p2"),
        ({"page_ranges": ((1, 2),), "copies": 2, "reverse": True}, "p2 p1 p2 p1"),
        ({"page_ranges": ((1, 2),), "copies": 2, "reverse": True, "collated": False}, "p2 p2 p1 p1"),
        ({"page_ranges": ((1, 3),), "repeats": 2, "duplex": True}, "p1 p2 p3 - p1 p2 p3"),
        ({"page_ranges": ((1, 2),), "repeats": 2, "copies": 2, "collated": False}, "p1 p1 p2 p2 p1 p1 p2 p2"),
    ],
    ids=str,
)
def test_sides_come_in_the_order_that_is_asked_for(wanted, order):
    found = [" ".join(side) or "-" for side in words(made(pages(*SIX), **wanted))]
    assert " ".join(found) == order


@pytest.mark.parametrize(
    ("wanted", "sides"),
    [
        ({"repeats": 2, "number_up": 4}, [["p1", "p2", "p3", "p4"], ["p5", "p6"]] * 2),
        ({"number_up": 2, "subset": Subset.ODD}, [["p1", "p2"], ["p5", "p6"]]),
        ({"number_up": 2, "subset": Subset.EVEN}, [["p3", "p4"]]),
        ({"number_up": 2, "reverse": True}, [["p5", "p6"], ["p3", "p4"], ["p1", "p2"]]),
        ({"page_ranges": ((2, 4),), "repeats": 2, "number_up": 2}, [["p2", "p3"], ["p4"], ["p2", "p3"], ["p4"]]),
    ],
    ids=str,
)
def test_sides_are_put_up_before_they_are_chosen_and_repeated(wanted, sides):
    assert words(made(pages(*SIX), sheet=A4, **wanted)) == sides


def test_pages_are_counted_before_sides_are_chosen_turned_round_and_copied():
    outcome = made(pages(*SIX), number_up=2, subset=Subset.ODD, reverse=True, copies=2, stamps=(NUMBER,), sheet=A4)
    assert [side[-1] for side in words(outcome)] == ["3of3", "1of3", "3of3", "1of3"]


def test_there_must_be_an_even_side_to_print_it():
    with pytest.raises(Rejected, match="no even side"):
        made(pages("one"), subset=Subset.EVEN)


def test_repeats_are_bounded_like_copies():
    with pytest.raises(Rejected, match="fewer copies"):
        made(pages(*SIX), repeats=100)


@pytest.mark.parametrize(
    ("scaling", "zoom", "size"),
    [
        (Scaling.AUTO, 100, 100.0),
        (Scaling.NONE, 100, 100.0),
        (Scaling.NONE, 50, 50.0),
        (Scaling.NONE, 150, 150.0),
        (Scaling.FIT, 100, 190.0),
        (Scaling.FILL, 100, 297.0),
    ],
)
def test_a_scale_makes_a_page_as_large_as_it_says(scaling, zoom, size):
    """The word is 20 pt high on a page of 100 mm: how wide it is tells how large the page became."""
    edges = Edges(1000, 1000, 1000, 1000)
    page = ink(pages("WWWWWWWWWW", size=SMALL))
    left, _, right, _ = ink(made(pages("WWWWWWWWWW", size=SMALL), sheet=A4, unprintable=edges, scaling=scaling, zoom=zoom).data)
    if scaling is not Scaling.FILL:  # which loses the left and the right of it
        assert (right - left) / (page[2] - page[0]) == pytest.approx(size / 100, rel=0.02)
        assert (left - page[0] * size / 100) == pytest.approx((210 - size) * 50, abs=60)
    else:
        assert left < 100


def test_what_is_too_large_is_cropped_only_where_that_is_asked_for_and_told():
    large = pages("large", size=(1190.55, 1683.78))
    assert made(large, sheet=A4).warnings == []
    assert "outside of the sheet" in made(large, sheet=A4, scaling=Scaling.NONE).warnings[0]
    assert made(large, sheet=A4, scaling=Scaling.FILL).warnings == []


def filled(width: float, height: float, count: int = 1) -> bytes:
    """Pages that are blue from edge to edge."""
    pdf = pikepdf.new()
    for _ in range(count):
        pdf.add_blank_page(page_size=(width, height)).obj.Contents = pdf.make_stream(
            f"0.2 0.4 0.6 rg 0 0 {width} {height} re f".encode()
        )
    return saved(pdf)


def test_filling_leaves_no_white():
    square = filled(300, 300)
    assert ink(made(square, sheet=A4, scaling=Scaling.FILL).data) == pytest.approx((0, 0, 21000, 29700), abs=30)
    left, top, right, _ = ink(made(square, sheet=A4, scaling=Scaling.FIT).data)
    assert (left, right) == pytest.approx((0, 21000), abs=30)
    assert top == pytest.approx(4350, abs=40)


@pytest.mark.parametrize("orientation", [None, Orientation.REVERSE_PORTRAIT])
def test_offsets_move_right_and_down_as_the_reader_sees_it(orientation):
    before = ink(made(pages("word"), sheet=A4, orientation=orientation).data)
    after = ink(made(pages("word"), sheet=A4, orientation=orientation, offset_x=500, offset_y=1000).data)
    sign = 1 if orientation is None else -1
    moved = [new - old for new, old in zip(after, before, strict=True)]
    assert moved == pytest.approx([500 * sign, 1000 * sign, 500 * sign, 1000 * sign], abs=40)
    assert read(made(pages("word"), sheet=A4, offset_x=500).data).sizes == [(21000, 29700)]


def test_offsets_move_all_pages_of_a_side():
    wanted = {"sheet": A4, "number_up": 2}
    before, after = (ink(made(pages("a", "b"), **wanted, offset_y=offset).data) for offset in (0, 2000))
    assert after[1] - before[1] == pytest.approx(2000, abs=40)


@pytest.mark.parametrize(("turn", "corner"), [(0, "upper left"), (90, "upper right"), (180, "lower right"), (270, "lower left")])
def test_a_turn_is_clockwise(turn, corner):
    outcome = made(pages("word"), sheet=A4, orientation=Orientation.PORTRAIT, rotate=turn)
    left, top, right, bottom = ink(outcome.data)
    assert read(outcome.data).sizes == [(21000, 29700)]
    assert ("upper" if top + bottom < 29700 else "lower", "left" if left + right < 21000 else "right") == tuple(corner.split())


def test_without_an_orientation_a_turned_page_lies_as_it_serves_it_best():
    assert read(made(pages("word"), sheet=A4, rotate=90).data).sizes == [(29700, 21000)]


def test_several_turned_pages_share_a_sheet():
    outcome = made(pages("a", "b"), sheet=A4, rotate=90, number_up=2)
    assert read(outcome.data).sizes == [(21000, 29700)]
    assert words(outcome) == [["a", "b"]]


def test_a_cell_shows_nothing_of_its_neighbour():
    """Pages up at their own size are cut at their cells and at the margins."""
    outcome = made(filled(595, 842, 2), sheet=A4, number_up=2, scaling=Scaling.NONE, margins=Margins(1000, 1500, 2000, 2500))
    assert read(outcome.data).sizes == [(29700, 21000)]
    assert ink(outcome.data) == pytest.approx((2500, 1000, 28200, 19000), abs=30)
    assert "outside of the sheet" in outcome.warnings[0]


@pytest.mark.parametrize(
    "wanted",
    [
        {"scaling": Scaling.FIT},
        {"scaling": Scaling.NONE, "zoom": 70},
        {"rotate": 180},
        {"offset_x": 300},
        {"stamps": (NUMBER,)},
        {"repeats": 2, "number_up": 2, "orientation": Orientation.PORTRAIT},
    ],
    ids=str,
)
def test_the_sheet_stays_exact_whatever_is_done_on_it(wanted):
    odd = Media(10160, 15240)
    assert set(read(made(pages("x", size=(595, 842)), sheet=odd, **wanted).data).sizes) <= {(10160, 15240), (15240, 10160)}


def test_a_page_shown_often_is_stored_once():
    once, often = (made(pages("x" * 50), sheet=A4, number_up=4, repeats=repeats).data for repeats in (1, 100))
    assert len(often) < 25 * len(once)
