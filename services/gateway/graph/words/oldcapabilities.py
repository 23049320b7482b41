"""The capabilities of beta's getCapabilities: the same by the names that they had before v1.0 (graph-print.md 1.13)."""

from collections.abc import Mapping
from typing import Any

#: Old name -> the member of v1.0 that it became.
_OLD = {
    "isColorPrintingSupported": "isColorPrintingSupported",
    "supportsFitPdfToPage": "supportsFitPdfToPage",
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
    "supportedDuplexConfigurations": "duplexModes",
    "supportedPrintQualities": "qualities",
}
_DUPLEX = {"oneSided": "oneSided", "flipOnLongEdge": "twoSidedLongEdge", "flipOnShortEdge": "twoSidedShortEdge"}


def old_capabilities(known: Mapping[str, Any]) -> dict[str, Any]:
    """The old shape of a printerCapabilities."""
    found = {old: known[new] for old, new in _OLD.items()}
    found["supportedCopiesPerJob"] = known["copiesPerJob"]
    found["supportedDuplexConfigurations"] = [_DUPLEX[each] for each in known["duplexModes"] or () if each in _DUPLEX]
    return found
