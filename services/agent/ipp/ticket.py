"""A ticket as IPP job attributes: exact sheet, no scaling, and only what the printer says that it can do."""

from collections.abc import Sequence

from libs.contracts.devices import Capabilities
from libs.contracts.tickets import Collate, ColorMode, Media, Sides, Ticket
from libs.ipp.attributes import Attributes, Collection, Value
from libs.ipp.finishings import NUMBERS
from libs.ipp.media_names import make_name
from libs.ipp.session import Given
from libs.ipp.values import EnumValue, Keyword, Resolution
from services.agent.drivers import Declined
from services.agent.ipp.capabilities import COLLATES, COLORS, QUALITIES

#: How far a sheet may be off and still be the same, in 1/100 mm: names in inches do not come out even.
TOLERANCE = 50
UNSUPPORTED = "unsupported-attributes-or-values"
#: Ours: the printer does not have the paper that was asked for.
MISMATCH = "media-mismatch"
#: The finishing that is none, which every printer has.
NONE = "none"


def job_attributes(ticket: Ticket, said: Attributes, can: Capabilities) -> Given:
    """What Create-Job or Print-Job are given. `said` are the printer's own attributes.

    Geometry is baked into the document: of the ticket only what the machine does is passed on. Raises `Declined` when the
    printer cannot do something that it is asked for: nothing is scaled or left out silently.
    """
    check(ticket, can)
    attributes = _media(ticket, said, can)
    if "none" in said.strings("print-scaling-supported"):
        attributes["print-scaling"] = Keyword("none")
    if ticket.copies > 1:
        attributes["copies"] = ticket.copies
        attributes |= _collate(ticket.collate or Collate.COLLATED, said)
    if ticket.sides and ticket.sides in can.sides:
        attributes["sides"] = Keyword(ticket.sides.value)
    attributes |= color_mode(ticket.color, said.strings("print-color-mode-supported"))
    quality = next((number for number, each in QUALITIES.items() if each is ticket.quality), 0)
    if quality in said.integers("print-quality-supported"):
        attributes["print-quality"] = EnumValue(quality)
    if ticket.resolution:
        attributes["printer-resolution"] = Resolution(ticket.resolution, ticket.resolution)
    return {**attributes, **after_printing(ticket, can)}


def check(ticket: Ticket, can: Capabilities) -> None:
    """Raises `Declined` when the printer has no such tray, paper, quality, resolution, copies, second side, finishing or bin.

    What it says nothing about at all is left to its own default; colour on a printer without is grey, as everybody knows.
    """
    _has("tray", ticket.tray, can.sources, must_say=True)
    _has("paper of the type", ticket.media_type, can.media_types, must_say=True)
    _has("output bin", ticket.output_bin, can.output_bins, must_say=True)
    _has("way to feed paper", ticket.feed_orientation, can.feed_orientations, must_say=True)
    for finishing in ticket.finishings:
        _has("finishing", finishing if finishing != NONE else "", can.finishings, must_say=True)
    _has("quality", ticket.quality, can.qualities)
    _has("resolution", str(ticket.resolution or ""), [str(each) for each in can.resolutions], must_say=True)
    if ticket.sides is not Sides.ONE_SIDED:
        _has("mode", ticket.sides, can.sides)
    if ticket.copies > 1:
        _has("order of copies", ticket.collate, can.collates)
    if ticket.copies > can.max_copies:
        raise Declined(UNSUPPORTED, f"The printer makes at most {can.max_copies} copies of a document, not {ticket.copies}.")


def _has(what: str, wanted: str | None, there: Sequence[str], *, must_say: bool = False) -> None:
    if not wanted or wanted in there or not (there or must_say):
        return
    choice = f"It has {', '.join(map(str, there[:12]))}." if there else "It names none: leave the choice to it."
    raise Declined(UNSUPPORTED, f"The printer has no {what} {wanted}. {choice}")


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
        MISMATCH,
        f"The printer has no sheet of {media.width / 100:g} x {media.height / 100:g} mm. "
        f"It takes {', '.join(dict.fromkeys(each.media.name or _size(each.media) for each in can.media[:8]))}.",
    )


def _size(media: Media) -> str:
    return f"{media.width / 100:g} x {media.height / 100:g} mm"


def _media(ticket: Ticket, said: Attributes, can: Capabilities) -> dict[str, Value]:
    media = fitting(ticket.media, can) if ticket.media else None
    column = media_col(media, ticket)
    members = said.strings("media-col-supported")
    if column and (set(column) <= set(members) or "media-col" in said.strings("job-creation-attributes-supported")):
        return {"media-col": Collection(column)}
    if ticket.tray or ticket.media_type:
        raise Declined(UNSUPPORTED, "The printer does not let a task choose its tray or the type of its paper: leave both to it.")
    if media and "media-supported" in said:
        return {"media": Keyword(media.name or make_name(media.width, media.height))}
    return {}


def media_col(media: Media | None, ticket: Ticket) -> dict[str, Value]:
    """The members of media-col (PWG 5100.7) that a task asks for."""
    column: dict[str, Value] = {}
    if media:
        column["media-size"] = Collection({"x-dimension": media.width, "y-dimension": media.height})
    if ticket.tray:
        column["media-source"] = Keyword(ticket.tray)
    if ticket.media_type:
        column["media-type"] = Keyword(ticket.media_type)
    return column


def _collate(collate: Collate, said: Attributes) -> dict[str, Value]:
    for keyword, meaning in COLLATES.items():
        if meaning is collate and keyword in said.strings("multiple-document-handling-supported"):
            return {"multiple-document-handling": Keyword(keyword)}
    return {}


#: The modes that serve where a printer does not have the one that is asked for.
_NEXT_BEST = {
    ColorMode.COLOR: (ColorMode.COLOR, ColorMode.AUTO),
    ColorMode.AUTO: (ColorMode.AUTO, ColorMode.COLOR),
    ColorMode.MONOCHROME: (ColorMode.MONOCHROME,),
    ColorMode.BI_LEVEL: (ColorMode.BI_LEVEL, ColorMode.MONOCHROME),
}


def color_mode(color: ColorMode | None, known: Sequence[str]) -> dict[str, Value]:
    """print-color-mode, by one of the keywords that the printer knows."""
    for mode in _NEXT_BEST[color] if color else ():
        for keyword, meaning in COLORS.items():
            if meaning is mode and keyword in known:
                return {"print-color-mode": Keyword(keyword)}
    return {}


def after_printing(ticket: Ticket, can: Capabilities) -> Given:
    """How paper goes in, and what becomes of it: feed-orientation, finishings by their numbers, output-bin."""
    wanted: dict[str, Value | Sequence[Value]] = {}
    numbers = [EnumValue(NUMBERS[each]) for each in ticket.finishings if each in can.finishings and each in NUMBERS]
    if numbers:
        wanted["finishings"] = numbers
    if ticket.output_bin:
        wanted["output-bin"] = Keyword(ticket.output_bin)
    if ticket.feed_orientation:
        wanted["feed-orientation"] = Keyword(ticket.feed_orientation.value)
    return wanted
