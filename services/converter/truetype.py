"""TrueType fonts for embedding: parsed once, cut down to the glyphs of one document in microseconds (OpenType 1.9)."""

import mmap
import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_COMPOSITE_MORE, _COMPOSITE_WORDS = 0x20, 0x01
_COMPOSITE_SCALE, _COMPOSITE_XY, _COMPOSITE_MATRIX = 0x08, 0x40, 0x80


class Font:
    """One face. `file` is mapped, not read: all workers share its pages."""

    def __init__(self, path: Path, index: int = 0) -> None:
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        start = 0
        if self._data[:4] == b"ttcf":
            (start,) = struct.unpack_from(">I", self._data, 12 + 4 * index)
        (count,) = struct.unpack_from(">H", self._data, start + 4)
        self._tables: dict[bytes, tuple[int, int]] = {}
        for number in range(count):
            tag, _, offset, length = struct.unpack_from(">4sIII", self._data, start + 12 + 16 * number)
            self._tables[tag] = (offset, length)
        if b"glyf" not in self._tables:
            raise ValueError(f"{path} has no TrueType outlines.")
        head, hhea = self._table(b"head"), self._table(b"hhea")
        (self.units,) = struct.unpack_from(">H", head, 18)
        self.box: tuple[int, int, int, int] = struct.unpack_from(">4h", head, 36)
        self.ascent, self.descent = struct.unpack_from(">2h", hhea, 4)
        (self._long_widths,) = struct.unpack_from(">H", hhea, 34)
        (self.count,) = struct.unpack_from(">H", self._table(b"maxp"), 4)
        self._places = self._read_places(long=struct.unpack_from(">h", head, 50)[0] == 1)
        metrics, long = self._table(b"hmtx"), 4 * self._long_widths
        self._widths = _big_endian("H", metrics[:long])[::2]
        self._bearings = _big_endian("h", metrics[:long])[1::2] + _big_endian("h", metrics[long:])
        self.glyphs = self._read_cmap()

    def _table(self, tag: bytes) -> bytes:
        offset, length = self._tables.get(tag, (0, 0))
        return self._data[offset : offset + length]

    def _read_places(self, *, long: bool) -> "array[int]":
        loca = self._table(b"loca")
        if long:
            return _big_endian("I", loca)
        return array("I", (2 * place for place in _big_endian("H", loca)))

    def _read_cmap(self) -> Mapping[int, int]:
        """Characters to glyphs, from the best subtable: all of Unicode (format 12) before its first plane (format 4)."""
        cmap = self._table(b"cmap")
        (count,) = struct.unpack_from(">H", cmap, 2)
        offsets = [struct.unpack_from(">HHI", cmap, 4 + 8 * number)[2] for number in range(count)]
        found: dict[int, int] = {}
        for wanted, read in ((4, _read_segments), (12, _read_groups)):
            for offset in offsets:
                if struct.unpack_from(">H", cmap, offset)[0] == wanted:
                    found.update(read(cmap, offset))
                    break
        return found

    def width(self, glyph: int) -> int:
        """The advance of a glyph in the font's units."""
        return self._widths[min(glyph, len(self._widths) - 1)]

    def bearing(self, glyph: int) -> int:
        """How far right of its origin a glyph's outline begins, in the font's units (OpenType 1.9, `hmtx`)."""
        return self._bearings[glyph] if glyph < len(self._bearings) else 0

    def outline(self, glyph: int) -> bytes:
        """The description of a glyph as in the `glyf` table; empty for a blank one."""
        offset = self._tables[b"glyf"][0]
        return self._data[offset + self._places[glyph] : offset + self._places[glyph + 1]]

    def subset(self, glyphs: Sequence[int]) -> bytes:
        """A font whose glyph n is `glyphs[n]`, with the parts of composite ones behind; first must stand .notdef (0)."""
        numbers = {glyph: number for number, glyph in enumerate(glyphs)}
        order, outlines = list(glyphs), []
        for glyph in order:  # grows while parts of composite glyphs are found
            outline = self.outline(glyph)
            if outline[:1] >= b"\x80":
                outline = _renumbered(outline, numbers, order)
            outlines.append(outline + bytes(-len(outline) % 4))
        places = [0]
        for outline in outlines:
            places.append(places[-1] + len(outline))
        widths = b"".join(struct.pack(">Hh", self.width(glyph), self.bearing(glyph)) for glyph in order)
        tables = {
            b"cvt ": self._table(b"cvt "),
            b"fpgm": self._table(b"fpgm"),
            b"glyf": b"".join(outlines),
            b"head": _patched(self._table(b"head"), 50, ">h", 1),
            b"hhea": _patched(self._table(b"hhea"), 34, ">H", len(order)),
            b"hmtx": widths,
            b"loca": struct.pack(f">{len(places)}I", *places),
            b"maxp": _patched(self._table(b"maxp"), 4, ">H", len(order)),
            b"prep": self._table(b"prep"),
        }
        return _font_file({tag: table for tag, table in tables.items() if table})


