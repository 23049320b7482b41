"""Beta's older members, beside those of v1.0 that they became (graph-print.md 1.13)."""

from collections.abc import Mapping
from typing import Any

#: Of capabilities: old name -> the member of v1.0.
_CAPABILITIES = {
    "supportedCopiesPerJob": "copiesPerJob",
    "supportedDocumentMimeTypes": "contentTypes",
    "supportedFinishings": "finishings",
    "supportedMediaColors": "mediaColors",
    "supportedMediaTypes": "mediaTypes",
    "supportedMediaSizes": "mediaSizes",
    "supportedOrientations": "orientations",
    "supportedOutputBins": "outputBins",
    "supportedPagesPerSheet": "pagesPerSheet",
    "supportedPresentationDirections": "multipageLayouts",
    "supportedColorConfigurations": "colorModes",
    "supportedPrintQualities": "qualities",
    "feedDirections": "feedOrientations",
}
_DEFAULTS = {
    "documentMimeType": "contentType",
    "pdfFitToPage": "fitPdfToPage",
    "presentationDirection": "multipageLayout",
    "printColorConfiguration": "colorMode",
    "printQuality": "quality",
}
_DUPLEX = {"oneSided": "oneSided", "flipOnLongEdge": "twoSidedLongEdge", "flipOnShortEdge": "twoSidedShortEdge"}

Told = Mapping[str, Any]


def older_capabilities(known: Told) -> dict[str, Any]:
    """The `supported...` family."""
    modes = known["duplexModes"] or ()
    duplex = [_DUPLEX[each] for each in modes if each in _DUPLEX]
    return {**{old: known[new] for old, new in _CAPABILITIES.items()}, "supportedDuplexConfigurations": duplex}


def get_capabilities(known: Told) -> dict[str, Any]:
    """The whole answer of getCapabilities."""
    same = ("isColorPrintingSupported", "supportsFitPdfToPage")
    return {**{name: known[name] for name in same}, **older_capabilities(known)}


def older_defaults(known: Told) -> dict[str, Any]:
    """Of printerDefaults."""
    return {**{old: known[new] for old, new in _DEFAULTS.items()}, "duplexConfiguration": _DUPLEX.get(known["duplexMode"] or "")}


def older_status(known: Told) -> dict[str, Any]:
    """Of printerStatus."""
    return {
        "processingState": known["state"],
        "processingStateReasons": known["details"],
        "processingStateDescription": known["description"],
    }


def older_location(known: Told) -> dict[str, Any]:
    """Of printerLocation, where floors and rooms were numbers."""
    return {"floorNumber": _number(known["floor"]), "roomNumber": _number(known["roomName"])}


def document_configuration(known: Told) -> dict[str, Any]:
    """The printerDocumentConfiguration of a document: its job's."""
    return {**known, "feedDirection": known["feedOrientation"]}


def _number(text: str | None) -> int | None:
    return int(text) if text and len(text) < 10 and text.removeprefix("-").isdecimal() and text.isascii() else None
