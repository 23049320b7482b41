"""The rules of conversion: what is done in the PDF, what is left to the printer, which reason a failure has."""

from dataclasses import dataclass, replace
from enum import StrEnum

from libs.contracts.devices import Target
from libs.contracts.documents import Engine
from libs.contracts.states import Reason
from libs.contracts.tickets import Collate, Margins, Media, Orientation, Sides, Ticket

#: Used where neither ticket nor printer name a sheet and the document has no size of its own.
A4 = Media(21000, 29700, "iso_a4_210x297mm")
#: Sheets that have names (PWG 5101.1): a page that is one of them but for an engine's rounding is exactly that.
STANDARD = (
    A4,
    Media(14800, 21000, "iso_a5_148x210mm"),
    Media(10500, 14800, "iso_a6_105x148mm"),
    Media(29700, 42000, "iso_a3_297x420mm"),
    Media(17600, 25000, "iso_b5_176x250mm"),
    Media(18200, 25700, "jis_b5_182x257mm"),
    Media(25700, 36400, "jis_b4_257x364mm"),
    Media(21590, 27940, "na_letter_8.5x11in"),
    Media(21590, 35560, "na_legal_8.5x14in"),
    Media(27940, 43180, "na_ledger_11x17in"),
    Media(10160, 15240, "na_index-4x6_4x6in"),
)
_ROUNDING = 70
#: Browsers count in pixels of 1/96 inch and drop what is left over.
_PIXEL, _EIGHTH_INCH = 26, 317.5
#: White edge of text and HTML where nobody says anything: 10 mm, on small labels a twentieth of the shorter edge.
DEFAULT_MARGIN = 1000
#: The largest edge that PDF viewers and printers agree on (200 inches), and the smallest sheet worth a name; 1/100 mm.
MAX_EDGE, MIN_EDGE = 508_000, 500


class Failure(StrEnum):
    """Why a document can never be converted."""

    EMPTY = "empty"
    MISLABELLED = "mislabelled"
    BROKEN = "broken"
    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    HOSTILE = "hostile"
    TOO_LARGE = "too-large"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    CRASH = "crash"
    MEMORY = "memory"
    TICKET = "ticket"


#: The IPP keyword that a failure ends its task with.
REASON: dict[Failure, Reason] = {
    Failure.EMPTY: Reason.DOCUMENT_FORMAT_ERROR,
    Failure.MISLABELLED: Reason.DOCUMENT_FORMAT_ERROR,
    Failure.BROKEN: Reason.DOCUMENT_FORMAT_ERROR,
    Failure.PASSWORD: Reason.DOCUMENT_PASSWORD_ERROR,
    Failure.HOSTILE: Reason.DOCUMENT_SECURITY_ERROR,
    Failure.TOO_LARGE: Reason.DOCUMENT_UNPRINTABLE_ERROR,
    Failure.UNREACHABLE: Reason.DOCUMENT_ACCESS_ERROR,
    Failure.TIMEOUT: Reason.DOCUMENT_UNPRINTABLE_ERROR,
    Failure.CRASH: Reason.DOCUMENT_UNPRINTABLE_ERROR,
    Failure.MEMORY: Reason.DOCUMENT_UNPRINTABLE_ERROR,
    Failure.TICKET: Reason.UNSUPPORTED_ATTRIBUTES_OR_VALUES,
}


class Rejected(Exception):
    """This document can never be converted; `message` is a sentence that its sender understands."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message

    @property
    def reason(self) -> str:
        """The IPP keyword of the failure."""
        return REASON[self.failure].value


@dataclass(frozen=True, slots=True)
class Edges:
    """White edges, all known, in 1/100 mm."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """The page that text and HTML are laid out on: as seen, in 1/100 mm.

    `forced`: the ticket asks for this size, so what a page says of its own size (`@page`) does not count; likewise
    `margins_forced` for its margins.
    """

    width: int
    height: int
    margins: Edges
    forced: bool
    margins_forced: bool


@dataclass(frozen=True, slots=True)
class Finishing:
    """What is done to rendered pages, in this order: choose, put up on sheets, turn, repeat.

    `sheet` None: every page keeps its own size. `orientation` None: as the content is. `margins` are exact where given;
    `unprintable` are the sheet's edges as fed. `enlarge`: small pages grow to the printable area (images do).
    """

    sheet: Media | None = None
    orientation: Orientation | None = None
    margins: Margins = Margins()
    unprintable: Edges = Edges()
    enlarge: bool = False
    page_ranges: tuple[tuple[int, int], ...] = ()
    number_up: int = 1
    copies: int = 1
    collated: bool = True
    duplex: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How one document becomes printable: laid out, finished, and what its printer still has to do."""

    layout: Layout
    finishing: Finishing
    left: Ticket


