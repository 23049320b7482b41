"""The rules of conversion: sheets, edges, and which reason a failure has."""

import pytest

from libs.contracts.tickets import Orientation, Scaling
from services.converter.domain import A4, REASON, Edges, Failure, Finishing, Rejected, edges_seen, meant, size_seen, standard


def test_every_failure_has_a_reason():
    assert set(REASON) == set(Failure)
    assert Rejected(Failure.PASSWORD, "x").reason == "document-password-error"


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


@pytest.mark.parametrize(
    ("wanted", "only"),
    [
        (Finishing(), True),
        (Finishing(sheet=A4, orientation=Orientation.LANDSCAPE, page_ranges=((1, 2),), duplex=True, collated=False), True),
        (Finishing(orientation=Orientation.REVERSE_PORTRAIT), False),
        (Finishing(copies=2), False),
        (Finishing(repeats=2), False),
        (Finishing(scaling=Scaling.FIT), False),
        (Finishing(offset_x=1), False),
    ],
)
def test_text_is_finished_only_where_more_than_choosing_is_asked_for(wanted, only):
    assert wanted.chooses_only is only
