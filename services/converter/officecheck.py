"""Looks into Office documents before LibreOffice does: what they are, whether they are locked, whether they are bombs."""

import importlib
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

import msoffcrypto
from msoffcrypto.exceptions import FileFormatError, ParseError

from libs.contracts.documents import Format
from services.converter import sniff
from services.converter.domain import Failure, Rejected

#: Real documents have some hundred parts; XML packs to a twentieth, rarely to a hundredth.
_PARTS, _RATIO, _SMALL, _DEPTH = 10_000, 200, 1_000_000, 2
#: A document may unpack to this many times the largest document that is taken.
_UNPACKED = 10
_CHUNK = 256 * 1024


def prepare() -> None:
    """Load what the library would load with its first document, while files can still be read."""
    for name in ("doc97", "ooxml", "ppt97", "xls97"):
        importlib.import_module(f"msoffcrypto.format.{name}")


_LOCKED = "The document is protected by a password; remove the protection in Office and send it again."
_BOMB = "The document unpacks to far more than a real one does, as bombs do; save it anew in Office and send it again."
_BROKEN = "The document is damaged or incomplete; open and save it anew in Office and send it again."
_ENTITIES = tuple("<!ENTITY".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))

_SUFFIX = {
    sniff.DOCX: "docx",
    sniff.XLSX: "xlsx",
    sniff.PPTX: "pptx",
    sniff.DOC: "doc",
    sniff.XLS: "xls",
    sniff.PPT: "ppt",
    sniff.ODT: "odt",
    sniff.ODS: "ods",
    sniff.ODP: "odp",
    sniff.ODG: "odg",
    sniff.ODF: "odf",
    sniff.WORKS: "wps",
}
#: What a document of WPS Office may be: its own files are like those of Microsoft's Office, old and new.
_WPS = (sniff.DOC, sniff.XLS, sniff.PPT, sniff.DOCX, sniff.XLSX, sniff.PPTX, sniff.WORKS)
_OPEN = frozenset({Format.ODT, Format.ODS, Format.ODP, Format.ODG, Format.ODF})
_LOCKED_PART = b"<manifest:encryption-data"


def inspect(data: bytes, said: Format, max_bytes: int) -> str:
    """The suffix that says what the document really is (docx, doc, xlsx, ...). Raises `Rejected`."""
    if data.startswith(sniff.ZIP):
        _Unpacking(_UNPACKED * max_bytes).check(data, 0)
    found = sniff.looks(data)
    if found is sniff.LOCKED:
        raise Rejected(Failure.PASSWORD, _LOCKED)
    if found is None or found not in _SUFFIX or not (found.format is said or (said is Format.WPS and found in _WPS)):
        raise sniff.mislabelled(said, found)
    if found.format in _OPEN and _locked_package(data):
        raise Rejected(Failure.PASSWORD, _LOCKED)
    if data.startswith(sniff.OLE) and found is not sniff.WORKS and _locked(data):
        raise Rejected(Failure.PASSWORD, _LOCKED)
    if found is sniff.XLSX and b"xl/workbook.bin" in data:
        return "xlsb"
    return _SUFFIX[found]


def _locked_package(data: bytes) -> bool:
    """Whether an OpenDocument's list of parts says that they are encrypted."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        name = "META-INF/manifest.xml"
        return name in package.namelist() and _LOCKED_PART in package.read(name)


def inspect_package(data: bytes, max_bytes: int) -> str:
    """That an XPS package is one, and no bomb; its suffix. Raises `Rejected`."""
    found = sniff.looks(data)
    if found is not sniff.XPS:
        raise sniff.mislabelled(Format.XPS, found)
    _Unpacking(_UNPACKED * max_bytes).check(data, 0)
    return "xps"


def _locked(data: bytes) -> bool:
    try:
        return bool(msoffcrypto.OfficeFile(io.BytesIO(data)).is_encrypted())  # type: ignore[no-untyped-call]
    except (FileFormatError, ParseError, OSError, ValueError, struct.error, IndexError, KeyError, AttributeError, TypeError):
        raise Rejected(Failure.BROKEN, _BROKEN) from None


@dataclass(slots=True)
class _Unpacking:
    """One document's packages, with what they may still unpack to."""

    left: int

    def check(self, data: bytes, depth: int) -> None:
        """Every part by its header, then in truth: what a header says need not be so."""
        if depth > _DEPTH:
            raise Rejected(Failure.HOSTILE, _BOMB)
        _check_directory(data)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as package:
                parts = package.infolist()
                if len(parts) > _PARTS or sum(part.file_size for part in parts) > self.left:
                    raise Rejected(Failure.HOSTILE, _BOMB)
                for part in parts:
                    _check_header(part)
                    self._check_content(package, part, depth)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError, struct.error):
            raise Rejected(Failure.BROKEN, _BROKEN) from None

    def _check_content(self, package: zipfile.ZipFile, part: zipfile.ZipInfo, depth: int) -> None:
        size, tail, nested = 0, b"", bytearray()
        with package.open(part) as content:
            while chunk := content.read(_CHUNK):
                inside = chunk.startswith(sniff.ZIP) if not size else bool(nested)
                size += len(chunk)
                self.left -= len(chunk)
                if self.left < 0:
                    raise Rejected(Failure.HOSTILE, _BOMB)
                if inside:
                    nested += chunk
                elif any(mark in tail + chunk for mark in _ENTITIES):
                    raise Rejected(Failure.HOSTILE, "The document declares entities, which Office never does and bombs do.")
                tail = chunk[-32:]
        if nested:
            self.check(bytes(nested), depth + 1)


def _check_header(part: zipfile.ZipInfo) -> None:
    if part.flag_bits & 1:
        raise Rejected(Failure.PASSWORD, _LOCKED)
    if part.file_size > _SMALL and part.file_size > _RATIO * max(1, part.compress_size):
        raise Rejected(Failure.HOSTILE, _BOMB)


def _check_directory(data: bytes) -> None:
    """The count of parts as the end of the file tells it: a list of a million is not even read."""
    end = data.rfind(b"PK\x05\x06")
    if end < 0 or len(data) < end + 22:
        raise Rejected(Failure.BROKEN, _BROKEN)
    count, size = struct.unpack_from("<HI", data, end + 10)
    if count > _PARTS or size > _PARTS * 400:
        raise Rejected(Failure.HOSTILE, _BOMB)
