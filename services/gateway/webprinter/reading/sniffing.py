"""Telling a document's format from its first bytes or its name, for clients that do not say it."""

import re

from libs.contracts.documents import Format
from services.gateway.webprinter.reading.words import FORMATS

_HTML = re.compile(
    r"\s*(<!doctype html|<html|<head|<body|<!--|<(div|p|h[1-6]|table|span|img|style|script|pre|ul|ol|section)[\s>/])", re.IGNORECASE
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Names inside a file -> what the file is: the parts of OOXML packages, and the streams of the older compound files.
_PARTS = (
    (b"application/vnd.oasis.opendocument.text", Format.ODT),
    (b"application/vnd.oasis.opendocument.spreadsheet", Format.ODS),
    (b"application/vnd.oasis.opendocument.presentation", Format.ODP),
    (b"application/vnd.oasis.opendocument.graphics", Format.ODG),
    (b"application/vnd.oasis.opendocument.formula", Format.ODF),
    (b"word/", Format.WORD),
    (b"xl/", Format.EXCEL),
    (b"ppt/", Format.PPT),
    (b"FixedDocSeq", Format.XPS),
    (b"FixedDocumentSequence", Format.XPS),
    (b".fdseq", Format.XPS),
)
_STREAMS = (("WordDocument", Format.WORD), ("Workbook", Format.EXCEL), ("PowerPoint Document", Format.PPT))
_MAGIC = (
    (b"%PDF-", Format.PDF),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"\xff\xd8\xff", Format.JPG),
    (b"BM", Format.BMP),
    (b"RaS2", Format.PWG),
)


def looks_like_html(text: str) -> bool:
    """Whether a text begins as HTML does."""
    return bool(_HTML.match(text[:512].lstrip("\ufeff")))


def format_of_name(name: str) -> Format | None:
    """The format that a file's name ends on."""
    _, dot, ending = name.rpartition(".")
    return FORMATS.get(ending.upper()) if dot else None


def format_of_bytes(data: bytes) -> Format | None:
    """The format of a document, None when its bytes do not tell."""
    for magic, found in _MAGIC:
        if data.startswith(magic):
            return found
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return Format.WEBP
    if data.startswith(b"PK\x03\x04"):
        return next((found for part, found in _PARTS if part in data), None)
    if data.startswith(_OLE):
        return next((found for stream, found in _STREAMS if stream.encode("utf-16-le") in data), None)
    return _format_of_text(data)


def _format_of_text(data: bytes) -> Format | None:
    if b"\x00" in data:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return Format.HTML if looks_like_html(text) else Format.TEXT
