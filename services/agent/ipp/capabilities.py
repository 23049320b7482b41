"""What a printer says of itself over IPP, as capabilities. A hostile printer can say anything: values are bounded."""

import re
from collections.abc import Iterable
from typing import TypeVar

from libs.contracts.devices import Capabilities, CustomMedia, MediaSupport
from libs.contracts.tickets import Collate, ColorMode, FeedOrientation, Margins, Media, Orientation, Quality, Sides
from libs.ipp.attributes import Attributes, Collection
from libs.ipp.finishings import keywords
from libs.ipp.media_names import parse_name
from libs.ipp.values import IntegerRange, Resolution, ResolutionUnits

#: What is asked of a printer; `media-col-database` must be named (PWG 5100.7).
REQUESTED = ("all", "media-col-database")

_ORIENTATIONS = {
    3: Orientation.PORTRAIT,
    4: Orientation.LANDSCAPE,
    5: Orientation.REVERSE_LANDSCAPE,
    6: Orientation.REVERSE_PORTRAIT,
}
QUALITIES = {3: Quality.DRAFT, 4: Quality.NORMAL, 5: Quality.HIGH}
#: multiple-document-handling (RFC 8011 section 5.2.4) as collation of one document's copies.
COLLATES = {
    "separate-documents-collated-copies": Collate.COLLATED,
    "separate-documents-uncollated-copies": Collate.UNCOLLATED,
}
#: print-color-mode (PWG 5100.14); a mode of ours may have several keywords, the first that a printer knows is sent.
COLORS = {
    "auto": ColorMode.AUTO,
    "color": ColorMode.COLOR,
    "monochrome": ColorMode.MONOCHROME,
    "auto-monochrome": ColorMode.MONOCHROME,
    "process-monochrome": ColorMode.MONOCHROME,
    "bi-level": ColorMode.BI_LEVEL,
    "process-bi-level": ColorMode.BI_LEVEL,
}
_FEEDS = {each.value: each for each in FeedOrientation}
_EDGES = ("top", "right", "bottom", "left")
_MOST = 400  # entries of one list
_FASTEST = 10_000  # pages per minute
_LONGEST = 10_000_000  # 100 m in 1/100 mm
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,60}/[A-Za-z0-9][A-Za-z0-9.+-]{0,120}")
K = TypeVar("K")
V = TypeVar("V")


def words(values: Iterable[str]) -> tuple[str, ...]:
    """Keywords that can be shown and logged as they are, each once."""
    return tuple(dict.fromkeys(value for value in values if _WORD.fullmatch(value)))[:_MOST]


def shown(text: str) -> str:
    """A text on one line: without control characters, and without those that turn or break what stands beside them."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[:1023]).split())


def read(said: Attributes) -> Capabilities:
    """A printer's capabilities from its attributes (RFC 8011 section 5.4, PWG 5100.7, 5100.13)."""
    copies = said.range("copies-supported") or IntegerRange(1, 1)
    colors, monochrome = _colors(said)
    sheets = _sheets(said)
    return Capabilities(
        formats=tuple(dict.fromkeys(each for each in said.strings("document-format-supported") if _TYPE.fullmatch(each)))[:_MOST],
        colors=colors,
        default_color=COLORS.get(said.string("print-color-mode-default") or "", colors[0] if colors else None),
        min_copies=1,
        max_copies=min(max(copies.upper, 1), 9999),
        orientations=_known(said.integers("orientation-requested-supported"), _ORIENTATIONS),
        default_orientation=_ORIENTATIONS.get(said.integer("orientation-requested-default") or 0),
        collates=_known(said.strings("multiple-document-handling-supported"), COLLATES),
        default_collate=COLLATES.get(said.string("multiple-document-handling-default") or ""),
        qualities=_known(said.integers("print-quality-supported"), QUALITIES),
        default_quality=QUALITIES.get(said.integer("print-quality-default") or 0),
        sides=_known(said.strings("sides-supported"), {each.value: each for each in Sides}),
        default_sides=next((each for each in Sides if each == said.string("sides-default")), None),
        media=sheets,
        default_media=_default_sheet(said, sheets),
        custom_media=_custom(said),
        sources=words(said.strings("media-source-supported")),
        resolutions=tuple(sorted({_dpi(each) for each in said.resolutions("printer-resolution-supported")} - {0}))[:_MOST],
        number_up=(1,),  # n-up is laid out in the document
        default_source=_of_sheet(said, "media-source"),
        media_types=words(said.strings("media-type-supported")),
        monochrome=monochrome,
        finishings=keywords(said.integers("finishings-supported"))[:_MOST],
        default_finishings=keywords(said.integers("finishings-default"))[:_MOST],
        output_bins=words(said.strings("output-bin-supported")),
        default_output_bin=_word(said.string("output-bin-default")),
        feed_orientations=_known(said.strings("feed-orientation-supported"), _FEEDS),
        default_feed_orientation=_FEEDS.get(said.string("feed-orientation-default") or ""),
        media_colors=words(said.strings("media-color-supported")),
        default_media_color=_of_sheet(said, "media-color"),
        default_media_type=_of_sheet(said, "media-type"),
        default_resolution=next((_dpi(each) for each in said.resolutions("printer-resolution-default")), 0),
        default_format=next((each for each in said.strings("document-format-default") if _TYPE.fullmatch(each)), ""),
        make_and_model=shown(said.string("printer-make-and-model") or "")[:127],
    )


