"""A task's document (webprinter.md 1.5): where it comes from, what it is, and its bytes or its address."""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum
from html import unescape
from urllib.parse import unquote, urlsplit

from libs.contracts.documents import RAW_FORMATS, Format, SealedRequest, Stored
from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading import sniffing, words
from services.gateway.webprinter.reading.fields import Fields, shown
from services.gateway.webprinter.reading.headers import read_headers

LONGEST_URL = 8000
#: Characters of base64 that are decoded at once.
PIECE = 1024 * 1024
_URL_SAFE = str.maketrans("-_", "+/")
_ANYWHERE = re.compile(r"https?://|unim://", re.IGNORECASE)
_UPLOADED = re.compile(r"\s*unim://\S*\s*", re.IGNORECASE)
#: What a label's language never looks like as a whole: it has commas, carets or blanks.
_BASE64 = re.compile(r"\s*[A-Za-z0-9+/_=\r\n-]+\s*")
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})</title>", re.IGNORECASE)


class Source(StrEnum):
    """Where a task's content comes from."""

    STRING = "STRING"
    BASE64 = "BASE64"
    URL = "URL"
    FILE = "FILE"


SOURCES = {word.value: word for word in Source}
FORMATS = ", ".join(Format)

_BINARY = frozenset({Source.URL, Source.BASE64})
#: Which format may come from where: the seed's 15 pairs, and what we add to them.
PAIRS: dict[Format, frozenset[Source]] = {
    Format.HTML: frozenset({Source.STRING, Source.URL, Source.BASE64}),
    Format.TEXT: frozenset({Source.STRING, Source.URL, Source.BASE64}),
    Format.PNG: _BINARY,
    Format.JPG: _BINARY,
    Format.BMP: _BINARY,
    Format.WORD: _BINARY,
    Format.EXCEL: _BINARY,
    Format.PPT: _BINARY,
    Format.PDF: _BINARY,
    Format.WEBP: _BINARY,
    Format.WPS: _BINARY,
    Format.ODT: _BINARY,
    Format.ODS: _BINARY,
    Format.ODP: _BINARY,
    Format.ODG: _BINARY,
    Format.ODF: _BINARY,
    Format.XPS: _BINARY,
    Format.PWG: _BINARY,
    **dict.fromkeys(RAW_FORMATS, frozenset({Source.STRING, Source.URL, Source.BASE64})),
}


@dataclass(frozen=True, slots=True)
class Given:
    """A document as it was given: its bytes, the request that fetches them, or the address of an upload with what is behind it.

    `title` is a name made of it, or empty; `told`: its format was given, or could be told.
    """

    format: Format
    title: str
    data: bytes = b""
    request: SealedRequest | None = None
    host: str = ""
    upload: str = ""
    stored: Stored | None = None
    told: bool = True


def read_content(task: Fields) -> Given:
    """The document of a task. Raises `Rejected`."""
    content = task.raw("content")
    if content is None or content == "":
        raise Rejected(f"{task.name('content')} is missing: write the text, the base64 or the address of the document.")
    if not isinstance(content, str):
        raise Rejected(f"{task.name('content')} must be a text; it is {shown(content)}.")
    wanted = task.word("mediaFormat", words.FORMATS, FORMATS)
    source = task.word("mediaSource", SOURCES, "STRING, BASE64 and URL")
    source = source or _infer_source(content, wanted)
    if source is Source.FILE:
        raise Rejected(
            f"{task.name('mediaSource')} FILE is refused, as it would read the server's own files: "
            "send the bytes as BASE64, or an address as URL."
        )
    if wanted:
        _allow(task, wanted, source)
    given = _from_url(task, content, wanted) if source is Source.URL else _from_content(task, content, source, wanted)
    _allow(task, given.format, source)
    return given


def _allow(task: Fields, wanted: Format, source: Source) -> None:
    allowed = PAIRS[wanted]
    if source not in allowed:
        others = " or ".join(each for each in Source if each in allowed)
        raise Rejected(f"{task.name('mediaSource')} must be {others} for {wanted}; it is {source}.")


