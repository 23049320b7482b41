"""How to print: the ticket of a task, in IPP's attribute values and in hundredths of a millimetre."""

from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.marks import Mark


class Sides(StrEnum):
    """RFC 8011 section 5.2.8."""

    ONE_SIDED = "one-sided"
    TWO_SIDED_LONG_EDGE = "two-sided-long-edge"
    TWO_SIDED_SHORT_EDGE = "two-sided-short-edge"


class ColorMode(StrEnum):
    """print-color-mode (PWG 5100.14); `auto`: coloured where the document is."""

    COLOR = "color"
    MONOCHROME = "monochrome"
    AUTO = "auto"
    BI_LEVEL = "bi-level"

    @property
    def colorless(self) -> bool:
        """Whether nothing on paper has a colour."""
        return self in (ColorMode.MONOCHROME, ColorMode.BI_LEVEL)


class Orientation(StrEnum):
    """orientation-requested (RFC 8011 section 5.2.10), by keyword."""

    PORTRAIT = "portrait"
    LANDSCAPE = "landscape"
    REVERSE_LANDSCAPE = "reverse-landscape"
    REVERSE_PORTRAIT = "reverse-portrait"


class Quality(StrEnum):
    """print-quality (RFC 8011 section 5.2.13), by keyword."""

    DRAFT = "draft"
    NORMAL = "normal"
    HIGH = "high"


class Collate(StrEnum):
    """sheet-collate (PWG 5100.3)."""

    COLLATED = "collated"
    UNCOLLATED = "uncollated"


class Scaling(StrEnum):
    """How a page goes onto a sheet of another size: print-scaling (PWG 5100.13), done in the document.

    `auto` enlarges images, `auto-fit` nothing: both shrink what is too large.
    """

    AUTO = "auto"
    AUTO_FIT = "auto-fit"
    FIT = "fit"
    FILL = "fill"
    NONE = "none"


class Direction(StrEnum):
    """In which order pages stand on one side: presentation-direction-number-up (PWG 5100.3), done in the document."""

    TORIGHT_TOBOTTOM = "toright-tobottom"
    TOBOTTOM_TORIGHT = "tobottom-toright"
    TOLEFT_TOBOTTOM = "toleft-tobottom"
    TOBOTTOM_TOLEFT = "tobottom-toleft"
    TORIGHT_TOTOP = "toright-totop"
    TOTOP_TORIGHT = "totop-toright"
    TOLEFT_TOTOP = "toleft-totop"
    TOTOP_TOLEFT = "totop-toleft"


class FeedOrientation(StrEnum):
    """feed-orientation (PWG 5100.11): which edge of the sheet goes first through the machine."""

    LONG_EDGE_FIRST = "long-edge-first"
    SHORT_EDGE_FIRST = "short-edge-first"


class Subset(StrEnum):
    """Which of the printed pages: page-set of CUPS, done in the document."""

    ODD = "odd"
    EVEN = "even"


class Cut(StrEnum):
    """What a receipt printer does with the paper after a document."""

    NONE = "none"
    PARTIAL = "partial"
    FULL = "full"


class Dither(StrEnum):
    """How grey becomes black and white on a receipt printer."""

    DIFFUSION = "diffusion"
    THRESHOLD = "threshold"


@dataclass(frozen=True, slots=True)
class Media:
    """A sheet: width and height of the portrait sheet as fed, in 1/100 mm; `name` is a PWG 5101.1 name when it has one."""

    width: int
    height: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Margins:
    """White edges in 1/100 mm; None: as the printer has it."""

    top: int | None = None
    right: int | None = None
    bottom: int | None = None
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """How to print one task. None means "not set": the printer's default holds.

    `page_ranges` are (first, last) pairs, 1-based, inclusive, of the document's own pages; empty: all pages.
    `number_up` is the count of pages on one side of a sheet. `zoom` is in percent, `rotate` clockwise in degrees, offsets
    move what is printed right and down, in 1/100 mm. `repeats`: all of it so often, as if it had been sent as many times.
    `tray` and `media_type` are media-source and media-type (PWG 5100.7) as the printer names them, `resolution` is
    printer-resolution in dots per inch, 0: the printer's own. `cut`, `drawer` and `dither` concern receipt printers.
    `finishings` are keywords (PWG 5100.1) such as `staple-top-left`, `output_bin` is output-bin (PWG 5100.2) as the printer names
    it, `layout` the order of the pages where `number_up` puts several on one side.
    """

    copies: int = 1
    sides: Sides | None = None
    color: ColorMode | None = None
    orientation: Orientation | None = None
    media: Media | None = None
    margins: Margins = Margins()
    page_ranges: tuple[tuple[int, int], ...] = ()
    number_up: int = 1
    collate: Collate | None = None
    quality: Quality | None = None
    scaling: Scaling | None = None
    zoom: int = 100
    rotate: int = 0
    offset_x: int = 0
    offset_y: int = 0
    subset: Subset | None = None
    reverse: bool = False
    repeats: int = 1
    tray: str = ""
    media_type: str = ""
    cut: Cut | None = None
    drawer: bool | None = None
    dither: Dither | None = None
    marks: tuple[Mark, ...] = ()
    resolution: int = 0
    finishings: tuple[str, ...] = ()
    output_bin: str = ""
    layout: Direction | None = None
    feed_orientation: FeedOrientation | None = None
