"""From a ticket and a printer to a plan: what is done in the document, what is left to the printer, what cannot be done."""

from dataclasses import fields, replace

from libs.contracts.devices import Receipt, Target
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, Engine, Format
from libs.contracts.tickets import Collate, Direction, Margins, Media, Orientation, Scaling, Sides, Ticket
from services.converter.domain import (
    A4,
    DEFAULT_MARGIN,
    MAX_EDGE,
    MIN_EDGE,
    Edges,
    Failure,
    Finishing,
    Layout,
    Plan,
    Rejected,
    edges_seen,
    size_seen,
)

_PDF = "application/pdf"
_DUPLEX = (Sides.TWO_SIDED_LONG_EDGE, Sides.TWO_SIDED_SHORT_EDGE)
_LYING = (Orientation.LANDSCAPE, Orientation.REVERSE_LANDSCAPE)


def plan(ticket: Ticket, target: Target, engine: Engine, *, finish: bool = True, rendered: bool = False) -> Plan:
    """The plan for one order. Raises `Rejected` for a ticket that no document could satisfy.

    `engine` is the one of the task's own document. `finish` False: render only, on the pages that finishing will want;
    `rendered`: that has been done.
    """
    _check(ticket)
    if receipt := receipt_of(target):
        return _receipt_plan(ticket, receipt, engine, finish=finish, rendered=rendered)
    laid_out = engine in (Engine.TEXT, Engine.HTML)
    unprintable = _edges(target.margins)
    sheet = ticket.media or target.media or (A4 if engine in (Engine.TEXT, Engine.IMAGE) else None)
    copies, left = _copies(ticket, target)
    finishing = replace(
        _finishing(ticket, engine),
        sheet=sheet,
        unprintable=unprintable,
        copies=copies,
        collated=ticket.collate is not Collate.UNCOLLATED,
        duplex=ticket.sides in _DUPLEX,
        grey=_grey(ticket, target, engine),
    )
    layout = _layout(ticket, sheet or A4, unprintable)
    if laid_out and finishing.scaling is Scaling.NONE:
        layout = _zoomed(layout, finishing.zoom)
    natural = engine is Engine.IMAGE and finishing.scaling in (Scaling.NONE, Scaling.AUTO_FIT)
    if not finish:
        return Plan(layout, Finishing(), ticket, natural)
    return Plan(layout, finishing, replace(left, media=sheet), natural)


def receipt_of(target: Target) -> Receipt | None:
    """The receipt printer that documents are rasterised for; None: the printer takes documents."""
    return target.receipt if target.receipt and _PDF not in target.formats and ESCPOS_MEDIA_TYPE in target.formats else None


def raw_plan(ticket: Ticket, kind: Format, *, finish: bool) -> Plan:
    """The plan for what goes to its printer untouched: copies, and nothing else. Raises `Rejected`."""
    if replace(ticket, copies=1, collate=None) != Ticket():
        asked = [each.name for each in fields(Ticket) if each.name not in ("copies", "collate")]
        asked = [name for name in asked if getattr(ticket, name) != getattr(Ticket(), name)]
        words = ", ".join(name.replace("_", " ") for name in asked)
        raise Rejected(Failure.TICKET, f"{kind.value} goes to the printer untouched; leave out what cannot be done to it: {words}.")
    if ticket.copies < 1:
        raise Rejected(Failure.TICKET, f"{ticket.copies} copies cannot be printed; write 1 or more.")
    layout = Layout(A4.width, A4.height, Edges(), forced=False, margins_forced=False)
    return Plan(layout, Finishing(copies=ticket.copies if finish else 1), Ticket() if finish else ticket)


def _finishing(ticket: Ticket, engine: Engine) -> Finishing:
    return Finishing(
        orientation=ticket.orientation,
        margins=Margins() if engine in (Engine.TEXT, Engine.HTML) else ticket.margins,
        enlarge=engine is Engine.IMAGE,
        page_ranges=ticket.page_ranges,
        number_up=ticket.number_up,
        scaling=ticket.scaling or Scaling.AUTO,
        zoom=ticket.zoom,
        rotate=ticket.rotate,
        offset_x=ticket.offset_x,
        offset_y=ticket.offset_y,
        repeats=ticket.repeats,
        subset=ticket.subset,
        reverse=ticket.reverse,
        layout=ticket.layout or Direction.TORIGHT_TOBOTTOM,
    )


def _grey(ticket: Ticket, target: Target, engine: Engine) -> bool:
    """Whether colours are to become grey here; plain text has none but those of its marks."""
    has_colors = engine is not Engine.TEXT or bool(ticket.marks)
    return ticket.color is not None and ticket.color.colorless and not target.monochrome and has_colors


