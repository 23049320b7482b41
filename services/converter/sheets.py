"""What stands on one side of a sheet: how large it is, where the pages lie on it, and the page that shows them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pikepdf import Array, Dictionary, Name, Object, Page, Pdf

from libs.contracts.tickets import Orientation, Scaling
from services.converter.domain import Edges, Failure, Finishing, Rejected, edges_seen, standard
from services.converter.geometry import Box, Placed, Size, cells, grid, hundredths, place, points, scaled, seen, upside_down

_LANDSCAPE = (Orientation.LANDSCAPE, Orientation.REVERSE_LANDSCAPE)
_REVERSE = (Orientation.REVERSE_LANDSCAPE, Orientation.REVERSE_PORTRAIT)
#: So much (points) may be lost at the edges before somebody is told.
_LOST = 4.0


@dataclass(frozen=True, slots=True)
class Look:
    """A page as its reader sees it."""

    box: tuple[float, float, float, float]
    rotate: int
    unit: float

    @property
    def size(self) -> Size:
        x0, y0, x1, y1 = self.box
        size = Size((x1 - x0) * self.unit, (y1 - y0) * self.unit)
        return size.turned() if self.rotate % 180 else size

    def matrix(self, placed: Placed) -> tuple[float, float, float, float, float, float]:
        return seen(self.box, self.rotate, Placed(placed.scale * self.unit, placed.x, placed.y))


def look(page: Page, turn: int = 0) -> Look:
    """A page as it is seen, turned clockwise by `turn` degrees more."""
    x0, y0, x1, y1 = (float(value) for value in page.cropbox)
    mx0, my0, mx1, my1 = (float(value) for value in page.mediabox)
    media = (min(mx0, mx1), min(my0, my1), max(mx0, mx1), max(my0, my1))
    box = (max(min(x0, x1), media[0]), max(min(y0, y1), media[1]), min(max(x0, x1), media[2]), min(max(y0, y1), media[3]))
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        box = media if media[2] - media[0] >= 1 and media[3] - media[1] >= 1 else (0.0, 0.0, 612.0, 792.0)
    rotate = int(page.obj.get("/Rotate", 0)) % 360
    return Look(box, ((rotate if rotate % 90 == 0 else 0) + turn) % 360, float(page.obj.get("/UserUnit", 1)))


def reversed_side(wanted: Finishing) -> bool:
    """Whether sides stand on their heads."""
    return wanted.orientation in _REVERSE


@dataclass(slots=True)
class Sheets:
    """Makes sides. `head` and `foot` are what a roll is made longer by, in points; `cropped`: something lay outside a sheet."""

    pdf: Pdf
    wanted: Finishing
    head: float = 0.0
    foot: float = 0.0
    cropped: bool = False
    _forms: dict[tuple[int, int], Object] = field(default_factory=dict)

    def side(self, group: Sequence[Page]) -> Object:
        """One side of paper: the page itself where it already is what is wanted, else a new page that shows the group."""
        wanted = self.wanted
        looks = [look(page, wanted.rotate) for page in group]
        first = looks[0].size
        if wanted.roll:
            return self._length(group[0], looks[0])
        size, shape = _arrangement(first, wanted)
        if _plain(wanted) and first.same(size) and not (wanted.enlarge and not wanted.sheet):
            exact = _exact(group[0], looks[0], size)
            if exact is not None:
                return exact
        area = _area(size, wanted)
        if _plain(wanted) and first.same(size):
            area = Box(0, 0, size)
        placed = [
            (page, seen_as, cell) for page, seen_as, cell in zip(group, looks, cells(*shape, area, wanted.layout), strict=False)
        ]
        return self._composed(placed, size)

    def _length(self, page: Page, seen_as: Look) -> Object:
        """One page as a length of the roll."""
        wanted, margins = self.wanted, self.wanted.margins
        left, right, top, bottom = (points(edge or 0) for edge in (margins.left, margins.right, margins.top, margins.bottom))
        width = points(wanted.roll)
        scale = scaled(seen_as.size, Size(width - left - right, 1e9), _on_roll(wanted.scaling), enlarge=wanted.enlarge)
        height = seen_as.size.height * scale * wanted.zoom / 100
        size = Size(width, height + top + bottom + self.head + self.foot)
        return self._composed([(page, seen_as, Box(left, self.foot + bottom, Size(width - left - right, height)))], size)

    def _composed(self, shown: Sequence[tuple[Page, Look, Box]], size: Size) -> Object:
        wanted = self.wanted
        scaling = _on_roll(wanted.scaling) if wanted.roll else wanted.scaling
        clipped = wanted.number_up > 1 or (_given(wanted) and not wanted.roll)
        drawn = []
        forms = Dictionary()
        for number, (page, seen_as, area) in enumerate(shown):
            moved = _moved(area, wanted)
            placed = place(seen_as.size, moved, scaling, enlarge=wanted.enlarge, zoom=wanted.zoom)
            self._notice(seen_as.size, placed, moved if clipped else Box(0, 0, size))
            matrix, clip = seen_as.matrix(placed), ""
            turn = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
            if reversed_side(wanted):
                matrix, turn = upside_down(matrix, size), upside_down(turn, size)
            if clipped:
                window = _row(moved.x, moved.y, moved.size.width, moved.size.height)
                clip = f"{_row(*turn)} cm {window} re W n {_row(*_back(turn))} cm "
            forms[f"/P{number}"] = self._form(page, seen_as)
            drawn.append(f"q {clip}{_row(*matrix)} cm /P{number} Do Q")
        return self.pdf.make_indirect(
            Dictionary(
                Type=Name.Page,
                MediaBox=numbers(0, 0, size.width, size.height),
                Resources=Dictionary(XObject=forms),
                Contents=self.pdf.make_stream("\n".join(drawn).encode()),
            )
        )

    def _form(self, page: Page, seen_as: Look) -> Object:
        """A page as a form, made once however often it is shown."""
        made = self._forms.get(page.obj.objgen)
        if made is None:
            made = self._forms[page.obj.objgen] = form(self.pdf, page, seen_as)
        return made

    def _notice(self, page: Size, placed: Placed, room: Box) -> None:
        if self.wanted.scaling is Scaling.FILL:
            return  # this is what filling means
        left, below = room.x - placed.x, room.y - placed.y
        right = placed.x + placed.scale * page.width - room.x - room.size.width
        above = placed.y + placed.scale * page.height - room.y - room.size.height
        self.cropped = self.cropped or max(left, below, right, above) > _LOST


def _on_roll(scaling: Scaling) -> Scaling:
    """On paper without end there is nothing to fill but its width."""
    return Scaling.FIT if scaling is Scaling.FILL else scaling


def _plain(wanted: Finishing) -> bool:
    """Whether nothing is to be done to a page that has the sheet's size already."""
    edges = wanted.unprintable != Edges()
    return (
        wanted.number_up == 1
        and not reversed_side(wanted)
        and not _given(wanted)
        and wanted.zoom == 100
        and not (wanted.offset_x or wanted.offset_y)
        and not (wanted.scaling is Scaling.FIT and edges)
    )


