"""A ticket as IPP job attributes: exact sheet, no scaling, and only what the printer says that it can do."""

from libs.contracts.devices import Capabilities
from libs.contracts.tickets import Collate, ColorMode, Media, Ticket
from libs.ipp.attributes import Attributes, Collection, Value
from libs.ipp.values import EnumValue, Keyword
from services.agent.drivers import Declined
from services.agent.ipp.capabilities import COLLATES, QUALITIES
from services.agent.ipp.media_names import make_name

#: How far a sheet may be off and still be the same, in 1/100 mm: names in inches do not come out even.
TOLERANCE = 50


def job_attributes(ticket: Ticket, said: Attributes, can: Capabilities) -> dict[str, Value]:
    """What Create-Job or Print-Job are given. `said` are the printer's own attributes.

    Geometry is baked into the document: of the ticket only what the machine does is passed on. Raises `Declined` when the
    printer has no such sheet: a document is never scaled silently.
    """
    attributes: dict[str, Value] = {}
    if ticket.media:
        attributes |= _media(fitting(ticket.media, can), said)
    if "none" in said.strings("print-scaling-supported"):
        attributes["print-scaling"] = Keyword("none")
    if ticket.copies > 1 and can.max_copies > 1:
        attributes["copies"] = min(ticket.copies, can.max_copies)
        attributes |= _collate(ticket.collate or Collate.COLLATED, said)
    if ticket.sides and ticket.sides in can.sides:
        attributes["sides"] = Keyword(ticket.sides.value)
    attributes |= _color(ticket.color, said)
    quality = next((number for number, each in QUALITIES.items() if each is ticket.quality), 0)
    if quality in said.integers("print-quality-supported"):
        attributes["print-quality"] = EnumValue(quality)
    return attributes


def fitting(media: Media, can: Capabilities) -> Media:
    """The printer's own sheet of that size, or the size itself where it takes any. Raises `Declined` when it has none."""
    if not can.media and not can.custom_media:
        return media  # it does not say what it has
    for width, height in ((media.width, media.height), (media.height, media.width)):
        near = [
            each.media
            for each in can.media
            if abs(each.media.width - width) <= TOLERANCE and abs(each.media.height - height) <= TOLERANCE
        ]
        if near:
            return min(near, key=lambda each: abs(each.width - width) + abs(each.height - height))
    custom = can.custom_media
    for width, height in ((media.width, media.height), (media.height, media.width)):
        if custom and custom.min_width <= width <= custom.max_width and custom.min_height <= height <= custom.max_height:
            return Media(width, height, make_name(width, height))
    raise Declined(
        "unsupported-attributes-or-values",
        f"The printer has no sheet of {media.width / 100:g} x {media.height / 100:g} mm. "
        f"It takes {', '.join(dict.fromkeys(each.media.name or _size(each.media) for each in can.media[:8]))}.",
    )


def _size(media: Media) -> str:
    return f"{media.width / 100:g} x {media.height / 100:g} mm"


def _media(media: Media, said: Attributes) -> dict[str, Value]:
    if "media-size" in said.strings("media-col-supported") or "media-col" in said.strings("job-creation-attributes-supported"):
        size = Collection({"x-dimension": media.width, "y-dimension": media.height})
        return {"media-col": Collection({"media-size": size})}
    if "media-supported" in said:
        return {"media": Keyword(media.name or make_name(media.width, media.height))}
    return {}


def _collate(collate: Collate, said: Attributes) -> dict[str, Value]:
    for keyword, meaning in COLLATES.items():
        if meaning is collate and keyword in said.strings("multiple-document-handling-supported"):
            return {"multiple-document-handling": Keyword(keyword)}
    return {}


def _color(color: ColorMode | None, said: Attributes) -> dict[str, Value]:
    supported = said.strings("print-color-mode-supported")
    wanted = {ColorMode.COLOR: ("color", "auto"), ColorMode.MONOCHROME: ("monochrome", "auto-monochrome", "process-monochrome")}
    for keyword in wanted[color] if color else ():
        if keyword in supported:
            return {"print-color-mode": Keyword(keyword)}
    return {}
