"""`listPapers`: the sheets that a printer takes, by name and size (extension, webprinter.md 3.4)."""

from typing import Any

from libs.contracts.devices import Capabilities
from libs.contracts.tickets import Media
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.printers import named_printer
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.reading.ticket import PAPERS

#: Sizes that differ by less, in 1/100 mm, are the same sheet: names and sizes differ by rounding.
SAME = 100


async def list_papers(gateway: Gateway, identity: Identity, data: Fields) -> list[dict[str, Any]]:
    """Name, width and height in mm; of a printer that does not say what it takes, the common sheets; none of a roll."""
    printer = await named_printer(gateway, identity, data)
    if printer.device.capabilities.receipt is not None:
        return []
    return papers(printer.device.capabilities) or [paper(_common(name)) for name in PAPERS]


def papers(can: Capabilities) -> list[dict[str, Any]]:
    """Each size once, in the printer's own order."""
    shown: dict[tuple[float, float], dict[str, Any]] = {}
    for each in can.media:
        found = paper(each.media)
        shown.setdefault((found["width"], found["height"]), found)
    return list(shown.values())


def paper(media: Media) -> dict[str, Any]:
    """A sheet by the name that people know, or by the printer's own."""
    width, height = media.width / 100, media.height / 100
    known = next((name for name in PAPERS if _same(_common(name), media)), "")
    return {"name": known or media.name or f"{width:g}x{height:g}", "width": width, "height": height}


def _common(name: str) -> Media:
    width, height = PAPERS[name]
    return Media(round(width * 100), round(height * 100))


def _same(one: Media, other: Media) -> bool:
    return abs(one.width - other.width) < SAME and abs(one.height - other.height) < SAME
