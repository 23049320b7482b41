"""Plain text to PDF in a millisecond: what its bytes say, and how it falls into lines and pages."""

import html
from collections.abc import Iterator
from dataclasses import replace

from libs.contracts.documents import Format
from services.converter import sniff
from services.converter.domain import Failure, Finishing, Layout, Outcome, Rejected
from services.converter.finish import choose, finish
from services.converter.geometry import hundredths, points
from services.converter.glyphs import glyph
from services.converter.textwriter import LEADING, SIZE, Writer
from services.converter.workers import Limits

_TAB = 8
_BINARY = frozenset(chr(code) for code in [*range(9), 14, 15, *range(16, 27), *range(28, 32)])
_STYLE = (
    f"body{{margin:0}}pre{{margin:0;font:{SIZE}pt/{LEADING}pt 'WenQuanYi Zen Hei Mono',monospace;white-space:pre-wrap;"
    f"overflow-wrap:anywhere;tab-size:{_TAB};break-after:page}}pre:last-child{{break-after:auto}}"
)


def typeset(source: bytes, layout: Layout, wanted: Finishing, limits: Limits) -> Outcome:
    """Text as finished PDF; if it needs more than a row of glyphs, a web page instead, with 0 as its count of pages.

    Raises `Rejected` for what is not text, or too much of it.
    """
    text = _text(source)
    if any(found is not None and found.glyph == 0 for found in map(glyph, set(text))):
        return Outcome(web_page(text), 0, 0, 0)
    pages = list(_pages(text, layout, limits.pages))
    if layout.roll:
        layout = replace(layout, height=_height(layout, max(map(len, pages))))
    if not wanted.chooses_only:
        return finish(Writer(layout).document(pages), wanted, limits)
    warnings: list[str] = []
    pages = [pages[index] for index in choose(len(pages), wanted.page_ranges, warnings)]
    return Outcome(Writer(layout).document(pages), len(pages), layout.width, layout.height, warnings)


def web_page(text: str) -> bytes:
    """Text as a web page, for scripts that need shaping and characters that only a browser finds a font for."""
    parts = "".join(f"<pre dir=auto>{html.escape(section)}\n</pre>" for section in _sections(text))
    return f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>{parts}".encode()


def _text(source: bytes) -> str:
    found = sniff.looks(source)
    if found is not None and found is not sniff.HTML:
        raise sniff.mislabelled(Format.TEXT, found)
    text = decoded(source)
    sample = text[:4096]
    if "\0" in sample or sum(character in _BINARY for character in sample) > len(sample) // 20:
        raise Rejected(Failure.MISLABELLED, "The task says TEXT, but this is no text; write the format that it really has.")
    return text


def decoded(source: bytes) -> str:
    """Bytes as text: by their byte order mark, else UTF-8, else GB 18030, else Latin-1, which takes anything."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if source.startswith(mark):
            return source[len(mark) :].decode(encoding, "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return source.decode(encoding)
        except UnicodeDecodeError:
            continue
    return source.decode("latin-1")


def _pages(text: str, layout: Layout, limit: int) -> Iterator[list[str]]:
    """Pages of lines. Form feeds begin a new page; lines that are too long go on in the next."""
    margins = layout.margins
    columns = max(1, int((points(layout.width - margins.left - margins.right) + 0.01) / (SIZE / 2)))
    rows = max(1, int((points(layout.height - margins.top - margins.bottom) + 0.01) / LEADING))
    count = 0
    for section in _sections(text):
        lines = [part for line in section.removesuffix("\n").split("\n") for part in wrapped(line, columns)]
        for first in range(0, max(1, len(lines)), rows):
            count += 1
            if count > limit:
                raise Rejected(Failure.TOO_LARGE, f"The text fills more than {limit} pages; print it in parts.")
            yield lines[first : first + rows]


def _height(layout: Layout, lines: int) -> int:
    """How long so many lines are on a roll, in 1/100 mm."""
    return layout.margins.top + layout.margins.bottom + max(1, hundredths(lines * LEADING))


def _sections(text: str) -> list[str]:
    """What stands between form feeds; a feed at the very end is only politeness to the printer."""
    sections = text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").split("\f")
    if len(sections) > 1 and not sections[-1].strip():
        sections.pop()
    return sections


def wrapped(line: str, columns: int) -> Iterator[str]:
    """A line in parts of at most `columns` cells, broken at a space or before a wide character where there is one."""
    if "\t" in line:
        line = _without_tabs(line)
    if len(line) * 2 <= columns:
        yield line
        return
    start = cells = 0
    breakable = 0
    position = 0
    while position < len(line):
        found = glyph(line[position])
        width = found.cells if found else 0
        if line[position] == " " or (width == 2 and position > start):
            breakable = position
        if cells + width > columns and position > start:
            end = breakable if breakable > start else position
            yield line[start:end]
            start = end + 1 if line[end] == " " else end
            position, cells, breakable = start, 0, start
            continue
        cells += width
        position += 1
    yield line[start:]


def _without_tabs(line: str) -> str:
    out: list[str] = []
    cells = 0
    for part in line.split("\t"):
        out.append(part)
        cells += sum(found.cells for found in map(glyph, part) if found)
        fill = _TAB - cells % _TAB
        out.append(" " * fill)
        cells += fill
    return "".join(out[:-1])
