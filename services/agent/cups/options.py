"""A ticket as CUPS options, which are strings: exact sheet by name, no scaling, and only what the machine itself does."""

from libs.contracts.devices import Capabilities
from libs.contracts.tickets import Collate, ColorMode, Quality, Ticket
from services.agent.ipp.media_names import make_name
from services.agent.ipp.ticket import fitting

_QUALITIES = {Quality.DRAFT: "3", Quality.NORMAL: "4", Quality.HIGH: "5"}
_COLLATES = {
    Collate.COLLATED: "separate-documents-collated-copies",
    Collate.UNCOLLATED: "separate-documents-uncollated-copies",
}


def options(ticket: Ticket, can: Capabilities) -> dict[str, str]:
    """What a job is created with. Raises `Declined` when the printer has no such sheet."""
    chosen = {"print-scaling": "none"}
    if ticket.media:
        media = fitting(ticket.media, can)
        chosen["media"] = media.name or make_name(media.width, media.height)  # media-col as a string comes out wrong
    if ticket.copies > 1 and can.max_copies > 1:
        chosen["copies"] = str(min(ticket.copies, can.max_copies))
        chosen["multiple-document-handling"] = _COLLATES[ticket.collate or Collate.COLLATED]
    if ticket.sides and ticket.sides in can.sides:
        chosen["sides"] = ticket.sides.value
    if ticket.color and ticket.color in can.colors:
        chosen["print-color-mode"] = "color" if ticket.color is ColorMode.COLOR else "monochrome"
    if ticket.quality and ticket.quality in can.qualities:
        chosen["print-quality"] = _QUALITIES[ticket.quality]
    return chosen
