"""Packages and XML that grow without end when they are opened: zip bombs, entities."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable

from tests.converter import samples

_LAUGHS = 9


def zip_bomb(unpacked: int) -> bytes:
    """A docx that unpacks to a thousand times its size, all parts below the 4 GB of a plain ZIP."""
    part = 2_000_000_000
    sizes = [min(part, unpacked - begun) for begun in range(0, unpacked, part)]
    packed = {size: _zeros(size) for size in set(sizes)}
    return _joined(samples.word(), [(f"word/media/big{number}.bin", *packed[size], size) for number, size in enumerate(sizes)])


def overlapping(copies: int) -> bytes:
    """A docx whose parts all are the same packed 100 MB of the file, each of them honest on its own."""
    packed, check = _zeros(100_000_000)
    return _joined(samples.word(), [(f"word/media/{n}.bin", packed, check, 100_000_000) for n in range(copies)], shared=True)


def many_entries(count: int) -> bytes:
    """A docx whose list of parts names one empty part so many times."""
    name = b"%06d"
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, 2, 0, 6, 0)
    out = bytearray(samples.word()[: samples.word().rfind(b"PK\x01\x02")])
    place = len(out)
    out += b"PK\x03\x04" + head + name % 0 + b"\x03\x00"
    entry = b"PK\x01\x02\x14\x00" + head + struct.pack("<HHHII", 0, 0, 0, 0, place)
    start = len(out)
    out += b"".join(entry + name % number for number in range(count))
    return bytes(out) + _end(count, start, len(out), wide=True)


def nested(depth: int) -> bytes:
    """A docx in which packages lie within packages; the innermost holds 100 MB of nothing."""
    inner = samples.repacked(samples.word(), {"word/media/big.bin": bytes(100_000_000)}, level=9)
    for _ in range(depth):
        inner = samples.package({"a.zip": inner, "b.zip": inner})
    return samples.repacked(samples.word(), {"word/embeddings/inner.docx": inner})


def lying(unpacked: int) -> bytes:
    """A docx whose headers say that its big part has a thousand bytes."""
    packed, check = _zeros(unpacked)
    return _joined(samples.word(), [("word/media/big.bin", packed, check, 1000)])


def _zeros(size: int) -> tuple[bytes, int]:
    """So many zero bytes (a multiple of a million), packed, and their checksum: one packed million again and again."""
    million, check = bytes(1_000_000), 0
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(million) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(size // len(million)):
        check = zlib.crc32(million, check)
    return packed * (size // len(million)) + b"\x03\x00", check


def _joined(package: bytes, parts: Iterable[tuple[str, bytes, int, int]], *, shared: bool = False) -> bytes:
    """A package with parts that are packed already: name, packed bytes, checksum, size as told.

    `shared`: all of them are the same bytes of the file.
    """
    with zipfile.ZipFile(io.BytesIO(package)) as whole:
        out, entries = bytearray(), []
        for info in whole.infolist():
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            data = whole.read(info)
            _add(out, entries, info.filename, packer.compress(data) + packer.flush(), zlib.crc32(data), len(data))
    first = None
    for name, packed, check, size in parts:
        place = first if shared else None
        first = _add(out, entries, name, packed, check, size, place)
    start = len(out)
    out += b"".join(entries)
    return bytes(out) + _end(len(entries), start, len(out))


def _end(count: int, start: int, at: int, *, wide: bool = False) -> bytes:
    """The end of a package: how many parts its list has, and from where to where it goes. `wide`: more than a plain ZIP counts."""
    size, told, more = at - start, count, b""
    if wide:
        told = 0xFFFF
        more = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, start)
        more += struct.pack("<IIQI", 0x07064B50, 0, at, 1)
    return more + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, told, told, size, start, 0)


def _add(out: bytearray, entries: list[bytes], name: str, packed: bytes, check: int, size: int, place: int | None = None) -> int:
    """One part; where it begins in the file."""
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(packed), size, len(name), 0)
    if place is None:
        place = len(out)
        out += b"PK\x03\x04" + head + name.encode() + packed
    entries.append(b"PK\x01\x02\x14\x00" + head + struct.pack("<HHHII", 0, 0, 0, 0, place) + name.encode())
    return place


def laughs(root: str) -> str:
    """XML whose entities make a thousand million words; `root` is the element that holds them."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, _LAUGHS + 1))
    name = root.split(maxsplit=1)[0]
    return f'<?xml version="1.0"?><!DOCTYPE {name} [<!ENTITY l0 "ha">{entities}]><{root}>&l{_LAUGHS};</{name}>'


def external(root: str, address: str) -> str:
    """XML whose entity stands for what lies at an address."""
    name = root.split(maxsplit=1)[0]
    return f'<?xml version="1.0"?><!DOCTYPE {name} [<!ENTITY x SYSTEM "{address}">]><{root}>&x;</{name}>'


def parameter(root: str, address: str) -> str:
    """XML that has its declarations elsewhere: by a parameter entity, and by the type itself."""
    name = root.split(maxsplit=1)[0]
    return f'<?xml version="1.0"?><!DOCTYPE {name} SYSTEM "{address}" [<!ENTITY % p SYSTEM "{address}">%p;]><{root}/>'
