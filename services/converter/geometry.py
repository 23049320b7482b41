"""Where pages lie on sheets: pure geometry in PDF points (1/72 inch), origin at the lower left."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from libs.contracts.tickets import Direction, Scaling

#: Points of 1/100 mm.
POINT = 72 / 2540
#: Sizes that differ by less than this many points are one size: engines round to pixels, sheets to whole points.
SAME = 2.0


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height."""

    width: float
    height: float

    def turned(self) -> "Size":
        return Size(self.height, self.width)

    def same(self, other: "Size") -> bool:
        """Whether both are the same sheet for any printer."""
        return abs(self.width - other.width) < SAME and abs(self.height - other.height) < SAME


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its lower left corner and its size."""

    x: float
    y: float
    size: Size


@dataclass(frozen=True, slots=True)
class Placed:
    """A page scaled and moved: a point (u, v) of the page as seen comes to (x + scale*u, y + scale*v)."""

    scale: float
    x: float
    y: float


def points(hundredths: float) -> float:
    """1/100 mm in points."""
    return hundredths * POINT


def hundredths(length: float) -> int:
    """Points in 1/100 mm, rounded."""
    return round(length / POINT)


def place(page: Size, area: Box, scaling: Scaling, *, enlarge: bool, zoom: int = 100) -> Placed:
    """The page in the middle of the area, by print-scaling (PWG 5100.13): fit is whole, fill leaves no white, none is its own
    size, auto shrinks what is too large, and enlarges only if it may, auto-fit never enlarges. `zoom` in percent of that.
    """
    scale = zoom / 100 * scaled(page, area.size, scaling, enlarge=enlarge)
    x = area.x + (area.size.width - scale * page.width) / 2
    y = area.y + (area.size.height - scale * page.height) / 2
    return Placed(scale, x, y)


def scaled(page: Size, area: Size, scaling: Scaling, *, enlarge: bool) -> float:
    """How large a page becomes in an area."""
    ratios = (area.width / page.width, area.height / page.height)
    if scaling is Scaling.NONE:
        return 1.0
    if scaling is Scaling.FILL:
        return max(ratios)
    if scaling is Scaling.FIT or (enlarge and scaling is not Scaling.AUTO_FIT):
        return min(ratios)
    return min(*ratios, 1.0)


def grid(count: int, page: Size, area: Size) -> tuple[int, int]:
    """Columns and rows for `count` pages in an area, so that the pages are as large as they can be."""

    def scale(columns: int, rows: int) -> float:
        return min(area.width / columns / page.width, area.height / rows / page.height)

    # Of two grids that serve the pages equally well the one with fewer empty cells, then the squarer one.
    shapes = [(columns, ceil(count / columns)) for columns in range(1, count + 1)]
    return max(shapes, key=lambda shape: (round(scale(*shape), 6), -shape[0] * shape[1], -abs(shape[0] - shape[1])))


def cells(columns: int, rows: int, area: Box, direction: Direction = Direction.TORIGHT_TOBOTTOM) -> Iterator[Box]:
    """The cells of a grid in the order in which pages fill them: left to right, then downwards, unless it is another."""
    size = Size(area.size.width / columns, area.size.height / rows)
    across, down = list(range(columns)), list(range(rows))
    if "toleft" in direction:
        across.reverse()
    if "totop" in direction:
        down.reverse()
    by_rows = direction.startswith(("toright", "toleft"))
    places = [(column, row) for row in down for column in across] if by_rows else [(x, y) for x in across for y in down]
    for column, row in places:
        yield Box(area.x + column * size.width, area.y + (rows - 1 - row) * size.height, size)


def seen(box: tuple[float, float, float, float], rotate: int, placed: Placed) -> tuple[float, float, float, float, float, float]:
    """The matrix (a b c d e f) that shows the part `box` of a page, turned clockwise by `rotate` degrees, as `placed` says."""
    x0, y0, x1, y1 = box
    turn = {
        0: (1, 0, 0, 1, -x0, -y0),
        90: (0, -1, 1, 0, -y0, x1),
        180: (-1, 0, 0, -1, x1, y1),
        270: (0, 1, -1, 0, y1, -x0),
    }[rotate % 360]
    a, b, c, d, e, f = (placed.scale * value for value in turn)
    return a, b, c, d, e + placed.x, f + placed.y


def upside_down(
    matrix: tuple[float, float, float, float, float, float], sheet: Size
) -> tuple[float, float, float, float, float, float]:
    """The same matrix on a sheet that is turned by 180 degrees."""
    a, b, c, d, e, f = matrix
    return -a, -b, -c, -d, sheet.width - e, sheet.height - f


def copied(
    pages: int, copies: int, *, collated: bool, duplex: bool, reverse: bool = False, repeats: int = 1
) -> Iterator[int | None]:
    """Page numbers from 0 in the order of printing; None is an empty back, so that each copy begins on a front.

    `reverse`: the last leaf first, each still with its own front. `repeats`: all of it so often, whatever its order.
    """
    step = 2 if duplex else 1
    leaves = [[number if number < pages else None for number in range(first, first + step)] for first in range(0, pages, step)]
    if reverse:
        leaves.reverse()
    order = leaves * copies if collated else [leaf for leaf in leaves for _ in range(copies)]
    flat = [number for leaf in order * repeats for number in leaf]
    while flat and flat[-1] is None:
        flat.pop()
    yield from flat