def plan(ticket: Ticket, target: Target, engine: Engine) -> Plan:
    """The plan for one order. Raises `Rejected` for a ticket that no document could satisfy."""
    _check(ticket)
    laid_out = engine in (Engine.TEXT, Engine.HTML)
    unprintable = _edges(target.margins)
    sheet = ticket.media or target.media or (A4 if engine in (Engine.TEXT, Engine.IMAGE) else None)
    copies, left = _copies(ticket, target)
    finishing = Finishing(
        sheet=sheet,
        orientation=ticket.orientation,
        margins=Margins() if laid_out else ticket.margins,
        unprintable=unprintable,
        enlarge=engine is Engine.IMAGE,
        page_ranges=ticket.page_ranges,
        number_up=ticket.number_up,
        copies=copies,
        collated=ticket.collate is not Collate.UNCOLLATED,
        duplex=ticket.sides in (Sides.TWO_SIDED_LONG_EDGE, Sides.TWO_SIDED_SHORT_EDGE),
    )
    return Plan(_layout(ticket, sheet or A4, unprintable), finishing, replace(left, media=sheet))


def standard(width: int, height: int) -> Media | None:
    """The named sheet that a page of this size (1/100 mm, upright or lying) is, but for rounding."""
    across, down = sorted((width, height))
    for media in STANDARD:
        if abs(media.width - across) < _ROUNDING and abs(media.height - down) < _ROUNDING:
            return media
    return None


def meant(edge: int) -> int:
    """The length (1/100 mm) that a page's author wrote when a browser made this of it: eighths of an inch, or millimetres."""
    eighths = round(edge / _EIGHTH_INCH) * _EIGHTH_INCH
    millimetres = round(edge / 100) * 100
    if abs(eighths - edge) > 2 and abs(millimetres - edge) <= _PIXEL + 1:
        return millimetres
    return round(eighths) if abs(eighths - edge) <= 2 else edge


def size_seen(media: Media, orientation: Orientation | None) -> tuple[int, int]:
    """Width and height of a sheet as its reader holds it, in 1/100 mm: landscape is the sheet as fed, turned."""
    if orientation in (Orientation.LANDSCAPE, Orientation.REVERSE_LANDSCAPE):
        return media.height, media.width
    return media.width, media.height


def edges_seen(fed: Edges, *, turned: bool) -> Edges:
    """The unprintable edges as the reader holds the sheet.

    Which way a printer turns a landscape page is its own affair, so the larger of two opposite edges counts on both sides.
    """
    if not turned:
        return fed
    sides, ends = max(fed.left, fed.right), max(fed.top, fed.bottom)
    return Edges(top=sides, right=ends, bottom=sides, left=ends)


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
    if ticket.copies < 1:
        raise Rejected(Failure.TICKET, f"{ticket.copies} copies cannot be printed; write 1 or more.")
    if not 1 <= ticket.number_up <= 100:
        raise Rejected(Failure.TICKET, f"{ticket.number_up} pages do not go on one side; write a number from 1 to 100.")
    for first, last in ticket.page_ranges:
        if not 1 <= first <= last:
            raise Rejected(Failure.TICKET, f"The page range {first}-{last} is not one; write it like 2-5, the first page is 1.")


def _copies(ticket: Ticket, target: Target) -> tuple[int, Ticket]:
    """Copies to make in the PDF, and the ticket that is left for the printer."""
    left = replace(ticket, orientation=None, margins=Margins(), page_ranges=(), number_up=1)
    unsorted = ticket.collate is not None and bool(target.collates) and ticket.collate not in target.collates
    if ticket.copies > 1 and (ticket.copies > target.max_copies or unsorted):
        return ticket.copies, replace(left, copies=1, collate=None)
    return 1, left


def _edges(margins: Margins, default: int = 0) -> Edges:
    def chosen(edge: int | None) -> int:
        return default if edge is None else edge

    return Edges(chosen(margins.top), chosen(margins.right), chosen(margins.bottom), chosen(margins.left))


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
