"""What a document looks like by its bytes, whatever its task says: for forced filters and for sentences that help."""

import io
import zipfile
import zlib
from dataclasses import dataclass

from libs.contracts.documents import Format
from services.converter.domain import Failure, Rejected

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Looks:
    """A kind of document by its name for people, and the format to write for it, if it can be printed."""

    name: str
    format: Format | None = None


DOCX, XLSX, PPTX = (
    Looks("a Word document (docx)", Format.WORD),
    Looks("an Excel workbook (xlsx)", Format.EXCEL),
    Looks("a PowerPoint presentation (pptx)", Format.PPT),
)
ODT, ODS, ODP, ODG, ODF = (
    Looks("an OpenDocument text (odt)", Format.ODT),
    Looks("an OpenDocument spreadsheet (ods)", Format.ODS),
    Looks("an OpenDocument presentation (odp)", Format.ODP),
    Looks("an OpenDocument drawing (odg)", Format.ODG),
    Looks("an OpenDocument formula (odf)", Format.ODF),
)
XPS = Looks("an XPS document", Format.XPS)
WORKS = Looks("a Works document (wps)", Format.WPS)
DOC, XLS, PPT = (
    Looks("a Word document (doc)", Format.WORD),
    Looks("an Excel workbook (xls)", Format.EXCEL),
    Looks("a PowerPoint presentation (ppt)", Format.PPT),
)
#: The package of an encrypted docx, xlsx or pptx; which of them it is only the password tells.
LOCKED = Looks("an Office document protected by a password")
HTML = Looks("an HTML page", Format.HTML)

_BEGINNINGS: tuple[tuple[bytes, Looks], ...] = (
    (b"%PDF-", Looks("a PDF document", Format.PDF)),
    (b"RaS2", Looks("a PWG raster document", Format.PWG)),
    (b"\x89PNG\r\n\x1a\n", Looks("a PNG image", Format.PNG)),
    (b"\xff\xd8\xff", Looks("a JPEG image", Format.JPG)),
    (b"GIF8", Looks("a GIF image")),
    (b"II*\x00", Looks("a TIFF image")),
    (b"MM\x00*", Looks("a TIFF image")),
    (b"{\\rtf", Looks("an RTF document")),
    (b"Rar!", Looks("a RAR archive")),
    (b"7z\xbc\xaf", Looks("a 7z archive")),
    (b"\x1f\x8b", Looks("a gzip file")),
    (b"\x7fELF", Looks("a program")),
    (b"MZ", Looks("a program")),
)
_PACKAGES: tuple[tuple[str, Looks], ...] = (
    ("word/document.xml", DOCX),
    ("xl/workbook.xml", XLSX),
    ("xl/workbook.bin", XLSX),
    ("ppt/presentation.xml", PPTX),
)
#: What the first part of an OpenDocument package, `mimetype`, says; templates are printed like documents.
_OPEN = {
    "text": ODT,
    "text-template": ODT,
    "text-master": ODT,
    "spreadsheet": ODS,
    "spreadsheet-template": ODS,
    "presentation": ODP,
    "presentation-template": ODP,
    "graphics": ODG,
    "graphics-template": ODG,
    "formula": ODF,
}
_OPEN_TYPE = "application/vnd.oasis.opendocument."
_STORIES: tuple[tuple[str, Looks], ...] = (
    ("EncryptedPackage", LOCKED),
    ("MatOST", WORKS),
    ("WordDocument", DOC),
    ("PowerPoint Document", PPT),
    ("Workbook", XLS),
    ("Book", XLS),
)


def looks(data: bytes) -> Looks | None:
    """What these bytes look like; None: nothing known (plain text has no mark)."""
    if data.startswith(ZIP):
        return _package(data)
    if data.startswith(OLE):
        return next((kind for name, kind in _STORIES if name.encode("utf-16-le") + b"\0\0" in data), Looks("an unknown OLE file"))
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Looks("a WebP image", Format.WEBP)
    if data.startswith(b"BM") and data[6:10] == b"\0\0\0\0":
        return Looks("a BMP image", Format.BMP)
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return HTML if head.startswith((b"<!doctype html", b"<html")) else None


def _package(data: bytes) -> Looks:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            names = set(package.namelist())
            said = package.open("mimetype").read(100).decode("ascii", "replace").strip() if "mimetype" in names else ""
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, zlib.error, EOFError):
        # A cut-off package has lost its list of contents, but says in its first entries what it was.
        return next(
            (kind for part, kind in _PACKAGES if part.split("/")[0].encode() + b"/" in data), Looks("a damaged ZIP archive")
        )
    if said.startswith(_OPEN_TYPE):
        return _OPEN.get(said.removeprefix(_OPEN_TYPE), Looks("an OpenDocument file of an unknown kind"))
    if "FixedDocSeq.fdseq" in names or any(name.lower().endswith(".fdseq") for name in names):
        return XPS
    return next((kind for part, kind in _PACKAGES if part in names), Looks("a ZIP archive"))


def mislabelled(said: Format, found: Looks | None) -> Rejected:
    """The refusal of a document that is not what its task says."""
    if found is None:
        return Rejected(Failure.MISLABELLED, f"The task says {said.value}, but the document does not look like that at all.")
    advice = f"; write {found.format.value} as its format" if found.format else "; such documents cannot be printed here"
    return Rejected(Failure.MISLABELLED, f"The task says {said.value}, but this is {found.name}{advice}.")
