"""Which glyph of which font shows a character: the fonts of this process, and every character met so far."""

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
    """How a character is shown: which font, which glyph (0: not at all), how many half-width cells wide."""

    font: int
    glyph: int
    cells: int


@dataclass(slots=True)
class _Case:
    """The fonts of this process, and every character met so far."""

    fonts: list[Font] = field(default_factory=list)
    known: dict[str, Glyph | None] = field(default_factory=dict)


_case = _Case()


def prepare() -> None:
    """Load the fonts, while files can still be read."""
    _case.fonts = [Font(Path(path), index) for path, index in _FONTS if Path(path).exists()]
    if not _case.fonts:
        raise RuntimeError("No font for plain text was found; install fonts-wqy-zenhei.")


def fonts() -> list[Font]:
    """The fonts by their numbers in a `Glyph`."""
    return _case.fonts


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
    for number, font in enumerate(_case.fonts):
        shape = font.glyphs.get(code)
        if shape:
            share = font.width(shape) / font.units
            return Glyph(number, shape, 0 if share == 0 else 1 if share < 0.75 else 2)
    return Glyph(0, 0, 2 if code >= 0x1100 else 1)
