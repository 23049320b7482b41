"""A task's `config` as a ticket (webprinter.md 1.5): millimetres, page ranges, and words in many spellings."""

import re

from libs.contracts.tickets import Margins, Media, Ticket
from services.gateway.webprinter import words
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.fields import Fields, normal, shown

MAX_COPIES = 9999
MAX_PER_SHEET = 100
#: In mm: the widest margin, the smallest sheet, and the longest one (a PDF page cannot be longer).
MAX_MARGIN = 1000
MIN_PAPER = 5
MAX_PAPER = 5080
MAX_PAGE = 1_000_000
MAX_RANGES = 1000

#: Names of sheets -> width and height in mm; the B sheets are those of JIS, as office systems mean them.
PAPERS = {
    "A0": (841, 1189),
    "A1": (594, 841),
    "A2": (420, 594),
    "A3": (297, 420),
    "A4": (210, 297),
    "A5": (148, 210),
    "A6": (105, 148),
    "B4": (257, 364),
    "B5": (182, 257),
    "LETTER": (215.9, 279.4),
    "LEGAL": (215.9, 355.6),
    "TABLOID": (279.4, 431.8),
}

_RANGE = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", re.ASCII)


def read_ticket(config: Fields) -> Ticket:
    """How to print. Raises `Rejected`."""
    media = _media(config)
    margins = _margins(config, media)
    return Ticket(
        copies=config.whole("copies", 1, MAX_COPIES) or 1,
        sides=config.word("side", words.SIDES, "ONESIDE, DUPLEX and TUMBLE"),
        color=config.word("color", words.COLORS, "COLOR and MONOCHROME"),
        orientation=config.word("orientation", words.ORIENTATIONS, "PORTRAIT, LANDSCAPE, REVERSE_PORTRAIT and REVERSE_LANDSCAPE"),
        media=media,
        margins=margins,
        page_ranges=read_ranges(config),
        number_up=config.whole("pagesPerSheet", 1, MAX_PER_SHEET) or 1,
        collate=config.word("collate", words.COLLATES, "COLLATE and UNCOLLATE"),
        quality=config.word("quality", words.QUALITIES, "DRAFT, NORMAL and HIGH"),
    )


def read_ranges(config: Fields) -> tuple[tuple[int, int], ...]:
    """`pageRanges` such as `1-3,5,9`; empty: all pages."""
    given = config.text("pageRanges", 4000)
    if given is None:
        return ()
    parts = [part.strip() for part in given.replace("\uff0c", ",").split(",")]
    ranges = tuple(_range(config, part) for part in parts if part)
    if len(ranges) > MAX_RANGES:
        raise Rejected(f"{config.name('pageRanges')} must have at most {MAX_RANGES} parts; it has {len(ranges)}.")
    return ranges


def _range(config: Fields, part: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise Rejected(f"{config.name('pageRanges')} must look like 1-3,5,9; {shown(part)} is neither a page nor a range.")
    first = int(match[1])
    last = int(match[2] or match[1])
    if not 1 <= first <= last <= MAX_PAGE:
        raise Rejected(
            f"{config.name('pageRanges')} must count pages from 1 to {MAX_PAGE}, the lower one first; it has {shown(part)}."
        )
    return first, last


def _media(config: Fields) -> Media | None:
    key = "paperConfig" if config.raw("paperConfig") is not None else "paper"
    if isinstance(config.raw(key), str):
        return _named(config.name(key), config.text(key))
    paper = config.inside(key)
    width = paper.millimetres("width", MIN_PAPER, MAX_PAPER)
    height = paper.millimetres("height", MIN_PAPER, MAX_PAPER)
    if width is None and height is None:
        return _named(paper.name("name"), paper.text("name"))
    if width is None or height is None:
        missing = paper.name("width" if width is None else "height")
        raise Rejected(f"{missing} is missing: give width and height of the sheet in mm, or neither.")
    return Media(width, height)


def _named(field: str, name: str | None) -> Media | None:
    if name is None:
        return None
    size = PAPERS.get(normal(name))
    if size is None:
        raise Rejected(f"{field} must be one of {', '.join(PAPERS)}, or give width and height in mm; it is {shown(name)}.")
    return Media(round(size[0] * 100), round(size[1] * 100))


def _margins(config: Fields, media: Media | None) -> Margins:
    margins = Margins(
        top=config.millimetres("marginTop", 0, MAX_MARGIN),
        right=config.millimetres("marginRight", 0, MAX_MARGIN),
        bottom=config.millimetres("marginBottom", 0, MAX_MARGIN),
        left=config.millimetres("marginLeft", 0, MAX_MARGIN),
    )
    if media:
        across, along = (margins.left or 0) + (margins.right or 0), (margins.top or 0) + (margins.bottom or 0)
        sheet = (max(media.width, media.height), min(media.width, media.height))
        if across >= sheet[0] or along >= sheet[0] or (across >= sheet[1] and along >= sheet[1]):
            raise Rejected(f"{config.name('margin*')} leave nothing of the sheet: make them smaller than the paper.")
    return margins
