"""Headers, footers and watermarks: drawn once on pages of their own, which are then laid over or under the sides."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians, sin

from pikepdf import Dictionary, Name, Object, Page, Pdf

from libs.contracts.marks import Align, Place
from services.converter import images
from services.converter.domain import DEFAULT_MARGIN, Edges, Finishing, Stamp
from services.converter.geometry import Size, hundredths, points, upside_down
from services.converter.glyphs import glyph
from services.converter.images import Picture
from services.converter.pdfwriter import PdfWriter
from services.converter.sheets import form, look, numbers, reversed_side
from services.converter.workers import Limits

_VARIABLE = re.compile(r"\{\{|\{(page|pages)\}")
#: Distance of lines and half the height of capitals, as parts of the letters' size.
_LEADING, _MIDDLE = 1.3, 0.36
#: The largest watermark of itself: a part of the shorter edge; how much of the sheet it may cross.
_LARGEST, _CROSSED = 0.22, 0.8
#: The largest picture in a header of itself: a part of the sheet's height and width.
_TALL, _WIDE = 0.035, 0.4
#: White between a header and the content on a roll, in points.
_GAP = 4.0


def bands(wanted: Finishing) -> tuple[float, float]:
    """How much longer headers and footers make a roll's pages, in points: paper without end has room for them."""
    if not wanted.roll:
        return 0.0, 0.0
    size = Size(points(wanted.roll), points(wanted.roll))
    found = []
    for place in (Place.HEADER, Place.FOOTER):
        heights = dict.fromkeys(Align, 0.0)
        for stamp in wanted.stamps:
            if stamp.place is place:
                heights[stamp.align] += sum(
                    height for _, height in _lines(stamp, _text(stamp, 1, 1), size, _pictures_sizes(wanted))
                )
        tallest = max(heights.values())
        found.append(tallest + _GAP if tallest else 0.0)
    return found[0], found[1]


def stamped(pdf: Pdf, sides: Sequence[Object], wanted: Finishing, limits: Limits, warnings: list[str]) -> Sequence[Object]:
    """The sides with their marks. Raises `Rejected` for an image that is none."""
    if not wanted.stamps:
        return sides
    overlays = _Overlays(wanted, limits)
    places = [overlays.page(look(Page(side)).size, number, len(sides)) for number, side in enumerate(sides, 1)]
    if overlays.missing:
        warnings.append("A header, footer or watermark has characters that no font here can show.")
    source = Pdf.open(io.BytesIO(overlays.document()))
    forms = [pdf.copy_foreign(source.make_indirect(page.as_form_xobject())) for page in source.pages]
    return [_laid(pdf, side, [forms[number] for number in found], wanted) for side, found in zip(sides, places, strict=True)]


