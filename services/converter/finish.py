"""Finishing: rendered pages become exactly what the printer gets, and nothing but pages is left in the PDF."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pikepdf
from pikepdf import Array, Dictionary, Name, Page, Pdf

from libs.contracts.tickets import Orientation
from services.converter import pdfcheck
from services.converter.domain import Edges, Failure, Finishing, Rejected, edges_seen, standard
from services.converter.geometry import (
    Box,
    Placed,
    Size,
    cells,
    copied,
    grid,
    hundredths,
    place,
    points,
    seen,
    upside_down,
)
from services.converter.workers import Limits

_LANDSCAPE = (Orientation.LANDSCAPE, Orientation.REVERSE_LANDSCAPE)
_REVERSE = (Orientation.REVERSE_LANDSCAPE, Orientation.REVERSE_PORTRAIT)
#: All that a printer needs of a document's catalog and pages; actions, scripts, attached files, forms and tags go.
_CATALOG = {"/Type", "/Pages", "/OCProperties", "/Version", "/Extensions"}
_PAGE = {"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Resources", "/Contents", "/Group"}


@dataclass(slots=True)
class Outcome:
    """A finished document: sides to print, the size that all of them have (1/100 mm; 0: they differ), remarks for people."""

    data: bytes
    pages: int
    width: int
    height: int
    warnings: list[str] = field(default_factory=list)


def finish(data: bytes, wanted: Finishing, limits: Limits) -> Outcome:
    """Finish one PDF. Raises `Rejected` for one that is broken, closed, hostile or too large."""
    with pdfcheck.opened(data, limits.pages) as pdf:
        warnings: list[str] = []
        _flatten(pdf)
        chosen = [pdf.pages[index] for index in choose(len(pdf.pages), wanted.page_ranges, warnings)]
        sheets = [_sheet(pdf, group, wanted) for group in _groups(chosen, wanted.number_up)]
        order = list(copied(len(sheets), wanted.copies, collated=wanted.collated, duplex=wanted.duplex))
        if len(order) > limits.pages:
            raise Rejected(
                Failure.TOO_LARGE,
                f"The copies would make {len(order)} pages; at most {limits.pages} can be printed as one task. Write fewer copies.",
            )
        _put(pdf, sheets, order)
        return _saved(pdf, warnings)


def choose(count: int, ranges: Sequence[tuple[int, int]], warnings: list[str]) -> list[int]:
    """Indexes of the pages that are printed, in the order asked for. What lies past the end is left out, with a warning."""
    if not ranges:
        return list(range(count))
    chosen = [number - 1 for first, last in ranges for number in range(first, min(last, count) + 1)]
    asked = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
    if not chosen:
        raise Rejected(Failure.TICKET, f"The pages {asked} do not exist: the document has {_pages(count)}.")
    if max(last for _, last in ranges) > count:
        warnings.append(f"The pages {asked} were asked for, but the document has {_pages(count)}.")
    return chosen


def _pages(count: int) -> str:
    return "1 page" if count == 1 else f"{count} pages"


def _flatten(pdf: Pdf) -> None:
    """Draw what lies over the pages (form fields, stamps) onto them, and forget everything that is not drawn."""
    if any("/Annots" in page.obj for page in pdf.pages):
        if "/AcroForm" in pdf.Root:
            pdf.generate_appearance_streams()
        pdf.flatten_annotations("print")
    _keep_only(pdf.Root, _CATALOG)
    for page in pdf.pages:
        _keep_only(page.obj, _PAGE)
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]


def _keep_only(thing: pikepdf.Object, kept: set[str]) -> None:
    for key in list(thing.keys()):
        if key not in kept:
            del thing[key]


def _groups(pages: Sequence[Page], count: int) -> Iterator[Sequence[Page]]:
    for first in range(0, len(pages), count):
        yield pages[first : first + count]


@dataclass(frozen=True, slots=True)
class _Look:
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


def _look(page: Page) -> _Look:
    x0, y0, x1, y1 = (float(value) for value in page.cropbox)
    mx0, my0, mx1, my1 = (float(value) for value in page.mediabox)
    media = (min(mx0, mx1), min(my0, my1), max(mx0, mx1), max(my0, my1))
    box = (max(min(x0, x1), media[0]), max(min(y0, y1), media[1]), min(max(x0, x1), media[2]), min(max(y0, y1), media[3]))
    if box[2] - box[0] < 1 or box[3] - box[1] < 1:
        box = media if media[2] - media[0] >= 1 and media[3] - media[1] >= 1 else (0.0, 0.0, 612.0, 792.0)
    rotate = int(page.obj.get("/Rotate", 0)) % 360
    return _Look(box, rotate if rotate % 90 == 0 else 0, float(page.obj.get("/UserUnit", 1)))


def _sheet(pdf: Pdf, group: Sequence[Page], wanted: Finishing) -> pikepdf.Object:
    """One side of paper: the page itself where it already is what is wanted, else a new page that shows the group."""
    looks = [_look(page) for page in group]
    first = looks[0].size
    size, shape = _arrangement(first, wanted)
    plain = wanted.number_up == 1 and wanted.orientation not in _REVERSE and not _given(wanted)
    if plain and first.same(size) and not (wanted.enlarge and not wanted.sheet):
        exact = _exact(group[0], looks[0], size)
        if exact is not None:
            return exact
    area = _area(size, wanted) if wanted.sheet or _given(wanted) else Box(0, 0, size)
    if plain and first.same(size):
        area = Box(0, 0, size)
    placed = [(page, look, cell) for page, look, cell in zip(group, looks, cells(*shape, area), strict=False)]
    return _composed(pdf, placed, size, wanted)


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

    def scale(size: Size) -> float:
        columns, rows = grid(wanted.number_up, page, size)
        largest = min(size.width / columns / page.width, size.height / rows / page.height)
        return largest if wanted.enlarge else min(largest, 1.0)

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
    """What may be printed on: inside the margins asked for, and where none is, inside the printer's own."""
    turned = wanted.sheet is not None and not size.same(Size(points(wanted.sheet.width), points(wanted.sheet.height)))
    own: Edges = edges_seen(wanted.unprintable, turned=turned)
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


