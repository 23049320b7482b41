"""Media types (RFC 6838) of the formats that documents have, in both directions."""

from libs.contracts.documents import RAW_MEDIA_TYPE, Format

_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"

#: What a document of a format is called unless it came with a type of its own.
MEDIA_TYPE: dict[Format, str] = {
    Format.HTML: "text/html",
    Format.PNG: "image/png",
    Format.JPG: "image/jpeg",
    Format.BMP: "image/bmp",
    Format.WORD: f"{_OPEN_XML}.wordprocessingml.document",
    Format.EXCEL: f"{_OPEN_XML}.spreadsheetml.sheet",
    Format.PPT: f"{_OPEN_XML}.presentationml.presentation",
    Format.TEXT: "text/plain",
    Format.PDF: "application/pdf",
    Format.WEBP: "image/webp",
    Format.WPS: "application/vnd.ms-works",
    Format.ODT: f"{_OPEN_DOCUMENT}.text",
    Format.ODS: f"{_OPEN_DOCUMENT}.spreadsheet",
    Format.ODP: f"{_OPEN_DOCUMENT}.presentation",
    Format.ODG: f"{_OPEN_DOCUMENT}.graphics",
    Format.ODF: f"{_OPEN_DOCUMENT}.formula",
    Format.XPS: "application/oxps",
    Format.PWG: "image/pwg-raster",
    Format.ESCPOS: "application/vnd.printbus.escpos",
    Format.ZPL: "application/vnd.zebra.zpl",
    Format.TSPL: "application/vnd.tsc.tspl",
    Format.RAW: RAW_MEDIA_TYPE,
}
#: Media type in small letters -> format; other spellings of a type beside the one of `MEDIA_TYPE`.
FORMAT: dict[str, Format] = {
    **{name: kind for kind, name in MEDIA_TYPE.items()},
    "application/xhtml+xml": Format.HTML,
    "image/jpg": Format.JPG,
    "image/pjpeg": Format.JPG,
    "image/x-bmp": Format.BMP,
    "image/x-ms-bmp": Format.BMP,
    "application/msword": Format.WORD,
    "application/vnd.ms-word.document.macroenabled.12": Format.WORD,
    "application/vnd.ms-excel": Format.EXCEL,
    "application/vnd.ms-excel.sheet.macroenabled.12": Format.EXCEL,
    "application/vnd.ms-powerpoint": Format.PPT,
    "application/vnd.ms-powerpoint.presentation.macroenabled.12": Format.PPT,
    "application/wps-office.wps": Format.WPS,
    "application/x-pdf": Format.PDF,
    "application/vnd.ms-xpsdocument": Format.XPS,
}


def media_type_of(kind: Format, told: str = "") -> str:
    """What a document is called: as it was told, else by its format."""
    return told or MEDIA_TYPE[kind]


def bare(media_type: str) -> str:
    """A media type without parameters, in small letters: `text/plain; charset=utf-8` is `text/plain`."""
    return media_type.partition(";")[0].strip().lower()
