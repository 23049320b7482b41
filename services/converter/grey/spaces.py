"""Colour spaces of PDF, each with how light its colours are (ISO 32000-1 sections 8.6 and 10.3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pikepdf import Array, Dictionary, Name, Object, Stream, String

from services.converter.grey import Unknown
from services.converter.grey.functions import function, numbers

Lightness = Callable[[Sequence[float]], float]
#: How the eye weighs red, green and blue.
RED, GREEN, BLUE = 0.299, 0.587, 0.114
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Space:
    """`grey` is from 0, black, to 1; `first` is the colour that a space begins with, `largest` what a full component is.

    `pattern`: its colours are patterns, which may have a colour of this space themselves (`count` is 0 where they have their own).
    """

    count: int
    grey: Lightness
    first: tuple[float, ...]
    colorless: bool = False
    pattern: bool = False
    palette: bytes = b""


def _rgb(values: Sequence[float]) -> float:
    red, green, blue = values
    return RED * red + GREEN * green + BLUE * blue


def _cmyk(values: Sequence[float]) -> float:
    cyan, magenta, yellow, black = values
    return 1 - min(1.0, RED * cyan + GREEN * magenta + BLUE * yellow + black)


def _gray(values: Sequence[float]) -> float:
    return values[0]


def _lab(values: Sequence[float]) -> float:
    """From L*, which goes to 100, through luminance to what a grey of the screen's gamma is."""
    level = (values[0] + 16) / 116
    light = level**3 if level > 6 / 29 else 3 * (6 / 29) ** 2 * (level - 4 / 29)
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


GRAY = Space(1, _gray, (0.0,), colorless=True)
RGB = Space(3, _rgb, (0.0, 0.0, 0.0))
CMYK = Space(4, _cmyk, (0.0, 0.0, 0.0, 1.0))
_LAB = Space(3, _lab, (0.0, 0.0, 0.0))
_BY_COUNT = {1: GRAY, 3: RGB, 4: CMYK}
_DEVICE = {
    "/DeviceGray": GRAY,
    "/G": GRAY,
    "/CalGray": GRAY,
    "/DeviceRGB": RGB,
    "/RGB": RGB,
    "/CalRGB": RGB,
    "/DeviceCMYK": CMYK,
    "/CMYK": CMYK,
    "/Lab": _LAB,
    "/Pattern": Space(0, _gray, (), colorless=True, pattern=True),
}


def space(made: Object, resources: Object, depth: int = 0) -> Space:
    """The space that a name or an array means; names of `resources` are looked up. Raises `Unknown`."""
    if depth > _DEEPEST:
        raise Unknown
    if isinstance(made, Name):
        own = resources.get("/ColorSpace") if isinstance(resources, Dictionary) else None
        if str(made) in _DEVICE:
            return _DEVICE[str(made)]
        if not isinstance(own, Dictionary) or str(made) not in own:
            raise Unknown
        return space(own[str(made)], resources, depth + 1)
    if not isinstance(made, Array) or len(made) == 0:
        raise Unknown
    kind = str(made[0])
    if len(made) == 1 or kind in ("/CalGray", "/CalRGB", "/Lab"):
        return space(made[0], resources, depth + 1)
    parts = {
        "/ICCBased": _profiled,
        "/Indexed": _indexed,
        "/I": _indexed,
        "/Separation": _inks,
        "/DeviceN": _inks,
        "/Pattern": _pattern,
    }
    if kind not in parts:
        raise Unknown
    return parts[kind](made, resources, depth + 1)


def _profiled(made: Array, _resources: Object, _depth: int) -> Space:
    found = _BY_COUNT.get(int(made[1].get("/N", 0)))
    if found is None:
        raise Unknown
    return found


def _pattern(made: Array, resources: Object, depth: int) -> Space:
    below = space(made[1], resources, depth)
    return Space(below.count, below.grey, below.first, colorless=below.colorless, pattern=True)


def _inks(made: Array, resources: Object, depth: int) -> Space:
    """Separation and DeviceN: what the tint transformation makes of them. One with several inks is not understood."""
    names = [made[1]] if isinstance(made[1], Name) else list(made[1])
    if len(names) != 1:
        raise Unknown
    if str(names[0]) in ("/All", "/Black"):
        return Space(1, lambda values: 1 - values[0], (1.0,))
    below, tint = space(made[2], resources, depth), function(made[3])
    return Space(1, lambda values: below.grey(tint(values[0])), (1.0,))


def _indexed(made: Array, resources: Object, depth: int) -> Space:
    """`palette` has a grey for each number."""
    below, count = space(made[1], resources, depth), int(made[2]) + 1
    table = made[3].read_bytes() if isinstance(made[3], Stream) else bytes(made[3]) if isinstance(made[3], String) else b""
    if not 1 <= count <= 256 or below.count == 0 or below is _LAB:
        raise Unknown
    table = table.ljust(count * below.count, b"\0")
    colors = ([part / 255 for part in table[at * below.count : (at + 1) * below.count]] for at in range(count))
    palette = bytes(level(below.grey(color)) for color in colors)

    def grey(values: Sequence[float]) -> float:
        return palette[min(max(int(values[0]), 0), count - 1)] / 255

    return Space(1, grey, (0.0,), colorless=below.colorless, palette=palette)


def level(grey: float) -> int:
    """A grey as an octet."""
    return round(255 * min(max(grey, 0.0), 1.0))


def grey_of(array: Object, own: Space) -> float:
    """The grey of a colour that is written as an array, as of backgrounds. Raises `Unknown`."""
    values = numbers(array)
    if len(values) != own.count:
        raise Unknown
    return own.grey(values)
