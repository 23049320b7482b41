"""Which glyph of which font shows a character: the fonts of this process, and every character met so far."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.converter.truetype import Font

#: The first holds Chinese and half-width Latin; the others help out with what it has not. (file, face)
_FONTS: tuple[tuple[str, int], ...] = (
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 1),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 0),
    ("/usr/share/fonts/truetype/liberation2/LiberationMono-Regular.ttf", 0),
)
#: Letters of alphabets and currency signs fill one cell, also where a Chinese font draws them wider.
_NARROW = frozenset([*range(0x80, 0x1100), *range(0x1E00, 0x2000), *range(0x20A0, 0x20D0)])
#: How far from a whole number of cells a glyph may be, in em: more touches its neighbours or leaves holes.
_TOLERANCE = 0.03
#: Seen as nothing in every font: marks of direction, joiners, variation selectors, a byte order mark in the middle.
_INVISIBLE = frozenset([0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10)])
#: Scripts whose letters change with their neighbours or run from right to left: beyond what a row of glyphs can show.
_SHAPED = (
    (0x0590, 0x08FF),
    (0x0900, 0x0DFF),
    (0x0E00, 0x0FFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x1800, 0x18AF),
    (0xFB1D, 0xFEFC),
)


@dataclass(frozen=True, slots=True)
class Glyph:
    """How a character is shown: which font (see `squeeze`), which glyph (0: not at all), how many half-width cells wide."""

    font: int
    glyph: int
    cells: int


@dataclass(slots=True)
class _Case:
    """The fonts of this process, and every character met so far."""

    fonts: list[Font] = field(default_factory=list)
    squeezes: list[float] = field(default_factory=list)
    known: dict[str, Glyph | None] = field(default_factory=dict)


_case = _Case()


def prepare() -> None:
    """Load the fonts, while files can still be read."""
    _case.fonts = [Font(Path(path), index) for path, index in _FONTS if Path(path).exists()]
    if not _case.fonts:
        raise RuntimeError("No font for plain text was found; install fonts-wqy-zenhei.")
    _case.squeezes = [_squeeze(font) for font in _case.fonts]
    _case.known.clear()


def fonts() -> list[Font]:
    """The fonts by their numbers in a `Glyph`."""
    return _case.fonts


def squeeze(font: int) -> float:
    """How much narrower a font is drawn, so that its letters fill a cell: 1 for one that is made so."""
    return _case.squeezes[font]


def glyph(character: str) -> Glyph | None:
    """How a character is shown; None: it is a mark that shows nothing."""
    try:
        return _case.known[character]
    except KeyError:
        found = _case.known[character] = _find(ord(" " if character == "\xa0" else character))
        return found


def _find(code: int) -> Glyph | None:
    if code < 32 or 0x7F <= code < 0xA0 or code in _INVISIBLE:
        return None
    if any(first <= code <= last for first, last in _SHAPED):
        return Glyph(0, 0, 1)
    found = list(_candidates(code))
    fitting = [each for off, each in found if off < _TOLERANCE and (code not in _NARROW or each.cells == 1)]
    if found:
        return (fitting or [each for _, each in found])[0]
    return Glyph(0, 0, 2 if code >= 0x1100 else 1)


def _candidates(code: int) -> Iterator[tuple[float, Glyph]]:
    """Each font's glyph of a character, and how far it is from filling its cells, in em."""
    for number, font in enumerate(_case.fonts):
        if shape := font.glyphs.get(code):
            share = font.width(shape) / font.units * _case.squeezes[number]
            cells = 0 if share == 0 else 1 if share < 0.75 else 2
            yield abs(share - cells / 2), Glyph(number, shape, cells)


def _squeeze(font: Font) -> float:
    """Fonts of even width, whose letters are wider than half their height, are drawn narrower; others as they are."""
    narrow, wide = (font.width(font.glyphs.get(ord(letter), 0)) for letter in "iW")
    return 0.5 * font.units / wide if narrow == wide and wide > 0.5 * font.units else 1.0
