"""What an application says of its printer as IPP attributes: decoded, and as members of Graph (graph-print.md 1.3)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from libs.contracts.devices import PrinterState
from libs.ipp import decoding
from libs.ipp.attributes import Attributes
from libs.ipp.errors import IppDecodeError
from libs.ipp.finishings import keywords
from libs.ipp.tags import GroupTag
from libs.ipp.values import Resolution, ResolutionUnits
from services.gateway.graph.problem import bad
from services.gateway.graph.words.enums import COLORS, DUPLEX, FEEDS, FINISHINGS, LAYOUTS, ORIENTATIONS, QUALITIES, SCALINGS, Words
from services.gateway.graph.words.ippvalues import json_values
from services.gateway.graph.words.media import named

MEDIA_TYPE = "application/ipp"
#: How much one printer may say of itself.
LIMITS = decoding.Limits(values=5_000, depth=8)
#: The header of a response, which the group of attributes does not bring along: version, status, request id.
_HEADER = b"\x02\x00\x00\x00\x00\x00\x00\x01"
_END = bytes((GroupTag.END,))
_ORIENTATIONS = {3: "portrait", 4: "landscape", 5: "reverse-landscape", 6: "reverse-portrait"}
_QUALITIES = {3: "draft", 4: "normal", 5: "high"}
_STATES = {3: PrinterState.IDLE, 4: PrinterState.PROCESSING, 5: PrinterState.STOPPED}
_COLLATED = "separate-documents-collated-copies"

#: From all attributes and the name of one to what a member is told.
Telling = Callable[[Attributes, str], Any]


def attributes(data: bytes) -> dict[str, Any]:
    """The fields of `ChangePrinter` that a body says: `ipp`, `capabilities`, `defaults`, `state`, `reasons`, `accepting`,
    `manufacturer`, `model`.

    The body is the tag of the printer group and its attributes, as RFC 8010 writes them; the end tag may be missing.
    Raises `Problem` 400.
    """
    if data[:1] != bytes((GroupTag.PRINTER,)):
        raise bad(f"The body of {MEDIA_TYPE} must begin with the tag 0x04 of the printer attributes, without a header of IPP.")
    try:
        message = decoding.decode_response(_HEADER + data + _END, LIMITS)
    except IppDecodeError as error:
        raise bad(f"The body of {MEDIA_TYPE} cannot be read: {error}.") from None
    said = message.groups[0].attributes
    if not said:
        raise bad(f"The body of {MEDIA_TYPE} names no attribute.")
    return described(said)


def described(said: Attributes) -> dict[str, Any]:
    """The same from attributes that are read already; what they do not say stays as it is."""
    found: dict[str, Any] = {
        "ipp": {name: json_values(values) for name, values in said.items()},
        "capabilities": _told(said, _CAPABILITIES) | _margins(said),
        "defaults": _told(said, _DEFAULTS),
    }
    found |= _make(said.string("printer-make-and-model") or "")
    state = _STATES.get(said.integer("printer-state") or 0)
    if state:
        found["state"] = state.value
    if "printer-state-reasons" in said:
        found["reasons"] = tuple(each for each in said.strings("printer-state-reasons") if each != "none")
    accepting = said.boolean("printer-is-accepting-jobs")
    return found if accepting is None else {**found, "accepting": accepting}


def _make(text: str) -> dict[str, str]:
    """The first word is who made it, the others are the model."""
    return dict(zip(("manufacturer", "model"), text[:127].split(None, 1), strict=False))


def _told(said: Attributes, table: Mapping[str, tuple[str, Telling]]) -> dict[str, Any]:
    told = {member: (tell(said, name), said.all(name)) for member, (name, tell) in table.items() if name in said}
    return {
        member: value for member, (value, values) in told.items() if value or (value is not None and not _foreign(value, values))
    }


def _foreign(value: Any, values: Sequence[Any]) -> bool:
    """Whether Graph has a word for none of the values: then nothing was said, and not that there are none."""
    return value == [] and bool(values)


def _words(words: Words[Any]) -> Telling:
    return lambda said, name: words.all(said.strings(name))


def _word(words: Words[Any]) -> Telling:
    return lambda said, name: words.to(said.string(name))


def _numbered(words: Words[Any], keyword: Mapping[int, str]) -> Telling:
    return lambda said, name: words.all(keyword[each] for each in said.integers(name) if each in keyword)


def _number(words: Words[Any], keyword: Mapping[int, str]) -> Telling:
    return lambda said, name: words.to(keyword.get(said.integer(name) or 0))


def _texts(said: Attributes, name: str) -> list[str]:
    return list(dict.fromkeys(said.strings(name)))


def _first(said: Attributes, name: str) -> str | None:
    return said.string(name)


def _finishings(said: Attributes, name: str) -> list[str]:
    return FINISHINGS.all(keywords(said.integers(name)))


def _dpis(said: Attributes, name: str) -> list[int]:
    return sorted({dpi for each in said.resolutions(name) if (dpi := _dpi(each))})


def _one_dpi(said: Attributes, name: str) -> int | None:
    return next(iter(_dpis(said, name)), None)


def _dpi(resolution: Resolution) -> int:
    dots = resolution.cross_feed
    return round(dots * 2.54) if resolution.units == ResolutionUnits.DOTS_PER_CENTIMETER else dots


def _copies(said: Attributes, name: str) -> dict[str, int] | None:
    range_ = said.range(name)
    return {"start": max(range_.lower, 1), "end": max(range_.upper, 1)} if range_ else None


def _integer(said: Attributes, name: str) -> int | None:
    return said.integer(name)


def _pages(said: Attributes, name: str) -> list[int]:
    """One number, several, or a range, of which the usual ones are told."""
    range_ = said.range(name)
    if range_ and range_.lower < range_.upper:
        return [each for each in (1, 2, 4, 6, 8, 9, 12, 16, 25) if range_.lower <= each <= range_.upper]
    return list(dict.fromkeys(said.integers(name)))


def _sheets(said: Attributes, name: str) -> list[str]:
    return list(dict.fromkeys(named(each) for each in said.strings(name) if not each.startswith(("custom_min", "custom_max"))))


def _sheet(said: Attributes, name: str) -> str | None:
    keyword = said.string(name)
    return named(keyword) if keyword else None


def _flag(said: Attributes, name: str) -> bool | None:
    return said.boolean(name)


def _collates(said: Attributes, name: str) -> bool:
    return _COLLATED in said.strings(name)


#: Graph's member -> the attribute that says it, and how.
_CAPABILITIES: dict[str, tuple[str, Telling]] = {
    "collation": ("multiple-document-handling-supported", _collates),
    "colorModes": ("print-color-mode-supported", _words(COLORS)),
    "contentTypes": ("document-format-supported", _texts),
    "copiesPerJob": ("copies-supported", _copies),
    "dpis": ("printer-resolution-supported", _dpis),
    "duplexModes": ("sides-supported", _words(DUPLEX)),
    "feedOrientations": ("feed-orientation-supported", _words(FEEDS)),
    "finishings": ("finishings-supported", _finishings),
    "inputBins": ("media-source-supported", _texts),
    "isColorPrintingSupported": ("color-supported", _flag),
    "isPageRangeSupported": ("page-ranges-supported", _flag),
    "mediaColors": ("media-color-supported", _texts),
    "mediaSizes": ("media-supported", _sheets),
    "mediaTypes": ("media-type-supported", _texts),
    "multipageLayouts": ("presentation-direction-number-up-supported", _words(LAYOUTS)),
    "orientations": ("orientation-requested-supported", _numbered(ORIENTATIONS, _ORIENTATIONS)),
    "outputBins": ("output-bin-supported", _texts),
    "pagesPerSheet": ("number-up-supported", _pages),
    "qualities": ("print-quality-supported", _numbered(QUALITIES, _QUALITIES)),
    "scalings": ("print-scaling-supported", _words(SCALINGS)),
}
_DEFAULTS: dict[str, tuple[str, Telling]] = {
    "colorMode": ("print-color-mode-default", _word(COLORS)),
    "contentType": ("document-format-default", _first),
    "copiesPerJob": ("copies-default", _integer),
    "dpi": ("printer-resolution-default", _one_dpi),
    "duplexMode": ("sides-default", _word(DUPLEX)),
    "finishings": ("finishings-default", _finishings),
    "inputBin": ("media-source-default", _first),
    "mediaColor": ("media-color-default", _first),
    "mediaSize": ("media-default", _sheet),
    "mediaType": ("media-type-default", _first),
    "multipageLayout": ("presentation-direction-number-up-default", _word(LAYOUTS)),
    "orientation": ("orientation-requested-default", _number(ORIENTATIONS, _ORIENTATIONS)),
    "outputBin": ("output-bin-default", _first),
    "pagesPerSheet": ("number-up-default", _integer),
    "quality": ("print-quality-default", _number(QUALITIES, _QUALITIES)),
    "scaling": ("print-scaling-default", _word(SCALINGS)),
}


def _margins(said: Attributes) -> dict[str, list[int]]:
    """In microns: those that the printer lists, or those of its sheets; IPP counts 1/100 mm."""
    found: dict[str, list[int]] = {}
    for edge in ("bottom", "top", "left", "right"):
        name = f"media-{edge}-margin"
        listed = said.integers(f"{name}-supported")
        of_sheets = (width for each in said.collections("media-col-database") if (width := each.integer(name)) is not None)
        widths = {10 * width for width in (listed or of_sheets) if 0 <= width <= 100_000}
        if widths:
            found[f"{edge}Margins"] = sorted(widths)
    return found
