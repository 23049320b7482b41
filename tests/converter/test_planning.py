"""The plan of a conversion as tables: what is done in the document, what is left to the printer, what cannot be done."""

from dataclasses import replace

import pytest

from libs.contracts.devices import Receipt, Target
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE, Engine, Format
from libs.contracts.marks import Mark, Place
from libs.contracts.tickets import (
    Collate,
    ColorMode,
    Cut,
    Direction,
    Dither,
    FeedOrientation,
    Margins,
    Media,
    Orientation,
    Quality,
    Scaling,
    Sides,
    Subset,
    Ticket,
)
from services.converter.domain import A4, Edges, Finishing, Rejected, Roll
from services.converter.planning import plan, raw_plan, receipt_of

A5 = Media(14800, 21000, "iso_a5_148x210mm")
EDGES = Margins(423, 423, 423, 423)
RECEIPT = Target(formats=(ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE), receipt=Receipt(width=576, dpi=203))


@pytest.mark.parametrize(
    ("ticket", "target", "engine", "sheet"),
    [
        (Ticket(), Target(), Engine.TEXT, A4),
        (Ticket(), Target(), Engine.IMAGE, A4),
        (Ticket(), Target(), Engine.HTML, None),
        (Ticket(), Target(), Engine.OFFICE, None),
        (Ticket(), Target(), Engine.PDF, None),
        (Ticket(), Target(media=A5), Engine.PDF, A5),
        (Ticket(media=A4), Target(media=A5), Engine.PDF, A4),
    ],
)
def test_the_sheet_is_the_tickets_then_the_printers_then_the_documents_own(ticket, target, engine, sheet):
    made = plan(ticket, target, engine)
    assert made.finishing.sheet == sheet
    assert made.left.media == sheet


@pytest.mark.parametrize(
    ("ticket", "target", "in_pdf", "left"),
    [
        (Ticket(copies=1), Target(), 1, (1, None)),
        (Ticket(copies=3), Target(max_copies=1), 3, (1, None)),
        (Ticket(copies=3), Target(max_copies=9), 1, (3, None)),
        (Ticket(copies=10), Target(max_copies=9), 10, (1, None)),
        (Ticket(copies=3, collate=Collate.COLLATED), Target(max_copies=9), 1, (3, Collate.COLLATED)),
        (Ticket(copies=3, collate=Collate.COLLATED), Target(max_copies=9, collates=(Collate.UNCOLLATED,)), 3, (1, None)),
        (Ticket(copies=3, collate=Collate.UNCOLLATED), Target(max_copies=9, collates=(Collate.COLLATED,)), 3, (1, None)),
        (Ticket(copies=1, collate=Collate.UNCOLLATED), Target(collates=(Collate.COLLATED,)), 1, (1, Collate.UNCOLLATED)),
    ],
)
def test_copies_that_the_printer_cannot_make_are_made_in_the_pdf(ticket, target, in_pdf, left):
    made = plan(ticket, target, Engine.PDF)
    assert made.finishing.copies == in_pdf
    assert (made.left.copies, made.left.collate) == left


def test_geometry_is_ours_and_the_rest_is_the_printers():
    ticket = Ticket(
        sides=Sides.TWO_SIDED_LONG_EDGE,
        color=ColorMode.MONOCHROME,
        quality=Quality.HIGH,
        orientation=Orientation.LANDSCAPE,
        margins=Margins(1, 2, 3, 4),
        page_ranges=((1, 2),),
        number_up=4,
        media=A5,
    )
    made = plan(ticket, Target(), Engine.PDF)
    assert made.left == Ticket(sides=Sides.TWO_SIDED_LONG_EDGE, color=ColorMode.MONOCHROME, quality=Quality.HIGH, media=A5)
    assert (made.finishing.orientation, made.finishing.number_up, made.finishing.page_ranges) == (
        Orientation.LANDSCAPE,
        4,
        ((1, 2),),
    )
    assert made.finishing.duplex


