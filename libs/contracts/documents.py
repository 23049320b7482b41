"""A task's documents: their formats and where their bytes are; bytes over `INLINE_LIMIT` never travel on the bus."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

#: Up to this many bytes a document rides inside intake and order messages (design.md section 3).
INLINE_LIMIT = 8 * 1024


class Format(StrEnum):
    """Media formats by the names of the Webprinter protocol (webprinter.md 1.5), and PDF."""

    HTML = "HTML"
    PNG = "PNG"
    JPG = "JPG"
    BMP = "BMP"
    WORD = "WORD"
    EXCEL = "EXCEL"
    PPT = "PPT"
    TEXT = "TEXT"
    PDF = "PDF"
    WEBP = "WEBP"
    WPS = "WPS"
    ODT = "ODT"
    ODS = "ODS"
    ODP = "ODP"
    ODG = "ODG"
    ODF = "ODF"
    XPS = "XPS"
    PWG = "PWG"
    ESCPOS = "ESCPOS"
    ZPL = "ZPL"
    TSPL = "TSPL"
    RAW = "RAW"


class Engine(StrEnum):
    """Which family of the converter renders a format: a token of the order's subject, one durable consumer each."""

    HTML = "html"
    OFFICE = "office"
    IMAGE = "image"
    TEXT = "text"
    PDF = "pdf"
    RAW = "raw"


ENGINE: dict[Format, Engine] = {
    Format.HTML: Engine.HTML,
    Format.PNG: Engine.IMAGE,
    Format.JPG: Engine.IMAGE,
    Format.BMP: Engine.IMAGE,
    Format.WORD: Engine.OFFICE,
    Format.EXCEL: Engine.OFFICE,
    Format.PPT: Engine.OFFICE,
    Format.TEXT: Engine.TEXT,
    Format.PDF: Engine.PDF,
    Format.WEBP: Engine.IMAGE,
    Format.WPS: Engine.OFFICE,
    Format.ODT: Engine.OFFICE,
    Format.ODS: Engine.OFFICE,
    Format.ODP: Engine.OFFICE,
    Format.ODG: Engine.OFFICE,
    Format.ODF: Engine.OFFICE,
    Format.XPS: Engine.PDF,
    Format.PWG: Engine.IMAGE,
    Format.ESCPOS: Engine.RAW,
    Format.ZPL: Engine.RAW,
    Format.TSPL: Engine.RAW,
    Format.RAW: Engine.RAW,
}

#: What the folder of an upload begins with, `<tenant>/unim-<id>`: it belongs to no task, and many tasks may name it.
UPLOAD = "unim-"
#: How long an upload may be named by new tasks, in ms (webprinter.md 1.5).
UPLOAD_VALID = 86_400_000

#: The languages of label and receipt printers, which pass through untouched.
RAW_FORMATS = frozenset({Format.ESCPOS, Format.ZPL, Format.TSPL, Format.RAW})
#: The media type of what passes through untouched; a printer that lists it among its formats takes it.
RAW_MEDIA_TYPE = "application/octet-stream"
#: The media type of documents that the converter rasterised to ESC/POS.
ESCPOS_MEDIA_TYPE = "application/vnd.printbus.escpos"


class Role(StrEnum):
    """What a stored object is to its task: the last part of its name `<tenant>/<task>/<role>`."""

    SOURCE = "source"
    RENDERED = "rendered"
    PRINTABLE = "printable"


@dataclass(frozen=True, slots=True)
class Inline:
    """Bytes that ride in the message itself, at most `INLINE_LIMIT` of them; base64 on the wire."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    data: bytes
    kind: Literal["inline"] = "inline"


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes in the document store: the object's name, its length in bytes and its SHA-256 in hexadecimal digits."""

    name: str
    size: int
    sha256: str
    kind: Literal["stored"] = "stored"


@dataclass(frozen=True, slots=True)
class Remote:
    """Bytes that the converter fetches itself. `host` is all that may be shown or logged.

    `sealed` is a `SealedRequest` encrypted to the converter's public key: the whole address and the request's headers.
    """

    host: str
    sealed: str
    kind: Literal["remote"] = "remote"


@dataclass(frozen=True, slots=True)
class SealedRequest:
    """What is inside `Remote.sealed`: the address as given and the headers that the client wants sent with it."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()


Content = Annotated[Inline | Stored | Remote, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a task. `javascript` and `background` concern HTML only."""

    format: Format
    content: Content
    name: str = ""
    javascript: bool = True
    background: bool = True


@dataclass(frozen=True, slots=True)
class Printable:
    """A document ready for its printer: PDF (or what `media_type` says), its pages, and the sheet that they are made for."""

    content: Annotated[Inline | Stored, Field(discriminator="kind")]
    media_type: str = "application/pdf"
    pages: int = 1
