"""Reading one HTTP/1.1 answer from a stream that may hold anything (RFC 9112)."""

import asyncio
from dataclasses import dataclass

_MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An HTTP answer: its status, its body, and whether the connection can carry another request."""

    status: int
    body: bytes
    keep_alive: bool


async def read_answer(reader: asyncio.StreamReader, limit: int) -> HttpAnswer:
    """The next final answer on the stream, with a body of at most `limit` octets; interim answers are passed over.

    Raises EOFError when the stream ends early, OSError when it breaks, ValueError when it is not HTTP or too long.
    """
    for _ in range(_MAX_LINES):
        version, status = await _status(reader)
        headers = await _headers(reader)
        if status >= 200:
            break
    else:
        raise ValueError("interim answers without an end")
    body, delimited = await _body(reader, headers, status, limit)
    connection = headers.get("connection", "").lower()
    persistent = "close" not in connection if version >= b"HTTP/1.1" else "keep-alive" in connection
    return HttpAnswer(status, body, delimited and persistent)


async def _status(reader: asyncio.StreamReader) -> tuple[bytes, int]:
    words = (await _line(reader)).split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not (words[1].isdigit() and len(words[1]) == 3):
        raise ValueError("no status line")
    return words[0], int(words[1])


async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MAX_LINES):
        line = await _line(reader)
        if not line:
            return headers
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise ValueError("a header without a colon")
        headers[name.strip().lower()] = value.strip()
    raise ValueError(f"more than {_MAX_LINES} header lines")


async def _line(reader: asyncio.StreamReader) -> bytes:
    """A line without its end. StreamReader bounds its length (ValueError)."""
    line = await reader.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the printer closed the connection before its answer was complete")
    return line.rstrip(b"\r\n")


async def _body(reader: asyncio.StreamReader, headers: dict[str, str], status: int, limit: int) -> tuple[bytes, bool]:
    """The body, and whether its end was marked by something else than the end of the connection."""
    if status in (204, 304):
        return b"", True
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunks(reader, limit), True
    if "content-length" in headers:
        return await reader.readexactly(_size(headers["content-length"], 10, limit)), True
    body = bytearray()
    while piece := await reader.read(65536):
        body += piece
        if len(body) > limit:
            raise ValueError(f"more than {limit} octets")
    return bytes(body), False


async def _chunks(reader: asyncio.StreamReader, limit: int) -> bytes:
    body = bytearray()
    while size := _size((await _line(reader)).split(b";")[0].decode("latin-1"), 16, limit - len(body)):
        body += await reader.readexactly(size)
        if await _line(reader):
            raise ValueError("a chunk is longer than it says")
    await _headers(reader)  # trailers
    return bytes(body)


def _size(text: str, base: int, limit: int) -> int:
    text = text.strip()
    if not text or not all(letter in "0123456789abcdefABCDEF" for letter in text):
        raise ValueError("a length that is no number")
    size = int(text, base)
    if size > limit:
        raise ValueError(f"more than {limit} octets are left")
    return size
