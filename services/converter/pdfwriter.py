"""Writes PDF (ISO 32000-1) with text in subset TrueType fonts, each glyph mapped back to its character."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.converter.geometry import points
from services.converter.glyphs import Glyph, fonts, glyph, squeeze


@dataclass(slots=True)
class _Used:
    """The glyphs of one font that a document shows, by their numbers in its subset."""

    numbers: dict[int, int] = field(default_factory=lambda: {0: 0})
    characters: dict[int, tuple[str, int]] = field(default_factory=dict)


class PdfWriter:
    """One file under construction: objects, the fonts that its text needs, and pages that share all resources."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []
        self._used: dict[int, _Used] = {}

    def written(self, pages: Sequence[tuple[float, float, bytes]], resources: str = "") -> bytes:
        """The whole file: width and height (1/100 mm) and contents of each page; `resources` besides the fonts."""
        catalog, tree, shared = (self._add(b"") for _ in range(3))
        kids = []
        for width, height, content in pages:
            box = f"[0 0 {points(width):.4f} {points(height):.4f}]"
            contents = self._stream(content)
            page = f"<</Type/Page/Parent {tree} 0 R/MediaBox{box}/Resources {shared} 0 R/Contents {contents} 0 R>>"
            kids.append(self._add(page.encode()))
        fonts = "".join(f"/F{number} {self._font(number, used)} 0 R" for number, used in self._used.items())
        self._set(catalog, f"<</Type/Catalog/Pages {tree} 0 R>>")
        self._set(tree, f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]>>")
        self._set(shared, f"<</Font<<{fonts}>>{resources}>>")
        return self._file(catalog)

    def _runs(self, line: str) -> Iterator[tuple[int, str]]:
        """Parts of a line in one font each: the font, and the numbers of the glyphs in hexadecimal digits."""
        font = -1
        numbers: list[str] = []
        for character in line.rstrip():
            shown = glyph(character)
            if shown is None:
                continue
            if shown.font != font:
                if numbers:
                    yield font, "".join(numbers)
                font, numbers = shown.font, []
            numbers.append(f"{self._number(shown, character):04x}")
        if numbers:
            yield font, "".join(numbers)

    @staticmethod
    def _chosen(font: int, size: str) -> str:
        """The operators that choose a font, drawn so narrow that its letters fill their cells."""
        return f"/F{font} {size} Tf {100 * squeeze(font):.3f} Tz"

    def _number(self, shown: Glyph, character: str) -> int:
        used = self._used.setdefault(shown.font, _Used())
        number = used.numbers.get(shown.glyph)
        if number is None:
            number = used.numbers[shown.glyph] = len(used.numbers)
            used.characters[number] = (character, shown.cells)
        return number

    def _font(self, number: int, used: _Used) -> int:
        font = fonts()[number]
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
        widths = " ".join(f"{500 * cells / squeeze(number):.4g}" for _, cells in used.characters.values())
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