@pytest.mark.parametrize(
    ("ticket", "target", "size", "margins"),
    [
        (Ticket(), Target(), (21000, 29700), Edges(1000, 1000, 1000, 1000)),
        (Ticket(media=Media(6000, 4000)), Target(), (6000, 4000), Edges(200, 200, 200, 200)),
        (Ticket(orientation=Orientation.LANDSCAPE), Target(), (29700, 21000), Edges(1000, 1000, 1000, 1000)),
        (Ticket(margins=Margins(top=0, left=300)), Target(), (21000, 29700), Edges(0, 1000, 1000, 300)),
        (Ticket(), Target(margins=Margins(1200, 300, 300, 300)), (21000, 29700), Edges(1200, 1000, 1000, 1000)),
        (
            Ticket(orientation=Orientation.REVERSE_LANDSCAPE),
            Target(margins=Margins(1200, 300, 300, 300)),
            (29700, 21000),
            Edges(1000, 1200, 1000, 1200),
        ),
    ],
)
def test_text_and_html_are_laid_out_on_the_sheet_as_it_is_seen(ticket, target, size, margins):
    layout = plan(ticket, target, Engine.TEXT).layout
    assert (layout.width, layout.height) == size
    assert layout.margins == margins


def test_margins_are_applied_once():
    ticket = Ticket(margins=EDGES)
    assert plan(ticket, Target(), Engine.HTML).finishing.margins == Margins(), "the layout has them"
    assert plan(ticket, Target(), Engine.PDF).finishing.margins == EDGES


@pytest.mark.parametrize(
    ("ticket", "word"),
    [
        (Ticket(media=Media(0, 29700)), "0 x 297 mm"),
        (Ticket(media=Media(21000, 99_999_999)), "sheet"),
        (Ticket(margins=Margins(top=-1)), "margin"),
        (Ticket(margins=Margins(left=20000, right=2000)), "margins"),
        (Ticket(copies=0), "copies"),
        (Ticket(number_up=0), "pages"),
        (Ticket(page_ranges=((0, 1),)), "0-1"),
        (Ticket(page_ranges=((3, 2),)), "3-2"),
    ],
)
def test_a_ticket_that_no_document_could_satisfy_is_refused_with_a_sentence(ticket, word):
    with pytest.raises(Rejected) as refused:
        plan(ticket, Target(), Engine.TEXT)
    assert refused.value.reason == "unsupported-attributes-or-values"
    assert word in refused.value.message


def test_what_is_done_in_the_document_is_not_left_to_the_printer():
    ticket = Ticket(
        scaling=Scaling.FILL,
        zoom=80,
        rotate=90,
        offset_x=100,
        offset_y=-200,
        subset=Subset.ODD,
        reverse=True,
        repeats=3,
        marks=(Mark(Place.HEADER, "x"),),
        quality=Quality.DRAFT,
        tray="tray-1",
        media_type="labels",
    )
    made = plan(ticket, Target(), Engine.PDF)
    assert made.left == Ticket(quality=Quality.DRAFT, tray="tray-1", media_type="labels")
    done = made.finishing
    assert (done.scaling, done.zoom, done.rotate, done.offset_x, done.offset_y) == (Scaling.FILL, 80, 90, 100, -200)
    assert (done.subset, done.reverse, done.repeats) == (Subset.ODD, True, 3)


@pytest.mark.parametrize("engine", [Engine.TEXT, Engine.HTML])
def test_a_percentage_lets_what_is_laid_out_flow_anew(engine):
    made = plan(Ticket(media=A4, scaling=Scaling.NONE, zoom=50, margins=Margins(top=1000)), Target(), engine)
    assert (made.layout.width, made.layout.height, made.layout.margins.top) == (42000, 59400, 2000)
    assert made.finishing.zoom == 50


def test_what_is_only_rendered_keeps_its_whole_ticket():
    ticket = Ticket(media=A5, number_up=2, copies=3, margins=EDGES)
    made = plan(ticket, Target(), Engine.HTML, finish=False)
    assert made.left == ticket
    assert made.finishing == Finishing()
    assert (made.layout.width, made.layout.height) == (A5.width, A5.height)


def test_a_receipt_is_as_wide_as_its_roll_and_leaves_nothing_to_do():
    made = plan(Ticket(copies=2, cut=Cut.FULL), RECEIPT, Engine.HTML)
    assert made.layout.roll
    assert made.layout.width == made.finishing.roll == 7207
    assert made.layout.margins == Edges()
    assert made.finishing.copies == 2
    assert made.left == Ticket()


def test_a_printer_that_takes_pdf_gets_pdf():
    assert receipt_of(Target(formats=("application/pdf", ESCPOS_MEDIA_TYPE), receipt=Receipt())) is None
    assert receipt_of(Target()) is None


