"""PWG raster (PWG 5102.4) as PDF: pages of run-length coded pixels, each behind a header that says how large it is."""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from services.converter import images, sniff
from services.converter.domain import Failure, Rejected
from services.converter.workers import Limits

SYNC = b"RaS2"
_HEADER = 1796
_DAMAGED = "The PWG raster document is damaged or incomplete; make and send it anew."
#: Colour spaces (PWG 5102.4 table 9) -> Pillow's mode; with 1 bit a pixel black is 1.
_MODES = {(3, 1): "1", (18, 8): "L", (3, 8): "K", (19, 24): "RGB", (1, 24): "RGB", (20, 24): "RGB", (6, 32): "CMYK"}


@dataclass(frozen=True, slots=True)
class _Header:
    """What a page says of itself: dots per inch, pixels, bytes of a line, and the unit in which bytes repeat."""

    across: int
    down: int
    width: int
    height: int
    line: int
    unit: int
    mode: str


def to_pdf(data: bytes, limits: Limits) -> bytes:
    """A PDF with the document's own pages. Raises `Rejected`; what is too large is refused by the header alone."""
    if not data.startswith(SYNC):
        found = sniff.looks(data)
        if found is None:
            raise Rejected(Failure.MISLABELLED, "The task says PWG, but this is no PWG raster; write the format that it has.")
        raise Rejected(Failure.MISLABELLED, f"The task says PWG, but this is {found.name}; write the format that it has.")
    pictures, header = [], None
    for header, pixels in _pages(data, limits):
        pictures.append(_png(header, pixels))
    if header is None:
        raise Rejected(Failure.EMPTY, "The PWG raster document has no pages.")
    return images.paged(pictures, (header.across, header.down))


def _pages(data: bytes, limits: Limits) -> Iterator[tuple[_Header, bytes]]:
    place, left, count = len(SYNC), 4 * limits.pixels, 0
    while place < len(data):
        header = _header(data[place : place + _HEADER])
        left -= header.width * header.height
        count += 1
        if count > limits.pages or header.width * header.height > limits.pixels or left < 0:
            sentence = f"The PWG raster has {header.width} x {header.height} pixels on page {count}, which is too much; send less."
            raise Rejected(Failure.TOO_LARGE, sentence)
        pixels, place = _lines(data, place + _HEADER, header)
        yield header, pixels


def _header(data: bytes) -> _Header:
    if len(data) < _HEADER or not data.startswith(b"PwgRaster\0"):
        raise Rejected(Failure.BROKEN, _DAMAGED)
    across, down = struct.unpack_from(">II", data, 276)
    width, height = struct.unpack_from(">II", data, 372)
    bits, pixel, line, order, space = struct.unpack_from(">IIIII", data, 384)
    mode = _MODES.get((space, pixel))
    if mode is None or bits not in (1, 8) or order != 0:
        raise Rejected(Failure.BROKEN, "The PWG raster has colours that cannot be printed here; write it as sRGB or gray.")
    sane = 0 < width < 1 << 20 and 0 < height < 1 << 22 and 20 <= across <= 5000 and 20 <= down <= 5000
    if not sane or line != (width * pixel + 7) // 8:
        raise Rejected(Failure.BROKEN, _DAMAGED)
    return _Header(across, down, width, height, line, max(1, pixel // 8), mode)


def _lines(data: bytes, place: int, header: _Header) -> tuple[bytes, int]:
    """The pixels of one page, and where the next begins."""
    out = bytearray()
    wanted = header.line * header.height
    try:
        while len(out) < wanted:
            repeats = data[place] + 1
            line, place = _line(data, place + 1, header)
            out += line * min(repeats, (wanted - len(out)) // header.line)
    except IndexError:
        raise Rejected(Failure.BROKEN, _DAMAGED) from None
    return bytes(out), place


def _line(data: bytes, place: int, header: _Header) -> tuple[bytes, int]:
    line = bytearray()
    while len(line) < header.line:
        code = data[place]
        place += 1
        if code == 128:
            line += b"\xff" * (header.line - len(line))
        elif code < 128:
            line += data[place : place + header.unit] * (code + 1)
            place += header.unit
        else:
            size = (257 - code) * header.unit
            line += data[place : place + size]
            place += size
        if place > len(data):
            raise Rejected(Failure.BROKEN, _DAMAGED)
    return bytes(line[: header.line]), place


def _png(header: _Header, pixels: bytes) -> bytes:
    size = (header.width, header.height)
    if header.mode == "1":
        image = Image.frombytes("1", size, bytes(255 - byte for byte in pixels))
    elif header.mode == "K":
        image = Image.frombytes("L", size, pixels).point(lambda value: 255 - value)
    else:
        image = Image.frombytes(header.mode, size, pixels)
    if image.mode == "CMYK":
        image = image.convert("RGB")
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=1)
    return out.getvalue()