def _given(wanted: Finishing) -> bool:
    margins = wanted.margins
    return any(edge is not None for edge in (margins.top, margins.right, margins.bottom, margins.left))


def _arrangement(page: Size, wanted: Finishing) -> tuple[Size, tuple[int, int]]:
    """The sheet as seen, and columns and rows on it. Without an orientation the sheet lies as it serves the content best."""
    fed = Size(points(wanted.sheet.width), points(wanted.sheet.height)) if wanted.sheet else _upright(_own(page))
    if wanted.orientation is not None:
        choices = [fed.turned() if wanted.orientation in _LANDSCAPE else fed]
    elif wanted.sheet is None and wanted.number_up == 1:
        choices = [_own(page)]
    else:
        choices = [fed, fed.turned()]
    zoom = wanted.zoom / 100 if wanted.scaling is Scaling.NONE else 1
    drawn = Size(page.width * zoom, page.height * zoom)

    def scale(size: Size) -> float:
        columns, rows = grid(wanted.number_up, page, size)
        largest = min(size.width / columns / drawn.width, size.height / rows / drawn.height)
        enlarged = wanted.enlarge and wanted.scaling is not Scaling.AUTO_FIT
        grows = enlarged or wanted.scaling in (Scaling.FIT, Scaling.FILL)
        return largest if grows else min(largest, 1.0)

    best = max(choices, key=lambda size: round(scale(size), 4))
    return best, grid(wanted.number_up, page, best)