@pytest.mark.parametrize(
    ("ticket", "word"),
    [
        (Ticket(sides=Sides.TWO_SIDED_LONG_EDGE), "one side"),
        (Ticket(number_up=2), "pagesPerSheet"),
        (Ticket(orientation=Orientation.LANDSCAPE), "rotate"),
        (Ticket(tray="x"), "tray"),
        (Ticket(margins=Margins(left=4000, right=4000)), "no room"),
    ],
)
def test_what_a_roll_has_not_is_refused_with_a_sentence(ticket, word):
    with pytest.raises(Rejected, match=word):
        plan(ticket, RECEIPT, Engine.PDF)


def test_a_sheet_of_another_width_is_remarked_on():
    assert plan(Ticket(media=A4), RECEIPT, Engine.PDF).remarks
    assert not plan(Ticket(media=Media(8000, 20000)), RECEIPT, Engine.PDF).remarks


def test_a_roll_does_what_its_printer_does_unless_the_ticket_says_otherwise():
    usual = Receipt(width=384, cut=Cut.NONE, drawer=True, dither=Dither.THRESHOLD)
    assert Roll.of(usual, Ticket()) == Roll(384, Dither.THRESHOLD, Cut.NONE, drawer=True)
    asked = Ticket(cut=Cut.FULL, drawer=False, dither=Dither.DIFFUSION)
    assert Roll.of(usual, asked) == Roll(384, Dither.DIFFUSION, Cut.FULL, drawer=False)
    assert Roll.of(usual, Ticket(copies=3)).copies == 3
    assert Roll.of(usual, Ticket(copies=3, collate=Collate.UNCOLLATED)).copies == 1, "page 1 three times is no copy"


def test_what_goes_untouched_is_only_copied():
    made = raw_plan(Ticket(copies=3), Format.ZPL, finish=True)
    assert made.finishing.copies == 3
    assert made.left == Ticket()
    for ticket in (Ticket(scaling=Scaling.FIT), Ticket(color=ColorMode.COLOR), Ticket(marks=(Mark(Place.HEADER, "x"),))):
        with pytest.raises(Rejected, match="ZPL goes to the printer untouched"):
            raw_plan(ticket, Format.ZPL, finish=True)


def test_rotation_and_scale_have_bounds():
    for ticket in (Ticket(rotate=45), Ticket(zoom=0), Ticket(repeats=0)):
        with pytest.raises(Rejected):
            plan(ticket, Target(), Engine.PDF)


@pytest.mark.parametrize(
    ("ticket", "target", "engine", "grey"),
    [
        (Ticket(color=ColorMode.MONOCHROME), Target(monochrome=False), Engine.PDF, True),
        (Ticket(color=ColorMode.BI_LEVEL), Target(monochrome=False), Engine.HTML, True),
        (Ticket(color=ColorMode.MONOCHROME), Target(), Engine.PDF, False),
        (Ticket(color=ColorMode.COLOR), Target(monochrome=False), Engine.PDF, False),
        (Ticket(color=ColorMode.AUTO), Target(monochrome=False), Engine.PDF, False),
        (Ticket(), Target(monochrome=False), Engine.PDF, False),
        (Ticket(color=ColorMode.MONOCHROME), Target(monochrome=False), Engine.TEXT, False),
        (
            Ticket(color=ColorMode.MONOCHROME, marks=(Mark(place=Place.HEADER, text="x"),)),
            Target(monochrome=False),
            Engine.TEXT,
            True,
        ),
    ],
)
def test_colours_become_grey_where_the_printer_cannot_do_it(ticket, target, engine, grey):
    made = plan(ticket, target, engine)
    assert made.finishing.grey is grey
    assert made.left.color is ticket.color


def test_what_the_machine_does_after_printing_is_left_to_it():
    ticket = Ticket(
        finishings=("staple-top-left",), output_bin="face-up", feed_orientation=FeedOrientation.LONG_EDGE_FIRST, number_up=4
    )
    made = plan(replace(ticket, layout=Direction.TOLEFT_TOBOTTOM), Target(), Engine.PDF)
    assert made.finishing.layout is Direction.TOLEFT_TOBOTTOM
    assert (made.left.finishings, made.left.output_bin, made.left.feed_orientation) == (
        ("staple-top-left",),
        "face-up",
        FeedOrientation.LONG_EDGE_FIRST,
    )
    assert (made.left.layout, made.left.number_up) == (None, 1)


@pytest.mark.parametrize("ticket", [Ticket(finishings=("staple",)), Ticket(output_bin="face-up")])
def test_a_roll_is_neither_stapled_nor_sorted(ticket):
    with pytest.raises(Rejected, match="receipt"):
        plan(ticket, RECEIPT, Engine.PDF)
