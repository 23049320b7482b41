"""How to print: the ticket of a task, in IPP's attribute values and in hundredths of a millimetre."""

from dataclasses import dataclass
from enum import StrEnum


class Sides(StrEnum):
    """RFC 8011 section 5.2.8."""

    ONE_SIDED = "one-sided"
    TWO_SIDED_LONG_EDGE = "two-sided-long-edge"
    TWO_SIDED_SHORT_EDGE = "two-sided-short-edge"


class ColorMode(StrEnum):
    """print-color-mode (PWG 5100.14)."""

    COLOR = "color"
    MONOCHROME = "monochrome"


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
    `number_up` is the count of pages on one side of a sheet.
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
