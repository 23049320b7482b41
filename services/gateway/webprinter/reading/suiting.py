"""Whether a printer can do what a task asks of it, told before the task is accepted."""

from collections.abc import Iterable
from dataclasses import replace

from libs.contracts.devices import Capabilities, Device
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_FORMATS, RAW_MEDIA_TYPE, Format
from libs.contracts.tickets import Orientation, Quality, Sides, Ticket
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import at, normal, shown

#: Fields of a ticket -> the keys of `config` that they come from.
_KEYS = {
    "sides": "side",
    "color": "color",
    "orientation": "orientation",
    "media": "paperConfig",
    "margins": "margin*",
    "page_ranges": "pageRanges",
    "number_up": "pagesPerSheet",
    "collate": "collate",
    "quality": "quality",
    "scaling": "scale",
    "zoom": "scale",
    "rotate": "rotate",
    "offset_x": "offsetX",
    "offset_y": "offsetY",
    "subset": "oddEven",
    "reverse": "reverse",
    "repeats": "repeats",
    "tray": "tray",
    "media_type": "mediaType",
    "cut": "cut",
    "drawer": "drawer",
    "dither": "dither",
    "resolution": "dpi",
    "marks": "header, footer, watermark",
}
_QUALITIES = {Quality.DRAFT: "DRAFT", Quality.NORMAL: "NORMAL", Quality.HIGH: "HIGH"}


def suited(ticket: Ticket, kind: Format, device: Device, path: str) -> Ticket:
    """The ticket with trays and media types as the printer spells them; `path` is the task's place in the request.

    Raises `Rejected` for what neither the printer nor our own software can do. Of a virtual device nothing is known: it takes
    everything, and the printer that the task is released to is asked then.
    """
    config = at(path, "config")
    if kind in RAW_FORMATS:
        _untouched(ticket, kind, config)
    if device.virtual:
        return ticket
    able = device.capabilities
    if kind in RAW_FORMATS:
        _takes_raw(able, kind, device.name, at(path, "mediaFormat"))
        return ticket
    _receipts_only(ticket, able, config)
    if able.receipt is not None:
        _on_a_roll(ticket, device.name, config)
    if able != Capabilities():  # otherwise its agent has not asked it yet
        _sides(ticket, able, device.name, config)
        _quality(ticket, able, device.name, config)
        _resolution(ticket, able, device.name, config)
        tray = _named(ticket.tray, _trays(able), f"{config}.tray", f"trays of {shown(device.name)}")
        media_type = _named(ticket.media_type, able.media_types, f"{config}.mediaType", f"media types of {shown(device.name)}")
        if (tray, media_type) != (ticket.tray, ticket.media_type):
            return replace(ticket, tray=tray, media_type=media_type)
    return ticket


def _untouched(ticket: Ticket, kind: Format, config: str) -> None:
    plain = Ticket(copies=ticket.copies)
    for field, key in _KEYS.items():
        if getattr(ticket, field) != getattr(plain, field):
            raise Rejected(f"{config}: {key} cannot be done to {kind}, which goes to the printer untouched; leave it out.")


def _takes_raw(able: Capabilities, kind: Format, name: str, field: str) -> None:
    if RAW_MEDIA_TYPE not in able.formats:
        raise Rejected(
            f"{field} {kind} cannot be printed on {shown(name)}, which takes documents only: send it to a raw queue or "
            "a socket printer."
        )


def _receipts_only(ticket: Ticket, able: Capabilities, config: str) -> None:
    if able.receipt is not None or ESCPOS_MEDIA_TYPE in able.formats:
        return
    for field in ("cut", "drawer", "dither"):
        if getattr(ticket, field) is not None:
            raise Rejected(f"{config}.{field} is for receipt printers, and this printer is none: leave it out.")


def _on_a_roll(ticket: Ticket, name: str, config: str) -> None:
    """What only sheets have. Raises `Rejected`."""
    for key, asked in (
        ("side", ticket.sides not in (None, Sides.ONE_SIDED)),
        ("pagesPerSheet", ticket.number_up > 1),
        ("orientation", ticket.orientation in (Orientation.LANDSCAPE, Orientation.REVERSE_LANDSCAPE)),
        ("tray", bool(ticket.tray)),
        ("mediaType", bool(ticket.media_type)),
    ):
        if asked:
            instead = "write rotate 90 to turn the pages" if key == "orientation" else "leave it out"
            raise Rejected(f"{config}.{key} is for sheets, and {shown(name)} prints on a roll: {instead}.")


def _sides(ticket: Ticket, able: Capabilities, name: str, config: str) -> None:
    if ticket.sides not in (None, Sides.ONE_SIDED) and able.sides and ticket.sides not in able.sides:
        raise Rejected(
            f"{config}.side: {shown(name)} cannot print this way on both sides; write ONESIDE, or print oddEven ODD and then "
            "EVEN on the turned sheets."
        )


def _quality(ticket: Ticket, able: Capabilities, name: str, config: str) -> None:
    if ticket.quality and able.qualities and ticket.quality not in able.qualities:
        known = ", ".join(_QUALITIES[each] for each in able.qualities)
        raise Rejected(f"{config}.quality must be one of {known} for {shown(name)}; it is {_QUALITIES[ticket.quality]}.")


def _resolution(ticket: Ticket, able: Capabilities, name: str, config: str) -> None:
    if not ticket.resolution or ticket.resolution in able.resolutions:
        return
    if not able.resolutions:
        raise Rejected(f"{config}.dpi cannot be chosen: {shown(name)} does not say which it has; leave it out.")
    known = ", ".join(map(str, able.resolutions))
    raise Rejected(f"{config}.dpi must be one of {known} for {shown(name)}; it is {ticket.resolution}.")


def _trays(able: Capabilities) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*able.sources, *(each.source for each in able.media if each.source))))


def _named(given: str, known: Iterable[str], field: str, what: str) -> str:
    """A word of the printer's own by any spelling of it."""
    if not given:
        return ""
    names = tuple(known)
    for name in names:
        if normal(name) == normal(given):
            return name
    if not names:
        raise Rejected(f"{field} cannot be chosen: the {what} are not known; leave it out.")
    raise Rejected(f"{field} must be one of the {what}: {', '.join(names)}; it is {shown(given)}.")
