"""A ticket as attributes of a CUPS job: exact sheet, no scaling, and only what the machine itself does."""

from libs.contracts.devices import Capabilities
from libs.contracts.tickets import Collate, Ticket
from libs.ipp.attributes import Collection, Value
from libs.ipp.media_names import make_name
from libs.ipp.session import Given
from libs.ipp.values import EnumValue, Keyword, Resolution
from services.agent.ipp.capabilities import COLLATES, QUALITIES
from services.agent.ipp.ticket import after_printing, check, color_mode, fitting, media_col


def options(ticket: Ticket, can: Capabilities) -> Given:
    """What a job is created with. Raises `Declined` when the printer cannot do something that it is asked for.

    A tray and the type of the paper travel in media-col, of which cupsd makes what the driver of its queue calls them.
    """
    check(ticket, can)
    chosen: dict[str, Value] = {"print-scaling": Keyword("none")}
    media = fitting(ticket.media, can) if ticket.media else None
    if ticket.tray or ticket.media_type:
        chosen["media-col"] = Collection(media_col(media, ticket))
    elif media:
        chosen["media"] = Keyword(media.name or make_name(media.width, media.height))
    if ticket.copies > 1:
        chosen["copies"] = ticket.copies
        wanted = ticket.collate or Collate.COLLATED
        chosen["multiple-document-handling"] = Keyword(next(keyword for keyword, each in COLLATES.items() if each is wanted))
    if ticket.sides and ticket.sides in can.sides:
        chosen["sides"] = Keyword(ticket.sides.value)
    if can.monochrome or not (ticket.color and ticket.color.colorless):
        chosen |= color_mode(ticket.color, [each.value for each in can.colors])
    if ticket.quality and ticket.quality in can.qualities:
        chosen["print-quality"] = EnumValue(next(number for number, each in QUALITIES.items() if each is ticket.quality))
    if ticket.resolution:
        chosen["printer-resolution"] = Resolution(ticket.resolution, ticket.resolution)
    return {**chosen, **after_printing(ticket, can)}


def copies(ticket: Ticket) -> Given:
    """What a job of bytes that pass untouched is created with: they say everything else themselves."""
    return {"copies": ticket.copies} if ticket.copies > 1 else {}
