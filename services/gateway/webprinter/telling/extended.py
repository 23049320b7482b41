"""The extended view: more keys than the protocol documents, for those who ask for them (webprinter.md, ground rule 3, and 3.2)."""

from typing import Any

from libs.contracts.devices import Capabilities, DeviceType
from libs.contracts.queries import DeviceView, Line, Lines, ListLines
from services.gateway.domain import Identity
from services.gateway.gateway import Gateway
from services.gateway.webprinter.actions.papers import paper, papers
from services.gateway.webprinter.reading import words
from services.gateway.webprinter.reading.fields import Fields
from services.gateway.webprinter.telling import views
from services.gateway.webprinter.telling.printerstates import states


def wanted(gateway: Gateway, data: Fields) -> bool:
    """Whether this answer is to tell everything: as the request says, else as the server is set."""
    asked = data.flag("extended")
    return gateway.extended if asked is None else asked


async def device_infos(gateway: Gateway, identity: Identity, found: list[DeviceView], *, extended: bool) -> list[dict[str, Any]]:
    """Devices as the client sees them. Raises the bus's `Unanswered` when nobody knows how their lines stand."""
    shown = [views.device_info(view, identity.sn) for view in found]
    if not extended:
        return shown
    printers = tuple((view.agent, view.device.id) for view in found if view.device.type is DeviceType.PRINTER)
    lines: dict[tuple[str, str], Line] = {}
    if printers:
        query = ListLines(region=gateway.region, tenant=identity.tenant, printers=printers)
        answer: Lines = await gateway.bus.ask(query)
        lines = {(line.agent, line.printer): line for line in answer.lines}
    return [{**info, **_device(view, lines.get((view.agent, view.device.id)))} for info, view in zip(shown, found, strict=True)]


def _device(view: DeviceView, line: Line | None) -> dict[str, Any]:
    device = view.device
    more: dict[str, Any] = {"states": states(device, online=view.online, paused=bool(line and line.paused))}
    if line:
        more |= {"queue": {"waiting": line.waiting, "sent": line.sent}}
        more |= {"unknownPolicy": str(device.unknown), "partialPolicy": str(device.partial)}
    return {**more, "virtual": device.virtual}


def capability(can: Capabilities) -> dict[str, Any]:
    """Capability with the keys that the capture lacks; what nobody knows is left out or empty."""
    shown = {
        **views.capability(can),
        "defaultQuality": words.SHOWN_QUALITIES[can.default_quality] if can.default_quality else None,
        "supportedSides": [words.SHOWN_SIDES[each] for each in can.sides],
        "defaultSide": words.SHOWN_SIDES[can.default_sides] if can.default_sides else None,
        "supportedPapers": papers(can),
        "defaultPaper": paper(can.default_media) if can.default_media else None,
        "supportsCustomPaper": can.custom_media is not None,
        **_custom(can),
        "supportedTrays": list(can.sources),
        "defaultTray": can.default_source or None,
        "supportedResolutions": list(can.resolutions),
        "supportedMediaTypes": list(can.media_types),
    }
    return {key: value for key, value in shown.items() if value is not None}


def _custom(can: Capabilities) -> dict[str, float]:
    """The range of sheets in mm."""
    range_ = can.custom_media
    if range_ is None:
        return {}
    return {
        "minPaperWidth": range_.min_width / 100,
        "maxPaperWidth": range_.max_width / 100,
        "minPaperHeight": range_.min_height / 100,
        "maxPaperHeight": range_.max_height / 100,
    }