def _exact(page: Page, look: _Look, size: Size) -> pikepdf.Object | None:
    """The page itself with the sheet's exact box, its upper left corner kept; None if it must be drawn anew."""
    if look.rotate or look.unit != 1:
        return None
    x0, _, _, y1 = look.box
    page.obj.MediaBox = _numbers(x0, y1 - size.height, x0 + size.width, y1)
    for key in ("/CropBox", "/Rotate"):
        if key in page.obj:
            del page.obj[key]
    return page.obj


def _composed(pdf: Pdf, shown: Sequence[tuple[Page, _Look, Box]], size: Size, wanted: Finishing) -> pikepdf.Object:
    drawn = []
    forms = Dictionary()
    for number, (page, look, area) in enumerate(shown):
        matrix = look.matrix(place(look.size, area, enlarge=wanted.enlarge))
        if wanted.orientation in _REVERSE:
            matrix = upside_down(matrix, size)
        forms[f"/P{number}"] = _form(pdf, page, look)
        drawn.append(f"q {' '.join(f'{value:.6f}' for value in matrix)} cm /P{number} Do Q")
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Page,
            MediaBox=_numbers(0, 0, size.width, size.height),
            Resources=Dictionary(XObject=forms),
            Contents=pdf.make_stream("\n".join(drawn).encode()),
        )
    )


def _form(pdf: Pdf, page: Page, look: _Look) -> pikepdf.Object:
    form = pdf.make_indirect(page.as_form_xobject(handle_transformations=False))
    form.BBox = _numbers(*look.box)
    if "/Matrix" in form:
        del form["/Matrix"]
    return form


def _numbers(*values: float) -> pikepdf.Object:
    return Array([round(value, 4) for value in values])


def _put(pdf: Pdf, sheets: Sequence[pikepdf.Object], order: Sequence[int | None]) -> None:
    """Make the document's pages the sheets in their order."""
    del pdf.pages[:]
    previous = sheets[0]
    for index in order:
        if index is not None:
            previous = sheets[index]
            pdf.pages.append(Page(previous))
        else:
            blank = Dictionary(Type=Name.Page, MediaBox=previous.MediaBox, Resources=Dictionary())
            pdf.pages.append(Page(pdf.make_indirect(blank)))


def _saved(pdf: Pdf, warnings: list[str]) -> Outcome:
    sizes = {tuple(hundredths(edge) for edge in (_look(page).size.width, _look(page).size.height)) for page in pdf.pages}
    shapes = {tuple(sorted(size)) for size in sizes}
    width, height = min(sizes) if len(shapes) == 1 else (0, 0)
    out = io.BytesIO()
    pdf.remove_unreferenced_resources()
    pdf.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=True)
    return Outcome(out.getvalue(), len(pdf.pages), width, height, warnings)
