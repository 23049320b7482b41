"""printerDefaults: the printer's own, and what was set before them (graph-print.md 2.5)."""

from typing import Any

from libs.contracts.devices import Capabilities
from libs.contracts.fleet import PrinterView
from libs.contracts.tickets import Direction, Scaling
from services.gateway.graph.http.members import Reader, flag, media_type, several, text, whole, word
from services.gateway.graph.words.enums import COLORS, DUPLEX, FINISHINGS, LAYOUTS, ORIENTATIONS, QUALITIES, SCALINGS
from services.gateway.graph.words.media import to_graph

#: All members with how each is read, in the order of the schema.
MEMBERS: dict[str, Reader] = {
    "colorMode": word(COLORS),
    "contentType": media_type,
    "copiesPerJob": whole(1),
    "dpi": whole(1),
    "duplexMode": word(DUPLEX),
    "finishings": several(word(FINISHINGS)),
    "fitPdfToPage": flag,
    "inputBin": text,
    "mediaColor": text,
    "mediaSize": text,
    "mediaType": text,
    "multipageLayout": word(LAYOUTS),
    "orientation": word(ORIENTATIONS),
    "outputBin": text,
    "pagesPerSheet": whole(1),
    "quality": word(QUALITIES),
    "scaling": word(SCALINGS),
}


def defaults(view: PrinterView) -> dict[str, Any]:
    """All members; those that were set go before the device's own, None is what nobody knows."""
    able = view.device.capabilities
    own = _own(able)
    if not (view.served_by or not view.physical):
        own |= _software()
    known = {**own, **{name: value for name, value in view.profile.defaults.items() if value is not None}}
    return {name: known.get(name) for name in MEMBERS}


def _own(able: Capabilities) -> dict[str, Any]:
    return {
        "colorMode": COLORS.to(able.default_color),
        "contentType": able.default_format or next(iter(able.formats), None),
        "copiesPerJob": 1,
        "dpi": able.default_resolution or None,
        "duplexMode": DUPLEX.to(able.default_sides),
        "finishings": FINISHINGS.all(able.default_finishings),
        "inputBin": able.default_source or None,
        "mediaColor": able.default_media_color or None,
        "mediaSize": to_graph(able.default_media) if able.default_media else None,
        "mediaType": able.default_media_type or None,
        "orientation": ORIENTATIONS.to(able.default_orientation),
        "outputBin": able.default_output_bin or None,
        "quality": QUALITIES.to(able.default_quality),
    }


def _software() -> dict[str, Any]:
    """What the documents are laid out with unless they are asked for otherwise."""
    return {
        "fitPdfToPage": False,
        "multipageLayout": LAYOUTS.to(Direction.TORIGHT_TOBOTTOM),
        "pagesPerSheet": 1,
        "scaling": SCALINGS.to(Scaling.AUTO),
    }
