"""Plain text to PDF in a millisecond: lines, pages, and a font cut down to what they show, with real selectable text."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from libs.contracts.documents import Format
from libs.contracts.tickets import Orientation
from services.converter import sniff
from services.converter.domain import Failure, Finishing, Layout, Rejected
from services.converter.finish import Outcome, choose, finish
from services.converter.geometry import points
from services.converter.truetype import Font
from services.converter.workers import Limits

_SIZE, _LEADING, _TAB = 10.0, 12.5, 8
#: The first holds Chinese and half-width Latin; the others help out with what it has not. (file, face)
_FONTS: tuple[tuple[str, int], ...] = (
    ("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc", 1),
    ("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", 0),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", 0),
    ("/usr/share/fonts/truetype/liberation2/LiberationMono-Regular.ttf", 0),
)
#: Seen as nothing in every font: marks of direction, joiners, variation selectors, a byte order mark in the middle.
_INVISIBLE = frozenset([0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10)])
_BINARY = frozenset(chr(code) for code in [*range(9), 14, 15, *range(16, 27), *range(28, 32)])


@dataclass(frozen=True, slots=True)
class _Glyph:
    """How a character is shown: which font, which glyph, how many half-width cells wide."""

    font: int
    glyph: int
    cells: int


@dataclass(slots=True)
class _Case:
    """The fonts of this process, and every character met so far."""

    fonts: list[Font] = field(default_factory=list)
    known: dict[str, _Glyph | None] = field(default_factory=dict)


_case = _Case()


def prepare() -> None:
    """Load the fonts, while files can still be read."""
    _case.fonts = [Font(Path(path), index) for path, index in _FONTS if Path(path).exists()]
    if not _case.fonts:
        raise RuntimeError("No font for plain text was found; install fonts-wqy-zenhei.")


def typeset(source: bytes, layout: Layout, wanted: Finishing, limits: Limits) -> Outcome:
    """Text as finished PDF. Raises `Rejected` for what is not text, or too much of it."""
    warnings: list[str] = []
    pages = list(_pages(_text(source), layout, limits.pages))
    simple = wanted.number_up == 1 and wanted.copies == 1 and wanted.orientation not in _TURNED
    if simple:
        pages = [pages[index] for index in choose(len(pages), wanted.page_ranges, warnings)]
    missing: set[str] = set()
    data = _Writer(layout).document(pages, missing)
    if missing:
        warnings.append(f"{len(missing)} kinds of characters are in no font here and were left out.")
    if simple:
        return Outcome(data, len(pages), layout.width, layout.height, warnings)
    outcome = finish(data, wanted, limits)
    outcome.warnings[:0] = warnings
    return outcome


_TURNED = (Orientation.REVERSE_LANDSCAPE, Orientation.REVERSE_PORTRAIT)


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


def _glyph(character: str) -> _Glyph | None:
    """How a character is shown; None: not at all."""
    try:
        return _case.known[character]
    except KeyError:
        found = _case.known[character] = _find(ord(" " if character == "\xa0" else character))
        return found


def _find(code: int) -> _Glyph | None:
    if code < 32 or 0x7F <= code < 0xA0 or code in _INVISIBLE:
        return None
    for number, font in enumerate(_case.fonts):
        glyph = font.glyphs.get(code)
        if glyph:
            share = font.width(glyph) / font.units
            return _Glyph(number, glyph, 0 if share == 0 else 1 if share < 0.75 else 2)
    return _Glyph(0, 0, 2 if code >= 0x1100 else 1)


def _pages(text: str, layout: Layout, limit: int) -> Iterator[list[str]]:
    """Pages of lines. Form feeds begin a new page; lines that are too long go on in the next."""
    margins = layout.margins
    columns = max(1, int((points(layout.width - margins.left - margins.right) + 0.01) / (_SIZE / 2)))
    rows = max(1, int((points(layout.height - margins.top - margins.bottom) + 0.01) / _LEADING))
    count = 0
    sections = text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").split("\f")
    if len(sections) > 1 and not sections[-1].strip():
        sections.pop()
    for section in sections:
        lines = [part for line in section.removesuffix("\n").split("\n") for part in wrapped(line, columns)]
        for first in range(0, max(1, len(lines)), rows):
            count += 1
            if count > limit:
                raise Rejected(Failure.TOO_LARGE, f"The text fills more than {limit} pages; print it in parts.")
            yield lines[first : first + rows]


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
        glyph = _glyph(line[position])
        width = glyph.cells if glyph else 0
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
        cells += sum(glyph.cells for glyph in map(_glyph, part) if glyph)
        fill = _TAB - cells % _TAB
        out.append(" " * fill)
        cells += fill
    return "".join(out[:-1])


@dataclass(slots=True)
class _Used:
    """The glyphs of one font that a document shows, by their numbers in its subset."""

    numbers: dict[int, int] = field(default_factory=lambda: {0: 0})
    characters: dict[int, tuple[str, int]] = field(default_factory=dict)


class _Writer:
    """Writes one PDF (ISO 32000-1): pages of lines in subset TrueType fonts, each glyph mapped back to its character."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._objects: list[bytes] = []
        self._used: dict[int, _Used] = {}

    def document(self, pages: Sequence[Sequence[str]], missing: set[str]) -> bytes:
        """The whole file."""
        catalog, tree, resources = (self._add(b"") for _ in range(3))
        box = f"[0 0 {points(self._layout.width):.4f} {points(self._layout.height):.4f}]"
        kids = []
        for lines in pages:
            contents = self._stream(self._contents(lines, missing))
            page = f"<</Type/Page/Parent {tree} 0 R/MediaBox{box}/Resources {resources} 0 R/Contents {contents} 0 R>>"
            kids.append(self._add(page.encode()))
        fonts = "".join(f"/F{number} {self._font(number, used)} 0 R" for number, used in self._used.items())
        self._set(catalog, f"<</Type/Catalog/Pages {tree} 0 R>>")
        self._set(tree, f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]>>")
        self._set(resources, f"<</Font<<{fonts}>>>>")
        return self._file(catalog)

    def _contents(self, lines: Sequence[str], missing: set[str]) -> bytes:
        margins = self._layout.margins
        top = points(self._layout.height - margins.top) - _SIZE
        out = [f"BT {_LEADING} TL 1 0 0 1 {points(margins.left):.3f} {top:.3f} Tm"]
        current = -1
        for line in lines:
            for font, text in self._runs(line, missing):
                if font != current:
                    out.append(f"/F{font} {_SIZE} Tf")
                    current = font
                out.append(f"<{text}>Tj")
            out.append("T*")
        out.append("ET")
        return "\n".join(out).encode()

    def _runs(self, line: str, missing: set[str]) -> Iterator[tuple[int, str]]:
        """Parts of a line in one font each: the font, and the numbers of the glyphs in hexadecimal digits."""
        font = -1
        numbers: list[str] = []
        for character in line.rstrip():
            glyph = _glyph(character)
            if glyph is None:
                continue
            if glyph.glyph == 0:
                missing.add(character)
            if glyph.font != font:
                if numbers:
                    yield font, "".join(numbers)
                font, numbers = glyph.font, []
            numbers.append(f"{self._number(glyph, character):04x}")
        if numbers:
            yield font, "".join(numbers)

    def _number(self, glyph: _Glyph, character: str) -> int:
        used = self._used.setdefault(glyph.font, _Used())
        number = used.numbers.get(glyph.glyph)
        if number is None:
            number = used.numbers[glyph.glyph] = len(used.numbers)
            used.characters[number] = (character, glyph.cells)
        return number

    def _font(self, number: int, used: _Used) -> int:
        font = _case.fonts[number]
        # A subset's name begins with six letters of its own; its content is what makes two of them differ.
        data = font.subset(list(used.numbers))
        tag = "".join(chr(65 + (zlib.crc32(data) >> shift) % 26) for shift in (0, 5, 10, 15, 20, 25))
        name = f"{tag}+Text{number}"
        file = self._stream(data, f"/Length1 {len(data)}")
        em = 1000 / font.units
        box = " ".join(str(round(edge * em)) for edge in font.box)
        descriptor = self._add(
            f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[{box}]/ItalicAngle 0/Ascent {round(font.ascent * em)}"
            f"/Descent {round(font.descent * em)}/CapHeight 700/StemV 80/FontFile2 {file} 0 R>>".encode()
        )
        widths = " ".join(str(500 * cells) for _, cells in used.characters.values())
        descendant = self._add(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
            f"/FontDescriptor {descriptor} 0 R/DW 500/W[1[{widths}]]/CIDToGIDMap/Identity>>".encode()
        )
        unicode = self._stream(_to_unicode(used))
        return self._add(
            f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H/DescendantFonts[{descendant} 0 R]"
            f"/ToUnicode {unicode} 0 R>>".encode()
        )

    def _stream(self, data: bytes, extra: str = "") -> int:
        packed = zlib.compress(data, 6)
        return self._add(f"<</Length {len(packed)}/Filter/FlateDecode{extra}>>stream\n".encode() + packed + b"\nendstream")

    def _add(self, body: bytes) -> int:
        self._objects.append(body)
        return len(self._objects)

    def _set(self, number: int, body: str) -> None:
        self._objects[number - 1] = body.encode()

    def _file(self, catalog: int) -> bytes:
        out = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
        places = []
        for number, body in enumerate(self._objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        out += b"".join(b"%010d 00000 n \n" % place for place in places)
        out += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, catalog, start)
        return bytes(out)


def _to_unicode(used: _Used) -> bytes:
    rows = [f"<{number:04x}><{text.encode('utf-16-be').hex()}>" for number, (text, _) in used.characters.items()]
    blocks = [rows[first : first + 100] for first in range(0, len(rows), 100)]
    mapped = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry(Adobe)/Ordering(UCS)/Supplement 0>> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000><ffff>\nendcodespacerange\n{mapped}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
