"""Where pages lie on sheets."""

import pytest

from libs.contracts.tickets import Direction, Scaling
from services.converter.geometry import Box, Placed, Size, cells, copied, grid, hundredths, place, points, seen, upside_down

A4 = Size(595, 842)


def test_lengths_come_back_as_they_went():
    assert all(hundredths(points(length)) == length for length in (1, 10, 5999, 21000, 29700))


def test_a_page_is_shrunk_into_its_area_and_centred_but_not_enlarged():
    area = Box(10, 10, Size(80, 180))
    assert place(Size(160, 160), area, Scaling.AUTO, enlarge=False) == Placed(0.5, 10, 60)
    assert place(Size(40, 40), area, Scaling.AUTO, enlarge=False) == Placed(1.0, 30, 80)
    assert place(Size(40, 40), area, Scaling.AUTO, enlarge=True) == Placed(2.0, 10, 60)


@pytest.mark.parametrize(
    ("count", "area", "shape"),
    [
        (1, A4, (1, 1)),
        (2, A4.turned(), (2, 1)),
        (4, A4, (2, 2)),
        (6, A4.turned(), (3, 2)),
        (9, A4, (3, 3)),
        (16, A4, (4, 4)),
        (8, A4.turned(), (4, 2)),
        (3, A4.turned(), (3, 1)),
        (5, A4, (2, 3)),
    ],
)
def test_pages_share_a_sheet_as_large_as_they_can_be(count, area, shape):
    assert grid(count, A4, area) == shape


def test_cells_are_filled_like_a_page_is_read():
    found = list(cells(2, 2, Box(0, 0, Size(20, 40))))
    assert [(cell.x, cell.y) for cell in found] == [(0, 20), (10, 20), (0, 0), (10, 0)]


@pytest.mark.parametrize(
    ("direction", "order"),
    [
        (Direction.TORIGHT_TOBOTTOM, [(0, 20), (10, 20), (0, 0), (10, 0)]),
        (Direction.TOBOTTOM_TORIGHT, [(0, 20), (0, 0), (10, 20), (10, 0)]),
        (Direction.TOLEFT_TOBOTTOM, [(10, 20), (0, 20), (10, 0), (0, 0)]),
        (Direction.TOBOTTOM_TOLEFT, [(10, 20), (10, 0), (0, 20), (0, 0)]),
        (Direction.TORIGHT_TOTOP, [(0, 0), (10, 0), (0, 20), (10, 20)]),
        (Direction.TOTOP_TORIGHT, [(0, 0), (0, 20), (10, 0), (10, 20)]),
        (Direction.TOLEFT_TOTOP, [(10, 0), (0, 0), (10, 20), (0, 20)]),
        (Direction.TOTOP_TOLEFT, [(10, 0), (10, 20), (0, 0), (0, 20)]),
    ],
)
def test_cells_are_filled_in_the_direction_that_is_asked_for(direction, order):
    assert [(cell.x, cell.y) for cell in cells(2, 2, Box(0, 0, Size(20, 40)), direction)] == order


def test_auto_fit_shrinks_and_never_enlarges():
    area = Box(0, 0, Size(100, 100))
    assert place(Size(200, 200), area, Scaling.AUTO_FIT, enlarge=True).scale == 0.5
    assert place(Size(50, 50), area, Scaling.AUTO_FIT, enlarge=True).scale == 1.0
    assert place(Size(50, 50), area, Scaling.AUTO, enlarge=True).scale == 2.0


@pytest.mark.parametrize(
    ("rotate", "corner"),
    [(0, (10, 20)), (90, (10, 20 + 100)), (180, (10 + 100, 20 + 200)), (270, (10 + 200, 20))],
)
def test_a_turned_page_is_shown_as_its_reader_sees_it(rotate, corner):
    a, b, c, d, e, f = seen((5, 5, 105, 205), rotate, Placed(1.0, 10, 20))
    x, y = 5, 5  # the lower left corner of the unturned page
    assert (a * x + c * y + e, b * x + d * y + f) == corner


def test_reverse_is_half_a_turn_of_the_sheet():
    assert upside_down((1, 0, 0, 1, 10, 20), Size(100, 200)) == (-1, 0, 0, -1, 90, 180)


@pytest.mark.parametrize(
    ("pages", "copies", "collated", "duplex", "order"),
    [
        (2, 2, True, False, [0, 1, 0, 1]),
        (2, 2, False, False, [0, 0, 1, 1]),
        (3, 2, True, True, [0, 1, 2, None, 0, 1, 2]),
        (3, 2, False, True, [0, 1, 0, 1, 2, None, 2]),
        (2, 2, False, True, [0, 1, 0, 1]),
        (1, 3, True, True, [0, None, 0, None, 0]),
        (3, 1, True, True, [0, 1, 2]),
    ],
)
def test_each_copy_begins_on_a_front(pages, copies, collated, duplex, order):
    assert list(copied(pages, copies, collated=collated, duplex=duplex)) == order