def _own(page: Size) -> Size:
    """The sheet that a page makes for itself: the one with a name that it is but for rounding, else its own size."""
    named = standard(hundredths(page.width), hundredths(page.height))
    if named is None:
        return page
    sheet = Size(points(named.width), points(named.height))
    return sheet if page.width <= page.height else sheet.turned()


def _upright(size: Size) -> Size:
    return size if size.width <= size.height else size.turned()


def _area(size: Size, wanted: Finishing) -> Box:
    """What is printed on: inside the margins asked for, and where none is, inside the printer's own, which only matter to
    what is made to fit.
    """
    whole = wanted.scaling in (Scaling.NONE, Scaling.FILL) or (wanted.sheet is None and not _given(wanted))
    turned = wanted.sheet is not None and not size.same(Size(points(wanted.sheet.width), points(wanted.sheet.height)))
    own = Edges() if whole else edges_seen(wanted.unprintable, turned=turned)
    margins = wanted.margins
    top, right, bottom, left = (
        points(own_edge if asked is None else asked)
        for asked, own_edge in (
            (margins.top, own.top),
            (margins.right, own.right),
            (margins.bottom, own.bottom),
            (margins.left, own.left),
        )
    )
    area = Size(size.width - left - right, size.height - top - bottom)
    if area.width < 3 or area.height < 3:
        sheet = f"{hundredths(size.width) / 100:g} x {hundredths(size.height) / 100:g} mm"
        raise Rejected(Failure.TICKET, f"The margins leave no room on a sheet of {sheet}.")
    return Box(left, bottom, area)


def _moved(area: Box, wanted: Finishing) -> Box:
    return Box(area.x + points(wanted.offset_x), area.y - points(wanted.offset_y), area.size)


def _exact(page: Page, seen_as: Look, size: Size) -> Object | None:
    """The page itself with the sheet's exact box, its upper left corner kept; None if it must be drawn anew."""
    if seen_as.rotate or seen_as.unit != 1:
        return None
    x0, _, _, y1 = seen_as.box
    page.obj.MediaBox = numbers(x0, y1 - size.height, x0 + size.width, y1)
    for key in ("/CropBox", "/Rotate"):
        if key in page.obj:
            del page.obj[key]
    return page.obj


def form(pdf: Pdf, page: Page, seen_as: Look) -> Object:
    """A page as something that can be drawn on another."""
    made = pdf.make_indirect(page.as_form_xobject(handle_transformations=False))
    made.BBox = numbers(*seen_as.box)
    if "/Matrix" in made:
        del made["/Matrix"]
    return made


def numbers(*values: float) -> Object:
    """An array of numbers."""
    return Array([round(value, 4) for value in values])


def _row(*values: float) -> str:
    return " ".join(f"{value:.6f}" for value in values)


def _back(turn: tuple[float, float, float, float, float, float]) -> tuple[float, float, float, float, float, float]:
    """What undoes a turn by 0 or 180 degrees."""
    a, b, c, d, e, f = turn
    return (a, b, c, d, e, f) if a < 0 else (a, -b, -c, d, -e, -f)
