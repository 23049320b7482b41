"""The plan of a conversion as tables: what is done in the PDF, what is left to the printer, which reason a failure has."""

import pytest

from libs.contracts.devices import Target
from libs.contracts.documents import Engine
from libs.contracts.tickets import Collate, ColorMode, Margins, Media, Orientation, Quality, Sides, Ticket
from services.converter.domain import A4, REASON, Edges, Failure, Rejected, edges_seen, meant, size_seen, standard
from services.converter.planning import plan

A5 = Media(14800, 21000, "iso_a5_148x210mm")
EDGES = Margins(423, 423, 423, 423)


def test_every_failure_has_a_reason():
    assert set(REASON) == set(Failure)
    assert Rejected(Failure.PASSWORD, "x").reason == "document-password-error"


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


def test_landscape_is_the_sheet_as_fed_turned():
    assert size_seen(A4, None) == size_seen(A4, Orientation.REVERSE_PORTRAIT) == (21000, 29700)
    assert size_seen(A4, Orientation.LANDSCAPE) == size_seen(A4, Orientation.REVERSE_LANDSCAPE) == (29700, 21000)
    assert edges_seen(Edges(1, 2, 3, 4), turned=True) == Edges(4, 3, 4, 3)
    assert edges_seen(Edges(1, 2, 3, 4), turned=False) == Edges(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("width", "height", "name"),
    [
        (21023, 29701, "iso_a4_210x297mm"),
        (29701, 20989, "iso_a4_210x297mm"),
        (21590, 27940, "na_letter_8.5x11in"),
        (10000, 6000, None),
    ],
)
def test_a_size_that_is_a_named_sheet_but_for_rounding_is_that_sheet(width, height, name):
    found = standard(width, height)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("measured", "written"), [(9982, 10000), (5994, 6000), (10160, 10160), (15240, 15240), (5715, 5715), (2991, 3000), (8050, 8050)]
)
def test_a_browsers_pixels_are_what_the_pages_author_wrote(measured, written):
    assert meant(measured) == written
