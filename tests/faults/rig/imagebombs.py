"""Images that say that they are huge, that lie, that move, and that are of unusual kinds."""

import io
import struct
import zlib
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from PIL import Image

from tests.converter import samples


def png(width: int, height: int, *, rows: int = 0, color: int = 2, depth: int = 8, extra: bytes = b"") -> bytes:
    """A PNG that says so; of its rows only so many are there (all of them black)."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    row = b"\0" + bytes((width * channels * depth + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join([packer.compress(row) for _ in range(rows)] + [packer.flush()])
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + extra + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def text_bomb(size: int) -> bytes:
    """A small PNG with a text of so many bytes, packed."""
    return png(9, 9, rows=9, extra=_chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(size), 9)))


def profile_bomb(size: int) -> bytes:
    """A small PNG with a colour profile of so many bytes, packed."""
    return png(9, 9, rows=9, extra=_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(size), 9)))


def asking(addresses: Sequence[str]) -> bytes:
    """A small PNG whose metadata (XMP, and a text) says that its pixels lie at these addresses."""
    links = "".join(f"<rdf:li stRef:filePath={quoteattr(at)}>{at}</rdf:li>" for at in addresses)
    xmp = f'<!DOCTYPE x SYSTEM "{addresses[0]}"><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{links}</rdf:RDF></x:xmpmeta>'
    said = [b"XML:com.adobe.xmp\0\0\0\0\0" + xmp.encode(), b"Source\0\0\0\0\0" + links.encode()]
    return png(9, 9, rows=9, extra=b"".join(_chunk(b"iTXt", each) for each in said))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bitmap(width: int, height: int, *, bits: int = 24, compression: int = 0, offset: int = 54) -> bytes:
    """A BMP whose header says so, with the pixels of a small one."""
    data = bytearray(samples.picture("BMP", (40, 40)))
    struct.pack_into("<I", data, 10, offset)
    struct.pack_into("<iiHHI", data, 18, width, height, 1, bits, compression)
    return bytes(data)


def runs(edge: int) -> bytes:
    """A BMP of so many pixels each way, in a few bytes: one run that is never ended."""
    head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 2000, 0, 0, 1078, 40, edge, edge, 1, 8, 1, 900, 2835, 2835, 256, 0)
    return head + bytes(1024) + b"\xff\x00" * 400 + b"\x00\x01"


def jpeg(width: int, height: int) -> bytes:
    """A JPEG whose header says so, with the data of a small one."""
    data = bytearray(samples.picture("JPEG", (40, 40)))
    place = data.find(b"\xff\xc0")
    struct.pack_into(">HH", data, place + 5, height, width)
    return bytes(data)


def webp(width: int, height: int) -> bytes:
    """A WebP whose header says so (RFC 9649 section 3.4), with nothing behind it."""
    said = struct.pack("<BI", 0x2F, (width - 1) | (height - 1) << 14) + bytes(8)
    return b"RIFF" + struct.pack("<I", 12 + len(said) + 1) + b"WEBPVP8L" + struct.pack("<I", len(said)) + said + b"\0"


def animated(kind: str, frames: int, size: tuple[int, int]) -> bytes:
    """So many frames, each of another colour; the first one is red."""
    made = [Image.new("RGB", size, "red")] + [Image.new("RGB", size, (0, 0, number % 256)) for number in range(1, frames)]
    return samples.saved(made[0], format=kind, save_all=True, append_images=made[1:], duration=20, loop=0)


def deep(mode: str, kind: str) -> bytes:
    """A picture of an unusual kind, darker on its left."""
    plain = Image.new("L", (60, 40), 255)
    plain.paste(0, (0, 0, 30, 40))
    if mode == "I;16":
        picture = Image.frombytes("I;16", plain.size, b"".join(struct.pack("<H", each * 257) for each in plain.tobytes()))
    else:
        picture = plain.convert("RGB" if mode != "L" else "L").convert(mode)
    return samples.saved(picture, format=kind)


def scans(count: int) -> bytes:
    """A progressive JPEG with its last scan again and again: each of them is decoded anew."""
    out = io.BytesIO()
    Image.effect_noise((400, 400), 80).save(out, "JPEG", progressive=True, quality=30)
    data = out.getvalue()
    place = data.rfind(b"\xff\xda")
    return data[:-2] + data[place:-2] * count + data[-2:]
