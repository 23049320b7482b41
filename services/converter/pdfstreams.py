"""What the streams of a PDF document unpack to, found without ever holding more of it than a piece."""

import base64
import binascii
import zlib
from collections.abc import Iterator, Sequence

import pikepdf
from pikepdf import Array, Name, Pdf, Stream

from services.converter.domain import Failure, Rejected

#: Deeper chains of filters have no other use than to grow without end.
_FILTERS = 4
#: Deflate makes at most so many bytes of one (zlib's own account of it).
_MOST = 1032
#: One stream may unpack to a document's largest size, or to so many times its own, or to the pixels that it says it has (an empty
#: sheet that was scanned is packed best of all); all together to so many documents.
_RATIO, _UNPACKED = 200, 10
_PIECE = 256 * 1024
#: Bytes of a pixel, at the most: four inks.
_PIXEL = 4
_FLATE = {"/FlateDecode", "/Fl"}
_TEXTS = {"/ASCII85Decode", "/A85", "/ASCIIHexDecode", "/AHx"}
_BOMB = "The PDF document unpacks to far more than a real one does, as bombs do; export it anew and send it again."


class Unpacking:
    """What one document may still unpack to. `largest`: bytes of the largest document that is taken; `pixels`: of an image."""

    def __init__(self, largest: int, pixels: int) -> None:
        self._largest, self._pixels = largest, pixels
        self._left = _UNPACKED * largest

    def check(self, pdf: Pdf) -> None:
        """Raises `Rejected` for a document that is packed many times over, or that unpacks to far more than a real one."""
        packed = []
        for thing in pdf.objects:
            if isinstance(thing, Stream):
                filters = _filters(thing)
                if len(filters) > _FILTERS:
                    raise Rejected(Failure.HOSTILE, "The PDF document is packed many times over, as bombs are; export it anew.")
                if times := sum(each in _FLATE for each in filters):
                    packed.append((thing, filters, times))
        if sum(_length(stream) * _MOST**times for stream, _, times in packed) <= self._largest:
            return  # whatever they hold, it is not too much
        for stream, filters, _ in packed:
            self._unpack(_raw(stream), filters, max(self._largest, self._drawn(stream)))

    def _drawn(self, stream: Stream) -> int:
        """Bytes of the image that a stream says it is, with one more for each line; 0 for none, or for one that is too large."""
        width, height = stream.get("/Width"), stream.get("/Height")
        if stream.get("/Subtype") != Name.Image or not isinstance(width, int) or not isinstance(height, int):
            return 0
        return width * height * _PIXEL + height if 0 < width * height <= self._pixels else 0

    def _unpack(self, data: bytes, filters: Sequence[str], most: int) -> None:
        pieces: Iterator[bytes] = iter([data])
        for each in filters:
            if each in _TEXTS:
                pieces = iter([_bytes(b"".join(pieces), each)])
            elif each in _FLATE:
                pieces = _inflated(self._counted(pieces, len(data), most))
            else:
                break  # pictures: what is in them is counted as pixels
        for _ in self._counted(pieces, len(data), most):
            pass

    def _counted(self, pieces: Iterator[bytes], packed: int, most: int) -> Iterator[bytes]:
        made = 0
        for piece in pieces:
            made += len(piece)
            self._left -= len(piece)
            if self._left < 0 or (made > most and made > _RATIO * packed):
                raise Rejected(Failure.HOSTILE, _BOMB)
            yield piece


def _filters(stream: Stream) -> list[str]:
    found = stream.get("/Filter")
    if isinstance(found, Array):
        return [str(each) for each in found]
    return [str(found)] if isinstance(found, Name) else []


def _length(stream: Stream) -> int:
    told = stream.get("/Length")
    return told if isinstance(told, int) else len(_raw(stream))


def _raw(stream: Stream) -> bytes:
    try:
        return stream.read_raw_bytes()
    except pikepdf.PdfError:
        return b""


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What deflated pieces unpack to, up to where they are broken."""
    packer = zlib.decompressobj()
    try:
        for piece in pieces:
            rest = piece
            while rest and not packer.eof:
                yield packer.decompress(rest, _PIECE)
                rest = packer.unconsumed_tail
    except zlib.error:
        return


def _bytes(text: bytes, name: str) -> bytes:
    """The bytes that a text of ASCII85 or of hexadecimal digits stands for; nothing for one that is broken."""
    try:
        if name in ("/ASCII85Decode", "/A85"):
            return base64.a85decode(text.partition(b"~>")[0])
        return binascii.unhexlify(b"".join(text.partition(b">")[0].split()))
    except ValueError:
        return b""
