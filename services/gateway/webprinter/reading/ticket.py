"""A task's `config` as a ticket (webprinter.md 1.5 and 3.3): millimetres, page ranges, and words in many spellings.

The old SDK's `labels` were tags that changed nothing on paper: they are unknown keys here, which are not looked at.
"""

import re

from libs.contracts.tickets import Margins, Media, Scaling, Subset, Ticket
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading import words
from services.gateway.webprinter.reading.fields import Fields, normal, shown

MAX_COPIES = 9999
MAX_DPI = 9600
MAX_PER_SHEET = 100
#: In mm: the widest margin, the smallest sheet, and the longest one (a PDF page cannot be longer).
MAX_MARGIN = 1000
MIN_PAPER = 5
MAX_PAPER = 5080
MAX_PAGE = 1_000_000
MAX_RANGES = 1000
MAX_REPEATS = 1000
#: In mm, either way.
MAX_OFFSET = 1000
#: In percent of a page's own size.
MIN_ZOOM = 10
MAX_ZOOM = 1000

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

_PERCENT = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*%?", re.ASCII)
_TURNS = {"0": 0, "90": 90, "180": 180, "270": 270, "360": 0, "-90": 270, "-180": 180, "-270": 90}
_RANGE = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", re.ASCII)


def read_ticket(config: Fields) -> Ticket:
    """How to print. Raises `Rejected`."""
    media = _media(config)
    margins = _margins(config, media)
    scaling, zoom = _scale(config)
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
        scaling=scaling,
        zoom=zoom,
        rotate=_turn(config),
        offset_x=config.millimetres("offsetX", -MAX_OFFSET, MAX_OFFSET) or 0,
        offset_y=config.millimetres("offsetY", -MAX_OFFSET, MAX_OFFSET) or 0,
        subset=_subset(config),
        reverse=config.flag("reverse") or False,
        repeats=config.whole("repeats", 1, MAX_REPEATS) or 1,
        tray=config.text("tray") or "",
        media_type=config.text("mediaType") or "",
        cut=config.word("cut", words.CUTS, "NONE, PARTIAL and FULL"),
        drawer=config.flag("drawer"),
        dither=config.word("dither", words.DITHERS, "DIFFUSION and THRESHOLD"),
        resolution=config.whole("dpi", 1, MAX_DPI) or 0,
    )


def read_ranges(config: Fields) -> tuple[tuple[int, int], ...]:
    """`pageRanges` such as `1-3,5,9`; empty: all pages."""
    if isinstance(config.raw("pageRanges"), list | dict):
        raise Rejected(f"{config.name('pageRanges')} must be a text such as 1-3,5,9; it is {shown(config.raw('pageRanges'))}.")
    given = config.text("pageRanges", 4000)
    if given is None:
        return ()
    parts = [part.strip() for part in given.replace("\uff0c", ",").split(",")]
    ranges = tuple(_range(config, part) for part in parts if part)
    if len(ranges) > MAX_RANGES:
        raise Rejected(f"{config.name('pageRanges')} must have at most {MAX_RANGES} parts; it has {len(ranges)}.")
    return ranges


def _scale(config: Fields) -> tuple[Scaling | None, int]:
    """`scale`: a word, or a percentage of a page's own size, which is then not changed for any other reason."""
    given = config.raw("scale")
    if given is None or given == "":
        return None, 100
    if isinstance(given, str) and normal(given) in words.SCALINGS:
        return words.SCALINGS[normal(given)], 100
    match = _PERCENT.fullmatch(str(given).strip()) if isinstance(given, str | int | float) and len(str(given)) < 16 else None
    percent = round(float(match[1])) if match and not isinstance(given, bool) else 0
    if not MIN_ZOOM <= percent <= MAX_ZOOM:
        raise Rejected(
            f"{config.name('scale')} must be NOSCALE, AUTO, FIT, FILL or a percentage from {MIN_ZOOM} to {MAX_ZOOM}; "
            f"it is {shown(given)}."
        )
    return Scaling.NONE, percent


def _turn(config: Fields) -> int:
    given = config.raw("rotate")
    if given is None or given == "":
        return 0
    known = isinstance(given, str | int | float) and not isinstance(given, bool) and len(str(given)) < 16
    turn = _TURNS.get(str(given).strip().removesuffix(".0")) if known else None
    if turn is None:
        raise Rejected(f"{config.name('rotate')} must be 0, 90, 180 or 270 degrees, clockwise; it is {shown(given)}.")
    return turn


def _subset(config: Fields) -> Subset | None:
    given = config.raw("oddEven")
    if isinstance(given, str) and normal(given) in ("ALL", "BOTH", "NONE"):
        return None
    return config.word("oddEven", words.SUBSETS, "ALL, ODD and EVEN")


def _range(config: Fields, part: str) -> tuple[int, int]:
    match = _RANGE.fullmatch(part)
    if match is None:
        raise Rejected(
            f"{config.name('pageRanges')} must look like 1-3,5,9, or be left out for all pages; {shown(part)} is neither a page "
            "nor a range."
        )
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
