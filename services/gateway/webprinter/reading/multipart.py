"""The one file of a `multipart/form-data` body, as it comes (RFC 7578), from browsers, tools and old Windows programs alike."""

import email.header
import logging
import re
from collections.abc import AsyncIterator
from email.errors import HeaderParseError
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

#: Parts of one body, bytes of one header, headers of one part: more is no upload of a file.
MAX_PARTS = 100
MAX_HEADER = 8 * 1024
MAX_HEADERS = 20
#: Characters of a file's name that are kept.
MAX_NAME = 255

FIELD = "file"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ENCODED_WORD = re.compile(r"=\?[\w-]+\?[bqBQ]\?[^?]*\?=")
_SHAPE = "send the file as multipart/form-data in a part named file"

# What it has to say about a client's bytes is said in our answer.
logging.getLogger("python_multipart.multipart").addHandler(logging.NullHandler())


class BadUpload(Exception):
    """The body is not the upload of one file: one sentence for whoever sent it."""


class Upload:
    """One body. `data` gives the file's bytes; `name` is known when it ends."""

    def __init__(self, content_type: str, body: AsyncIterator[bytes]) -> None:
        self.name = ""
        self._body = body
        self._parts = 0
        self._field = b""
        self._value = b""
        self._disposition = b""
        self._chosen = False
        self._found = False
        self._ended = False
        self._ready: list[bytes] = []
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._part_data,
            "on_end": self._end,
        }
        self._parser = _parser(content_type, callbacks)

    async def data(self) -> AsyncIterator[bytes]:
        """The bytes of the file. Raises `BadUpload` as soon as the body is not what it should be, and what the body raises."""
        async for piece in self._body:
            if self._ended:
                continue  # what follows the end means nothing (RFC 2046 section 5.1.1)
            try:
                self._parser.write(piece)
            except FormParserError:
                raise BadUpload(f"The body is not multipart/form-data as its boundary says: {_SHAPE}.") from None
            if self._ready:
                yield b"".join(self._ready)
                self._ready = []
        if not self._ended:
            raise BadUpload("The body ends before its last boundary: send all of it.")
        if not self._found:
            raise BadUpload(f"There is no file in the body: {_SHAPE}.")

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise BadUpload(f"The body has more than {MAX_PARTS} parts: {_SHAPE}.")
        self._field = self._value = self._disposition = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._field.strip().lower() == b"content-disposition":
            self._disposition = self._value
        self._field = self._value = b""

    def _headers_finished(self) -> None:
        field, name = disposition(self._disposition)
        self._chosen = name is not None or field.lower() == FIELD
        if self._chosen and self._found:
            raise BadUpload("There are several files in the body: send each in a call of its own.")
        if self._chosen:
            self._found = True
            self.name = bare(name or "")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._chosen:
            self._ready.append(data[start:end])

    def _end(self) -> None:
        self._ended = True


def _parser(content_type: str, callbacks: "MultipartCallbacks") -> MultipartParser:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_maintype() != "multipart" or not isinstance(boundary, str) or not boundary:
        raise BadUpload(f"The header Content-Type must be multipart/form-data with a boundary: {_SHAPE}.")
    try:
        return MultipartParser(
            boundary.encode("latin-1"),
            callbacks,
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER,
        )
    except (FormParserError, UnicodeEncodeError):
        raise BadUpload("The boundary in the header Content-Type is not one: at most 70 characters of ASCII.") from None


def disposition(header: bytes) -> tuple[str, str | None]:
    """The name of the field, and that of its file (None: it is no file), however they are encoded."""
    message = Message()
    message["Content-Disposition"] = _text(header).replace("\r", " ").replace("\n", " ")
    field, plain, extended = "", None, None
    for key, value in message.get_params([], header="content-disposition") or []:
        if key.lower() == "name":
            field = collapse_rfc2231_value(value)
        elif key.lower() == "filename" and isinstance(value, tuple):
            extended = collapse_rfc2231_value(value, errors="replace")
        elif key.lower() == "filename":
            plain = _plain(value)
    return field, plain if extended is None else extended


def bare(name: str) -> str:
    """A file's name without the way to it and without what no name has; too long ones keep their ending."""
    name = _CONTROL.sub("", name).replace("\\", "/").rsplit("/", 1)[-1].strip()
    if len(name) <= MAX_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    return stem[: MAX_NAME - len(ending) - 1] + dot + ending if dot and len(ending) < 16 else name[:MAX_NAME]


def _text(header: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return header.decode(encoding)
        except UnicodeDecodeError:
            continue
    return header.decode("latin-1")


def _plain(name: str) -> str:
    """A plain name: browsers write quotation marks as %22, some old programs encode it as a mail header has it (RFC 2047)."""
    if _ENCODED_WORD.fullmatch(name.strip()):
        try:
            return str(email.header.make_header(email.header.decode_header(name)))
        except (HeaderParseError, LookupError, UnicodeDecodeError, ValueError):
            return name
    return name.replace("%22", '"')