def _receipt_plan(ticket: Ticket, receipt: Receipt, engine: Engine, *, finish: bool, rendered: bool) -> Plan:
    """Pages of the roll's width; sides, sheets and trays are nothing that a roll has. All copies are made here."""
    for asked, sentence in (
        (ticket.sides in _DUPLEX, "A receipt has one side; leave out side, or write ONESIDE."),
        (ticket.number_up > 1, "A receipt has one page after the other; leave out pagesPerSheet."),
        (ticket.orientation in _LYING, "A receipt has no landscape; write rotate 90 to turn the pages."),
        (bool(ticket.tray or ticket.media_type), "A receipt printer has one roll of paper; leave out tray and mediaType."),
        (bool(ticket.resolution), "A receipt printer has one resolution; leave out dpi."),
        (any(each != "none" for each in ticket.finishings), "A receipt is cut and nothing else; leave out finishings."),
        (bool(ticket.output_bin), "A receipt printer has no output bins; leave out outputBin."),
    ):
        if asked:
            raise Rejected(Failure.TICKET, sentence)
    width = round(receipt.width / receipt.dpi * 2540)
    asked_margins = _edges(ticket.margins)
    if asked_margins.left + asked_margins.right > width - 200:
        raise Rejected(Failure.TICKET, f"The margins leave no room on a roll of {width / 100:g} mm; write less.")
    layout = Layout(width, MAX_EDGE, asked_margins, forced=True, margins_forced=True, roll=True)
    finishing = replace(
        _finishing(ticket, engine),
        orientation=ticket.orientation,
        roll=width,
        copies=ticket.copies,
        collated=ticket.collate is not Collate.UNCOLLATED,
    )
    if engine in (Engine.TEXT, Engine.HTML) and finishing.scaling is Scaling.NONE and not rendered:
        layout = _zoomed(layout, finishing.zoom)
    remarks: tuple[str, ...] = ()
    if ticket.media is not None and abs(ticket.media.width - width) > 1000:
        remarks = (f"The printer has a roll of {width / 100:g} mm: the sheet that was asked for counts for nothing.",)
    if not finish:
        return Plan(layout, Finishing(), ticket)
    return Plan(layout, finishing, Ticket(), remarks=remarks)


def _check(ticket: Ticket) -> None:
    media, margins = ticket.media, ticket.margins
    if media and not all(MIN_EDGE <= edge <= MAX_EDGE for edge in (media.width, media.height)):
        raise Rejected(
            Failure.TICKET,
            f"A sheet of {media.width / 100:g} x {media.height / 100:g} mm cannot be made; write edges from {MIN_EDGE / 100:g} to "
            f"{MAX_EDGE / 100:g} mm.",
        )
    if any(edge is not None and edge < 0 for edge in (margins.top, margins.right, margins.bottom, margins.left)):
        raise Rejected(Failure.TICKET, "A margin is less than nothing; write 0 mm or more.")
    if not 1 <= ticket.number_up <= 100:
        raise Rejected(Failure.TICKET, f"{ticket.number_up} pages do not go on one side; write a number from 1 to 100.")
    if not 5 <= ticket.zoom <= 1000:
        raise Rejected(Failure.TICKET, f"A scale of {ticket.zoom} percent is none; write 10 to 1000.")
    if ticket.rotate % 90:
        raise Rejected(Failure.TICKET, f"Pages cannot be turned by {ticket.rotate} degrees; write 0, 90, 180 or 270.")
    if ticket.copies < 1 or ticket.repeats < 1:
        raise Rejected(Failure.TICKET, f"{min(ticket.copies, ticket.repeats)} copies cannot be printed; write 1 or more.")
    for first, last in ticket.page_ranges:
        if not 1 <= first <= last:
            raise Rejected(Failure.TICKET, f"The page range {first}-{last} is not one; write it like 2-5, the first page is 1.")


def _copies(ticket: Ticket, target: Target) -> tuple[int, Ticket]:
    """Copies to make in the PDF, and the ticket that is left for the printer."""
    left = Ticket(
        copies=ticket.copies,
        sides=ticket.sides,
        color=ticket.color,
        collate=ticket.collate,
        quality=ticket.quality,
        tray=ticket.tray,
        media_type=ticket.media_type,
        resolution=ticket.resolution,
        finishings=ticket.finishings,
        output_bin=ticket.output_bin,
        feed_orientation=ticket.feed_orientation,
    )
    unsorted = ticket.collate is not None and bool(target.collates) and ticket.collate not in target.collates
    if ticket.copies > 1 and (ticket.copies > target.max_copies or unsorted):
        return ticket.copies, replace(left, copies=1, collate=None)
    return 1, left


def _edges(margins: Margins, default: int = 0) -> Edges:
    def chosen(edge: int | None) -> int:
        return default if edge is None else edge

    return Edges(chosen(margins.top), chosen(margins.right), chosen(margins.bottom), chosen(margins.left))


def _zoomed(layout: Layout, zoom: int) -> Layout:
    """The page that covers this one when it is drawn at `zoom` percent: what is laid out on it flows as if letters were larger."""

    def part(edge: int) -> int:
        return round(edge * 100 / zoom)

    around = layout.margins
    margins = Edges(part(around.top), part(around.right), part(around.bottom), part(around.left))
    return replace(layout, width=part(layout.width), height=min(part(layout.height), MAX_EDGE), margins=margins)


def _layout(ticket: Ticket, sheet: Media, unprintable: Edges) -> Layout:
    width, height = size_seen(sheet, ticket.orientation)
    turned = (width, height) != (sheet.width, sheet.height)
    around = edges_seen(unprintable, turned=turned)
    usual = min(DEFAULT_MARGIN, min(width, height) // 20)
    asked = ticket.margins

    def edge(given: int | None, printer: int) -> int:
        return max(usual, printer) if given is None else given

    margins = Edges(
        edge(asked.top, around.top),
        edge(asked.right, around.right),
        edge(asked.bottom, around.bottom),
        edge(asked.left, around.left),
    )
    if margins.left + margins.right > width - 200 or margins.top + margins.bottom > height - 200:
        raise Rejected(
            Failure.TICKET, f"The margins leave no room on a sheet of {width / 100:g} x {height / 100:g} mm; write less."
        )
    forced = ticket.media is not None or ticket.orientation is not None
    return Layout(width, height, margins, forced=forced, margins_forced=asked != Margins())
