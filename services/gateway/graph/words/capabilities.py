"""printerCapabilities: what a printer says of itself, what software does for it, what was said of it (graph-print.md 2.4)."""

from collections.abc import Iterable
from typing import Any

from libs.contracts.devices import Capabilities, MediaSupport
from libs.contracts.fleet import PrinterView
from libs.contracts.tickets import Collate, ColorMode, Orientation
from services.gateway.graph.http.members import Reader, flag, media_type, several, span, text, whole, word
from services.gateway.graph.words.contenttypes import taken
from services.gateway.graph.words.enums import COLORS, DUPLEX, FEEDS, FINISHINGS, LAYOUTS, ORIENTATIONS, QUALITIES, SCALINGS
from services.gateway.graph.words.media import to_graph

#: Pages on one side that are offered; any other number up to 100 is laid out as well.
PAGES_PER_SHEET = (1, 2, 4, 6, 8, 9, 16)
#: Copies that a document is made to have where the printer makes none itself.
MOST_COPIES = 9999
_EDGES = ("bottom", "top", "left", "right")
#: All members with how each is read, in the order of the schema.
MEMBERS: dict[str, Reader] = {
    "bottomMargins": several(whole()),
    "collation": flag,
    "colorModes": several(word(COLORS)),
    "contentTypes": several(media_type),
    "copiesPerJob": span,
    "dpis": several(whole(1)),
    "duplexModes": several(word(DUPLEX)),
    "feedOrientations": several(word(FEEDS)),
    "finishings": several(word(FINISHINGS)),
    "inputBins": several(text),
    "isColorPrintingSupported": flag,
    "isPageRangeSupported": flag,
    "leftMargins": several(whole()),
    "mediaColors": several(text),
    "mediaSizes": several(text),
    "mediaTypes": several(text),
    "multipageLayouts": several(word(LAYOUTS)),
    "orientations": several(word(ORIENTATIONS)),
    "outputBins": several(text),
    "pagesPerSheet": several(whole(1)),
    "qualities": several(word(QUALITIES)),
    "rightMargins": several(whole()),
    "scalings": several(word(SCALINGS)),
    "supportsFitPdfToPage": flag,
    "topMargins": several(whole()),
}


def capabilities(view: PrinterView) -> dict[str, Any]:
    """All members; those of the profile go before what the device says, None is what nobody knows.

    A printer whose jobs an application fetches (or nobody: a queue to redirect from) is what was said of it and nothing else:
    no software of ours lays its documents out.
    """
    able = view.device.capabilities
    said = _served(able) if view.served_by or not view.physical else {**_machine(able), **_software(able)}
    told = {name: value for name, value in view.profile.capabilities.items() if value is not None}
    known = {"contentTypes": list(taken(view, conversion=True)), **said, **told}
    return {name: known.get(name) for name in MEMBERS}


def _served(able: Capabilities) -> dict[str, Any]:
    return {name: value for name, value in _machine(able).items() if value not in (None, [])}


def _machine(able: Capabilities) -> dict[str, Any]:
    return {
        **_margins(able.media),
        "collation": Collate.COLLATED in able.collates if able.collates else None,
        "colorModes": COLORS.all(able.colors),
        "copiesPerJob": {"start": able.min_copies, "end": able.max_copies},
        "dpis": list(able.resolutions),
        "duplexModes": DUPLEX.all(able.sides),
        "feedOrientations": FEEDS.all(able.feed_orientations),
        "finishings": FINISHINGS.all(able.finishings),
        "inputBins": _several(able.sources, (each.source for each in able.media)),
        "isColorPrintingSupported": any(not each.colorless for each in able.colors) if able.colors else None,
        "mediaColors": list(able.media_colors),
        "mediaSizes": list(dict.fromkeys(to_graph(each.media) for each in able.media)),
        "mediaTypes": list(able.media_types),
        "orientations": ORIENTATIONS.all(able.orientations),
        "outputBins": list(able.output_bins),
        "qualities": QUALITIES.all(able.qualities),
    }


def _software(able: Capabilities) -> dict[str, Any]:
    """What is done in the document, whatever the printer; a roll has one page after the other, and no sheets."""
    roll = able.receipt is not None
    grey = (*able.colors, ColorMode.MONOCHROME, ColorMode.BI_LEVEL) if able.colors or not able.monochrome else ()
    return {
        "collation": True,
        "colorModes": COLORS.all(grey),
        "copiesPerJob": {"start": 1, "end": max(able.max_copies, MOST_COPIES)},
        "isPageRangeSupported": True,
        "multipageLayouts": [] if roll else list(LAYOUTS.names),
        "orientations": ORIENTATIONS.all((Orientation.PORTRAIT, Orientation.REVERSE_PORTRAIT) if roll else Orientation),
        "pagesPerSheet": [1] if roll else list(PAGES_PER_SHEET),
        "scalings": list(SCALINGS.names),
        "supportsFitPdfToPage": True,
    }


def _margins(sheets: Iterable[MediaSupport]) -> dict[str, list[int]]:
    """In microns, the narrowest first."""
    found = [each.margins for each in sheets]
    return {
        f"{edge}Margins": sorted({10 * width for each in found if (width := getattr(each, edge)) is not None}) for edge in _EDGES
    }


def _several(*lists: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(each for some in lists for each in some if each))