def _laid(pdf: Pdf, side: Object, found: Sequence[Object], wanted: Finishing) -> Object:
    """A new side: what lies under, the side itself, what lies over."""
    seen_as = look(Page(side))
    x0, y0, x1, y1 = seen_as.box
    turn = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    if reversed_side(wanted):
        turn = upside_down(turn, seen_as.size)
    marks = f"q {' '.join(f'{value:.4f}' for value in turn)} cm"
    shown = [f"{marks} /U Do Q", f"q 1 0 0 1 {-x0:.4f} {-y0:.4f} cm /P Do Q", f"{marks} /O Do Q"]
    xobjects = Dictionary(U=found[0], P=form(pdf, Page(side), seen_as), O=found[1])
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Page,
            MediaBox=numbers(0, 0, x1 - x0, y1 - y0),
            Resources=Dictionary(XObject=xobjects),
            Contents=pdf.make_stream("\n".join(shown).encode()),
        )
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text, or a picture (then `text` is empty), with its width in points at its size."""

    stamp: Stamp
    text: str
    width: float
    size: float


class _Overlays(PdfWriter):
    """The pages of marks of one document: two for each distinct one, what lies under and what lies over."""

    def __init__(self, wanted: Finishing, limits: Limits) -> None:
        super().__init__()
        self._wanted = wanted
        self._pictures = [images.picture(data, limits) for data in wanted.pictures if isinstance(data, bytes)]
        self._sizes = [(picture.width, picture.height) for picture in self._pictures]
        self._known: dict[tuple[object, ...], tuple[int, int]] = {}
        self._pages: list[tuple[float, float, bytes]] = []
        self.missing = False

    def page(self, size: Size, number: int, count: int) -> tuple[int, int]:
        """The numbers of the two pages for one side, its `number` of `count`."""
        texts = tuple(_text(stamp, number, count) for stamp in self._wanted.stamps)
        key = (round(size.width, 2), round(size.height, 2), texts)
        if key not in self._known:
            self._known[key] = (len(self._pages), len(self._pages) + 1)
            width, height = size.width * 2540 / 72, size.height * 2540 / 72
            for under in (True, False):
                self._pages.append((width, height, self._contents(size, texts, under=under)))
        return self._known[key]

    def document(self) -> bytes:
        """The whole file."""
        states = "".join(f"/G{part}<</ca {part / 100:.2f}>>" for part in range(101))
        drawn = "".join(f"/I{number} {self._image(picture)} 0 R" for number, picture in enumerate(self._pictures))
        return self.written(self._pages, f"/ExtGState<<{states}>>/XObject<<{drawn}>>")

    def _contents(self, size: Size, texts: Sequence[str], *, under: bool) -> bytes:
        out: list[str] = []
        for place in Place:
            chosen = [(stamp, text) for stamp, text in zip(self._wanted.stamps, texts, strict=True) if stamp.place is place]
            if place is Place.WATERMARK:
                for rank, (stamp, text) in enumerate(chosen, 1):
                    if stamp.under == under:
                        out.append(self._watermark(stamp, text, size, rank / (len(chosen) + 1)))
            else:
                out += self._edge(place, chosen, size, under=under)
        return "\n".join(out).encode()

    def _edge(self, place: Place, chosen: Sequence[tuple[Stamp, str]], size: Size, *, under: bool) -> list[str]:
        """Lines of headers from the upper edge down, of footers from the lower edge up: rules stand outside."""
        edges, out = self._edges(size), []
        room = size.width - edges.left - edges.right
        for align in Align:
            used = 0.0
            for stamp, text in (each for each in chosen if each[0].align is align):
                for line, height in _lines(stamp, text, Size(room, size.height), self._sizes):
                    top = size.height - edges.top - used if place is Place.HEADER else edges.bottom + used + height
                    used += height
                    if stamp.under != under:
                        continue
                    free = {Align.LEFT: 0.0, Align.CENTER: 0.5, Align.RIGHT: 1.0}[align] * (room - line.width)
                    out.append(self._drawn(line, f"1 0 0 1 {edges.left + free:.3f} {top - height:.3f} cm", height))
        return out

    def _edges(self, size: Size) -> Edges:
        """Where headers and footers keep away from, in points."""
        if self._wanted.roll:
            return Edges()
        shorter = hundredths(min(size.width, size.height))
        usual, close, own = min(DEFAULT_MARGIN, shorter // 20), min(DEFAULT_MARGIN // 2, shorter // 40), self._wanted.unprintable
        side = max(usual, own.left, own.right)
        end = max(close, own.top, own.bottom)
        return Edges(*(round(points(edge)) for edge in (end, side, end, side)))

    def _watermark(self, stamp: Stamp, text: str, size: Size, part: float) -> str:
        across, along = abs(cos(radians(stamp.angle))), abs(sin(radians(stamp.angle)))
        crossed = _CROSSED * min(size.width / max(across, 1e-6), size.height / max(along, 1e-6))
        largest = _LARGEST * min(size.width, size.height)
        if stamp.picture is not None:
            width, height = self._sizes[stamp.picture]
            scale = stamp.size / height if stamp.size else _CROSSED * min(size.width / width, size.height / height)
            line, tall = _Line(stamp, "", width * scale, height * scale), height * scale
        else:
            text = " ".join(text.split())
            letters = float(stamp.size) or min(largest, crossed / max(0.5, _cells(text) / 2))
            line, tall = _Line(stamp, text, _cells(text) / 2 * letters, letters), letters * _LEADING
        turn = f"{cos(radians(stamp.angle)):.5f} {sin(radians(stamp.angle)):.5f} {-sin(radians(stamp.angle)):.5f}"
        turn = f"{turn} {cos(radians(stamp.angle)):.5f} {size.width / 2:.3f} {size.height * (1 - part):.3f} cm"
        return self._drawn(line, f"{turn} 1 0 0 1 {-line.width / 2:.3f} {-tall / 2:.3f} cm", tall)

    def _drawn(self, line: _Line, moved: str, height: float) -> str:
        """A line in a box of its width and `height` whose lower left corner `moved` puts in its place."""
        state = f"/G{round(line.stamp.opacity * 100)} gs"
        if line.stamp.picture is not None:
            return f"q {state} {moved} {line.width:.3f} 0 0 {height:.3f} 0 0 cm /I{line.stamp.picture} Do Q"
        red, green, blue = line.stamp.color
        base = (height - line.size * _LEADING) / 2 + line.size * (_LEADING / 2 - _MIDDLE)
        out = [f"q {state} {moved} {red:.3f} {green:.3f} {blue:.3f} rg BT 1 0 0 1 0 {base:.3f} Tm"]
        self.missing = self.missing or any(found is not None and not found.glyph for found in map(glyph, line.text))
        for font, shown in self._runs(line.text):
            out.append(f"{self._chosen(font, f'{line.size:.3f}')} <{shown}>Tj")
        return " ".join([*out, "ET Q"])

    def _image(self, picture: Picture) -> int:
        about = f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/BitsPerComponent 8"
        mask = ""
        if picture.alpha is not None:
            mask = f"/SMask {self._stream(picture.alpha, about + '/ColorSpace/DeviceGray')} 0 R"
        return self._stream(picture.rgb, f"{about}/ColorSpace/DeviceRGB{mask}")


def _pictures_sizes(wanted: Finishing) -> list[tuple[int, int]]:
    return [images.size(data) for data in wanted.pictures if isinstance(data, bytes)]


def _text(stamp: Stamp, number: int, count: int) -> str:
    values = {"page": str(number), "pages": str(count)}
    return _VARIABLE.sub(lambda found: "{" if found[0] == "{{" else values[found[1]], stamp.text)


def _cells(text: str) -> int:
    return sum(found.cells for found in map(glyph, text) if found)


def _lines(stamp: Stamp, text: str, room: Size, pictures: Sequence[tuple[int, int]]) -> list[tuple[_Line, float]]:
    """What a header or footer consists of, each with its height in points; what is too wide is made smaller."""
    if stamp.picture is not None:
        width, height = pictures[stamp.picture]
        own = stamp.size or min(height * 72 / 96, room.height * _TALL, room.width * _WIDE * height / width)
        scale = min(own / height, room.width / width)
        return [(_Line(stamp, "", width * scale, 0), height * scale)]
    lines = []
    for part in text.splitlines():
        half = max(1, _cells(part.rstrip())) / 2
        size = min(float(stamp.size or 9), room.width / half)
        lines.append((_Line(stamp, part, half * size, size), size * _LEADING))
    return lines
