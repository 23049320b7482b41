"""How much of a job that a printer gave up is on paper for certain, by its own count (RFC 8011 section 5.3.18, PWG 5100.7)."""

from libs.contracts.devices import Capabilities
from libs.contracts.orders import PrintDocument
from libs.contracts.tickets import Sides
from libs.ipp.attributes import Attributes
from libs.ipp.job import Job
from services.agent.ipp.ticket import NONE

_PDF = "application/pdf"


def trusted(said: Attributes) -> bool:
    """Whether a printer's count says which pages are on paper. `said` are its own attributes.

    cupsd counts what it has sent, not what came out; and where the last page comes first, the count begins at the end.
    """
    return "cups-version" not in said and not (said.string("page-delivery-default") or "").startswith("reverse-order")


def sure(job: Job, order: PrintDocument, can: Capabilities) -> int:
    """Sides of the order's document, from the first one on and on whole sheets, that are on paper; 0: that cannot be said.

    A sheet counts when all of its sides do, and when the printer, if it counts sheets too, says that it came out: a sheet in doubt
    is none. Nothing can be said of copies that the printer makes (some count them, some do not), of sheets that it binds together,
    and of a document of which all sides are counted.
    """
    ticket, document = order.ticket, order.document
    bound = any(each != NONE for each in ticket.finishings or can.default_finishings)
    if document.media_type != _PDF or ticket.copies > 1 or bound:
        return 0
    per_sheet = _per_sheet(ticket.sides, can)
    impressions = job.attributes.integer("job-impressions-completed")
    sheets = job.attributes.integer("job-media-sheets-completed")
    if not per_sheet or (impressions or 0) >= document.pages:
        return 0
    counts = ([] if impressions is None else [impressions // per_sheet]) + ([] if sheets is None else [sheets])
    done = min(counts, default=0) * per_sheet
    return done if 0 < done < document.pages else 0


def _per_sheet(asked: Sides | None, can: Capabilities) -> int:
    """Sides on a sheet; 0: the printer has a choice, and does not say what it does by itself."""
    sides = asked if asked in can.sides else can.default_sides
    if sides is None:
        return 0 if set(can.sides) - {Sides.ONE_SIDED} else 1
    return 1 if sides is Sides.ONE_SIDED else 2
