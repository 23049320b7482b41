"""Whether a printer can do what a job's configuration, or its own defaults, ask for (graph-print.md 1.5)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from libs.contracts.fleet import PrinterView
from libs.contracts.mediatypes import bare
from libs.contracts.tickets import Media
from services.gateway.graph.problem import Problem, bad
from services.gateway.graph.words.capabilities import capabilities
from services.gateway.graph.words.media import from_graph, to_graph

#: Member of a configuration -> the capability that lists what it may be; an empty list says nothing, and lets everything pass.
LISTS = {
    "colorMode": "colorModes",
    "dpi": "dpis",
    "duplexMode": "duplexModes",
    "feedOrientation": "feedOrientations",
    "inputBin": "inputBins",
    "mediaType": "mediaTypes",
    "mediaColor": "mediaColors",
    "multipageLayout": "multipageLayouts",
    "orientation": "orientations",
    "outputBin": "outputBins",
    "quality": "qualities",
    "scaling": "scalings",
}
#: Member -> the capability that says whether there is such a thing at all; unsaid is yes.
SWITCHES = {"collate": "collation", "fitPdfToPage": "supportsFitPdfToPage", "pageRanges": "isPageRangeSupported"}
#: Pages on one side that software lays out, beside those that are offered.
MOST_ON_A_SIDE = 100

Able = Mapping[str, Any]


def check(configuration: Mapping[str, Any], printer: PrinterView, name: str) -> None:
    """`name` is that of the configuration or the defaults.

    Raises `Problem` 400 for the first member that the printer cannot do, with what it can.
    """
    able = capabilities(printer)
    for member, value in configuration.items():
        if value is not None and value != []:
            looks = _OTHERS.get(member, _listed)
            looks(able, printer, member, value, f"{name}.{member}")


def media_of(name: str, printer: PrinterView) -> Media | None:
    """The sheet that a configuration names: one of the printer's own, or of any printer; None of what nobody knows."""
    own = (each.media for each in printer.device.capabilities.media)
    return next((each for each in own if name.lower() in (to_graph(each).lower(), each.name.lower())), None) or from_graph(name)


def _listed(able: Able, _printer: PrinterView, member: str, value: Any, name: str) -> None:
    may = able.get(LISTS.get(member, "")) or ()
    if may and not _among(value, may) and value != "auto":
        raise _cannot(name, value, may)


def _color(able: Able, printer: PrinterView, member: str, value: str, name: str) -> None:
    """Of a printer that names no colours only what software does is listed; it may have colours all the same."""
    if printer.device.capabilities.colors or printer.profile.capabilities.get("colorModes"):
        _listed(able, printer, member, value, name)


def _switched(able: Able, _printer: PrinterView, member: str, value: Any, name: str) -> None:
    if value and able.get(SWITCHES[member]) is False:
        raise bad(f"{name}: this printer has no {SWITCHES[member]}; leave it out, or null.", name)


def _copies(able: Able, _printer: PrinterView, _member: str, value: int, name: str) -> None:
    span = able.get("copiesPerJob")
    if span and not span["start"] <= value <= span["end"]:
        raise bad(f"{name} is from {span['start']} to {span['end']} on this printer, and not {value}.", name)


def _content_type(able: Able, _printer: PrinterView, _member: str, value: str, name: str) -> None:
    may = able.get("contentTypes") or ()
    if may and bare(value) not in map(bare, may):
        raise _cannot(name, value, may)


def _finishings(able: Able, _printer: PrinterView, _member: str, value: Sequence[str], name: str) -> None:
    may = able.get("finishings") or ()
    for each in value:
        if each != "none" and may and each not in may:
            raise _cannot(name, each, may)


def _media(able: Able, printer: PrinterView, _member: str, value: str, name: str) -> None:
    may = able.get("mediaSizes") or ()
    media = media_of(value, printer)
    if media is None and not _among(value, may):
        raise bad(f"{name} is {_spelled(may) if may else 'a size such as A4, or a PWG name such as iso_a4_210x297mm'}.", name)
    if may and not _among(value, may) and not (media and (_among(to_graph(media), may) or _custom(printer, media))):
        raise _cannot(name, value, may)


def _custom(printer: PrinterView, media: Media) -> bool:
    """Whether the printer takes sheets of any size, and this is within its range."""
    span = printer.device.capabilities.custom_media
    fits = span and span.min_width <= media.width <= span.max_width and span.min_height <= media.height <= span.max_height
    return bool(fits)


def _on_a_side(able: Able, printer: PrinterView, _member: str, value: int, name: str) -> None:
    may = able.get("pagesPerSheet") or ()
    laid_out = printer.physical and not printer.served_by and len(may) > 1 and value <= MOST_ON_A_SIDE
    if may and value not in may and not laid_out:
        raise _cannot(name, value, may)


def _nothing(_able: Able, _printer: PrinterView, _member: str, _value: Any, _name: str) -> None:
    """A margin: what a printer cannot print on stays white, as wide as it may be."""


_OTHERS: dict[str, Callable[[Able, PrinterView, str, Any, str], None]] = {
    **dict.fromkeys(SWITCHES, _switched),
    "colorMode": _color,
    "contentType": _content_type,
    "copies": _copies,
    "copiesPerJob": _copies,  # as defaults spell it
    "finishings": _finishings,
    "margin": _nothing,
    "mediaSize": _media,
    "pagesPerSheet": _on_a_side,
}


def _among(value: Any, may: Sequence[Any]) -> bool:
    return value in may or (isinstance(value, str) and value.lower() in (str(each).lower() for each in may))


def _cannot(name: str, value: Any, may: Sequence[Any]) -> Problem:
    return bad(f"{name} cannot be {value} on this printer: write {_spelled(may)}.", name)


def _spelled(may: Sequence[Any]) -> str:
    return ("one of " if len(may) > 1 else "") + ", ".join(str(each) for each in may[:60])
