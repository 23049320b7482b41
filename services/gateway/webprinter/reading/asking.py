"""What a body asks for: a command and its data, in whatever spelling and encoding they came."""

import asyncio
import codecs
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from services.gateway.webprinter.envelope import Malformed
from services.gateway.webprinter.reading import lenient
from services.gateway.webprinter.reading.fields import shown

_BOM = codecs.BOM_UTF8
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: What old Windows clients of this protocol write: a superset of GBK and GB 2312.
_CHINESE = "gb18030"
_CHINESE_NAMES = {"gbk", "gb2312", "gb18030", "x-gbk", "cp936"}
#: Bodies of more bytes than this are parsed in a thread.
LARGE = 64 * 1024
_GZIP = b"\x1f\x8b"
#: How the bodies of HTML forms begin, and JSON that a program has written as one.
_FORM = (b"command=", b"data=", b"%7b", b"--")
#: Members and elements of one body: what they take in memory is many times what they take on the wire.
MOST = 2_000_000

_SHAPE = 'send {"command": "...", "data": {...}}'


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and its data. `key` is an idempotency key that came beside them, as a header or in a frame; empty: none."""

    command: str
    data: Any
    key: str = ""


async def asked_in(body: bytes | bytearray, charset: str = "") -> Asked:
    """The command in a body, however large. Raises `Malformed`."""
    return await asyncio.to_thread(parse, body, charset) if len(body) > LARGE else parse(body, charset)


def parse(body: bytes | bytearray, charset: str = "") -> Asked:
    """The command in a body: JSON, or what was meant to be JSON. `charset` is what its sender calls it. Raises `Malformed`."""
    given = _decoded(body, charset.strip(' "').lower())
    if not isinstance(given, dict):
        raise Malformed(f"The body must be a JSON object: {_SHAPE}.")
    command = _member(given, "command")
    if command is None or (isinstance(command, str) and not command.strip()):
        raise Malformed('The key "command" is missing: write the name of a command as a text.')
    if not isinstance(command, str):
        raise Malformed(f'The key "command" must be the name of a command as a text; it is {shown(command)}.')
    return Asked(command.strip(), _member(given, "data"))


def _decoded(body: bytes | bytearray, charset: str) -> Any:
    if sum(body.count(sign) for sign in (b",", b"[", b"{")) > MOST:
        raise Malformed(f"The body has more than {MOST} values: send large documents as BASE64, or in several calls.")
    if charset not in _CHINESE_NAMES and not body.startswith(_UTF_16):
        try:
            whole = body[len(_BOM) :] if body.startswith(_BOM) else body  # noqa: FURB188 - which would copy a bytearray
            return from_json(whole, allow_inf_nan=False)
        except ValueError:
            pass  # not strict JSON in UTF-8: it may still be meant as JSON
    text, strict = _text(body, charset)
    if strict:
        try:
            return from_json(text, allow_inf_nan=False)
        except ValueError:
            pass
    try:
        return lenient.read(text)
    except lenient.Unreadable as reason:
        raise Malformed(f"The body is not JSON ({_dress(body) or reason}): {_SHAPE}.") from None


def _dress(body: bytes | bytearray) -> str:
    """What else than JSON a body is, where it can be seen; else empty."""
    begins = bytes(body[:16]).removeprefix(_BOM).lstrip().lower()
    if not begins:
        return "it is empty"
    return "it is the body of an HTML form" if begins.startswith(_FORM) else ""


def _text(body: bytes | bytearray, charset: str) -> tuple[str, bool]:
    """Bytes as text, and whether it may still be strict JSON.

    UTF-8 comes before GBK, as nearly no GBK text of some length is UTF-8 by chance; UTF-16 says that it is.
    """
    if body.startswith(_GZIP):
        raise Malformed(f"The body is compressed with gzip: {_SHAPE} uncompressed.")
    if body.startswith(_UTF_16):
        encodings = ["utf-16"]
    else:
        encodings = [_CHINESE, "utf-8"] if charset in _CHINESE_NAMES else ["utf-8", _CHINESE]
    for encoding in encodings:
        try:
            return body.decode(encoding).removeprefix("\ufeff"), encoding != "utf-8"
        except UnicodeDecodeError:
            continue
    raise Malformed(f"The body is neither UTF-8 nor GBK: {_SHAPE} in UTF-8.")


def _member(given: dict[str, Any], name: str) -> Any:
    """A member by its name in any case (webprinter.md 1.7, row 28)."""
    if name in given:
        return given[name]
    return next((value for key, value in given.items() if key.lower() == name), None)
