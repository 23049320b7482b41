"""The rules of conversion: what is done in the PDF, what is left to the printer, which reason a failure has."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from libs.contracts.devices import Receipt
from libs.contracts.marks import Align, Place
from libs.contracts.states import Reason
from libs.contracts.tickets import Collate, Cut, Direction, Dither, Margins, Media, Orientation, Scaling, Subset, Ticket

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
    LOST = "lost"
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
    Failure.LOST: Reason.DOCUMENT_ACCESS_ERROR,
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
    `margins_forced` for its margins. `roll`: paper without end, a page is as long as what stands on it, `height` at most.
    """

    width: int
    height: int
    margins: Edges
    forced: bool
    margins_forced: bool
    roll: bool = False


@dataclass(frozen=True, slots=True)
class Stamp:
    """A mark on every side, its variables filled in but for `{page}` and `{pages}`; `picture` is the number of its image.

    Size in points, 0: an image's own, a watermark's as large as suits the sheet. Opacity from 0 to 1, angle counter-clockwise.
    """

    place: Place
    text: str = ""
    picture: int | None = None
    align: Align = Align.CENTER
    size: int = 9
    color: tuple[float, float, float] = (0.0, 0.0, 0.0)
    opacity: float = 1.0
    angle: int = 0
    under: bool = False


@dataclass(frozen=True, slots=True)
class Finishing:
    """What is done to rendered pages; services/converter/finish.py says in which order.

    `sheet` None: every page keeps its own size. `orientation` None: as the content is. `margins` are exact where given;
    `unprintable` are the sheet's edges as fed. `enlarge`: small pages grow to the printable area (images do). `zoom` is in
    percent of what `scaling` makes of a page, `rotate` clockwise, offsets go right and down in 1/100 mm. `roll`: the width of
    paper without end, 0: sheets. `layout`: how pages follow each other on a side that has several. `grey`: colours become grey.
    `pictures` are the files of the stamps' images, inside a worker process their bytes.
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
    scaling: Scaling = Scaling.AUTO
    zoom: int = 100
    rotate: int = 0
    offset_x: int = 0
    offset_y: int = 0
    repeats: int = 1
    subset: Subset | None = None
    reverse: bool = False
    roll: int = 0
    stamps: tuple[Stamp, ...] = ()
    pictures: tuple[str | bytes, ...] = ()
    layout: Direction = Direction.TORIGHT_TOBOTTOM
    grey: bool = False

    @property
    def chooses_only(self) -> bool:
        """Whether pages that are laid out on the sheet need nothing but to be chosen."""
        upright = self.orientation in (None, Orientation.PORTRAIT, Orientation.LANDSCAPE)
        kept = None if upright else self.orientation
        left = replace(self, sheet=None, orientation=kept, unprintable=Edges(), page_ranges=(), duplex=False, collated=True)
        return left == Finishing(enlarge=self.enlarge)


@dataclass(frozen=True, slots=True)
class Roll:
    """How one document goes on a roll: dots across, and what becomes of grey, of the paper and of the drawer.

    `copies` follow each other in the document, and are parted from each other as documents are.
    """

    width: int
    dither: Dither
    cut: Cut
    drawer: bool
    copies: int = 1

    @classmethod
    def of(cls, receipt: Receipt, ticket: Ticket) -> "Roll":
        """The printer's own ways, unless the ticket has others."""
        drawer = receipt.drawer if ticket.drawer is None else ticket.drawer
        copies = 1 if ticket.collate is Collate.UNCOLLATED else ticket.copies
        return cls(receipt.width, ticket.dither or receipt.dither, ticket.cut or receipt.cut, drawer, copies)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one document becomes printable: laid out, finished, and what its printer still has to do.

    `natural`: an image is as large as its own resolution says, not as large as can be. `remarks` are sentences for people.
    """

    layout: Layout
    finishing: Finishing
    left: Ticket
    natural: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """A finished document: sides to print, the size that all of them have (1/100 mm; 0: they differ), remarks for people."""

    data: bytes
    pages: int
    width: int
    height: int
    warnings: list[str] = field(default_factory=list)


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