def _big_endian(kind: str, data: bytes) -> "array[int]":
    values = array(kind)
    values.frombytes(data[: len(data) - len(data) % values.itemsize])
    values.byteswap()
    return values


def _read_groups(cmap: bytes, offset: int) -> Iterable[tuple[int, int]]:
    (count,) = struct.unpack_from(">I", cmap, offset + 12)
    for number in range(count):
        first, last, glyph = struct.unpack_from(">III", cmap, offset + 16 + 12 * number)
        yield from zip(range(first, last + 1), range(glyph, glyph + last - first + 1), strict=True)


def _read_segments(cmap: bytes, offset: int) -> Iterable[tuple[int, int]]:
    double = struct.unpack_from(">H", cmap, offset + 6)[0]
    count, base = double // 2, offset + 14
    lasts = struct.unpack_from(f">{count}H", cmap, base)
    firsts = struct.unpack_from(f">{count}H", cmap, base + double + 2)
    deltas = struct.unpack_from(f">{count}H", cmap, base + 2 * double + 2)
    ranges = struct.unpack_from(f">{count}H", cmap, base + 3 * double + 2)
    for number in range(count):
        for code in range(firsts[number], lasts[number] + 1):
            glyph = code
            if ranges[number]:
                place = base + 3 * double + 2 + 2 * number + ranges[number] + 2 * (code - firsts[number])
                glyph = struct.unpack_from(">H", cmap, place)[0] if place + 2 <= len(cmap) else 0
                if glyph == 0:
                    continue
            glyph = (glyph + deltas[number]) & 0xFFFF
            if glyph and code != 0xFFFF:
                yield code, glyph


def _renumbered(outline: bytes, numbers: dict[int, int], order: list[int]) -> bytes:
    """A composite glyph whose parts have their numbers in the subset; parts not met before are put at its end."""
    changed, place, flags = bytearray(outline), 10, _COMPOSITE_MORE
    while flags & _COMPOSITE_MORE:
        flags, part = struct.unpack_from(">HH", outline, place)
        if part not in numbers:
            numbers[part] = len(order)
            order.append(part)
        struct.pack_into(">H", changed, place + 2, numbers[part])
        place += 8 if flags & _COMPOSITE_WORDS else 6
        place += 2 if flags & _COMPOSITE_SCALE else 4 if flags & _COMPOSITE_XY else 8 if flags & _COMPOSITE_MATRIX else 0
    return bytes(changed)


def _patched(table: bytes, place: int, layout: str, value: int) -> bytes:
    changed = bytearray(table)
    struct.pack_into(layout, changed, place, value)
    return bytes(changed)


def _font_file(tables: Mapping[bytes, bytes]) -> bytes:
    count = len(tables)
    power = count.bit_length() - 1
    header = struct.pack(">IHHHH", 0x00010000, count, 16 << power, power, 16 * count - (16 << power))
    offset, directory, body = 12 + 16 * count, [], []
    for tag, table in sorted(tables.items()):
        padded = table + bytes(-len(table) % 4)
        directory.append(struct.pack(">4sIII", tag, sum(_big_endian("I", padded)) & 0xFFFFFFFF, offset, len(table)))
        body.append(padded)
        offset += len(padded)
    return header + b"".join(directory) + b"".join(body)