def _infer_source(content: str, wanted: Format | None) -> Source:
    if _ANYWHERE.match(content.lstrip()):
        return Source.URL
    if wanted in (Format.HTML, Format.TEXT):
        return Source.STRING
    if wanted in (Format.ZPL, Format.TSPL) and not _BASE64.fullmatch(content):
        return Source.STRING
    if wanted is None and sniffing.looks_like_html(content):
        return Source.STRING
    return Source.BASE64


def _from_url(task: Fields, content: str, wanted: Format | None) -> Given:
    name = task.name("content")
    url = content.strip()
    if url[:7].lower() == "unim://":
        return Given(wanted or Format.RAW, "", upload=url[: LONGEST_URL + 1], told=wanted is not None)
    if len(url) > LONGEST_URL:
        raise Rejected(f"{name} must be an address of at most {LONGEST_URL} characters; it has {len(url)}.")
    if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise Rejected(f"{name} must be an address without blanks and control characters: write blanks as %20.")
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _port = parts.port
    except ValueError:
        raise Rejected(f"{name} is not an address: write one such as https://example.com/document.pdf.") from None
    if parts.scheme not in ("http", "https"):
        raise Rejected(f"{name} must be an address that begins with http://, https:// or unim://; other schemes are refused.")
    if not host:
        raise Rejected(f"{name} is an address without a host: write one such as https://example.com/document.pdf.")
    file = unquote(parts.path.rsplit("/", 1)[-1])
    request = SealedRequest(url, read_headers(task))
    return Given(wanted or sniffing.format_of_name(file) or Format.HTML, file, request=request, host=host)


def _from_content(task: Fields, content: str, source: Source, wanted: Format | None) -> Given:
    if source is Source.STRING:
        if _UPLOADED.fullmatch(content):
            name, source_name = task.name("content"), task.name("mediaSource")
            raise Rejected(f"{name} is the address of an uploaded file and no text: write URL in {source_name}.")
        wanted = wanted or (Format.HTML if sniffing.looks_like_html(content) else Format.TEXT)
        data = _encoded(task, content)
        title = _title(content) if wanted is Format.HTML else ""
        return Given(wanted, title, data)
    data = read_base64(task, content)
    wanted = wanted or sniffing.format_of_bytes(data)
    if wanted is None:
        raise Rejected(f"{task.name('mediaFormat')} is missing and the content does not tell it: write one of {FORMATS}.")
    return Given(wanted, "", data)


def _decoded(text: str) -> bytes:
    """Base64 piece by piece: others have their turn in between. Raises `ValueError`."""
    data = bytearray()
    rest = ""
    for start in range(0, len(text), PIECE):
        piece = rest + "".join(text[start : start + PIECE].split()).translate(_URL_SAFE)
        if "=" in piece:  # only at the very end
            piece = (piece + "".join(text[start + PIECE :].split())).rstrip("=")
            return bytes(data + base64.b64decode(piece + "=" * (-len(piece) % 4), validate=True))
        whole = len(piece) // 4 * 4
        data += base64.b64decode(piece[:whole], validate=True)
        rest = piece[whole:]
    return bytes(data + base64.b64decode(rest + "=" * (-len(rest) % 4), validate=True))


def _encoded(task: Fields, content: str) -> bytes:
    if not content.strip():
        raise Rejected(f"{task.name('content')} holds only blanks: write the text to print.")
    return content.encode()


def _title(content: str) -> str:
    match = _TITLE.search(content, 0, 4096)
    return unescape(match[1]).strip() if match else ""


def read_base64(task: Fields, content: str) -> bytes:
    """Base64 with or without a `data:` prefix, line breaks or padding, in either alphabet. Raises `Rejected`."""
    name = task.name("content")
    text = content.strip()
    if _ANYWHERE.match(text):
        raise Rejected(f"{name} is an address and not base64: write URL in {task.name('mediaSource')}.")
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().rstrip().endswith(";base64"):
            raise Rejected(f"{name} begins with data: but is not base64: write data:<type>;base64,<base64>, or the base64 alone.")
    if not text.isascii():
        raise Rejected(f"{name} is not base64: only letters, digits, + and / may stand in it (or - and _).")
    try:
        data = _decoded(text)
    except (binascii.Error, ValueError):
        raise Rejected(f"{name} is not base64, or not all of it: encode the whole file and send it unchanged.") from None
    if not data:
        raise Rejected(f"{name} is an empty document: encode a file that has something in it.")
    return data