def rated(said: Attributes) -> int:
    """Pages per minute that it says it can make (pages-per-minute, RFC 8011 section 5.4.36), 0: it does not say."""
    return min(max(said.integer("pages-per-minute") or 0, 0), _FASTEST)


def _known(values: Iterable[K], table: dict[K, V]) -> tuple[V, ...]:
    return tuple(dict.fromkeys(table[value] for value in values if value in table))


def _colors(said: Attributes) -> tuple[tuple[ColorMode, ...], bool]:
    """The modes that it can be asked for, and whether it leaves colours away itself; if not, they are left away before it."""
    modes = _known(said.strings("print-color-mode-supported"), COLORS)
    supported = said.boolean("color-supported")
    if not modes and supported is False:
        return (ColorMode.MONOCHROME,), True
    own = supported is False or any(each.colorless for each in modes)
    if not modes and supported:  # older than print-color-mode
        modes = (ColorMode.COLOR,)
    return (modes if own or not modes else (*modes, ColorMode.MONOCHROME)), own


def _sheets(said: Attributes) -> tuple[MediaSupport, ...]:
    names = _names(said)
    found = [sheet for each in said.collections("media-col-database") if (sheet := _sheet(each, said, names))]
    if not found:
        found = [sheet for each in said.collections("media-size-supported") if (sheet := _sized(each, "", None, said, names))]
    if not found:
        found = [MediaSupport(Media(*size, name), _margins(None, said)) for size, name in names.items()]
    # Where a sheet is there with margins and without, the one that every printer can do comes first.
    return tuple(dict.fromkeys(sorted(found, key=lambda sheet: not any(_edges(sheet.margins)))))[:_MOST]


def _names(said: Attributes) -> dict[tuple[int, int], str]:
    """The printer's own names of sheets, by size."""
    names = (name for name in said.strings("media-supported") if _WORD.fullmatch(name) and not name.startswith("custom_m"))
    return {size: name for name in names if (size := parse_name(name))}


def _sheet(entry: Collection, said: Attributes, names: dict[tuple[int, int], str]) -> MediaSupport | None:
    size = entry.collection("media-size")
    if size is None:
        return None
    source = entry.string("media-source") or ""
    sheet = _sized(size, source if _WORD.fullmatch(source) else "", entry, said, names)
    name = entry.string("media-size-name") or ""
    if sheet and _WORD.fullmatch(name):
        return MediaSupport(Media(sheet.media.width, sheet.media.height, name), sheet.margins, sheet.source)
    return sheet


def _sized(
    size: Collection, source: str, entry: Collection | None, said: Attributes, names: dict[tuple[int, int], str]
) -> MediaSupport | None:
    width, height = size.integer("x-dimension"), size.integer("y-dimension")
    if width is None or height is None or not (0 < width <= _LONGEST and 0 < height <= _LONGEST):
        return None
    return MediaSupport(Media(width, height, names.get((width, height), "")), _margins(entry, said), source)


def _margins(entry: Collection | None, said: Attributes) -> Margins:
    """The edges of one sheet; of a sheet that does not say, the widest that the printer has."""
    edges = []
    for edge in _EDGES:
        own = entry.integer(f"media-{edge}-margin") if entry else None
        width = own if own is not None else max(said.integers(f"media-{edge}-margin-supported"), default=0)
        edges.append(min(max(width, 0), 10_000))
    return Margins(*edges)


def _edges(margins: Margins) -> tuple[int | None, ...]:
    return (margins.top, margins.right, margins.bottom, margins.left)


def _default_sheet(said: Attributes, sheets: tuple[MediaSupport, ...]) -> Media | None:
    entry = said.collection("media-col-default")
    size = entry.collection("media-size") if entry else None
    wanted = (size.integer("x-dimension"), size.integer("y-dimension")) if size else parse_name(said.string("media-default") or "")
    return next((each.media for each in sheets if (each.media.width, each.media.height) == wanted), None)


def _of_sheet(said: Attributes, name: str) -> str:
    """What is said of the sheet that is in it unless another is asked for: its media-source, media-type, media-color."""
    entry = said.collection("media-col-default")
    return _word((entry.string(name) if entry else None) or said.string(f"{name}-default"))


def _word(value: str | None) -> str:
    return next(iter(words([value or ""])), "")


def _custom(said: Attributes) -> CustomMedia | None:
    sizes = [size for each in said.collections("media-col-database") if (size := each.collection("media-size"))]
    for size in (*sizes, *said.collections("media-size-supported")):
        width, height = size.range("x-dimension"), size.range("y-dimension")
        if width and height and (width.lower < width.upper or height.lower < height.upper):
            bounds = (width.lower, width.upper, height.lower, height.upper)
            return CustomMedia(*(min(max(bound, 1), _LONGEST) for bound in bounds))
    least, most = _bound(said, "custom_min"), _bound(said, "custom_max")
    return CustomMedia(least[0], most[0], least[1], most[1]) if least and most else None


def _bound(said: Attributes, prefix: str) -> tuple[int, int] | None:
    return next((size for name in said.strings("media-supported") if name.startswith(prefix) and (size := parse_name(name))), None)


def _dpi(resolution: Resolution) -> int:
    dots = resolution.cross_feed
    if resolution.units == ResolutionUnits.DOTS_PER_CENTIMETER:
        dots = round(dots * 2.54)
    return dots if 0 < dots <= 9600 else 0
