"""What a hostile printer answers: honest answers bent at any place, and a few that are built to hurt."""

import itertools
import struct
from collections.abc import Callable, Iterable, Iterator

from hypothesis import strategies as st

from libs.ipp.encoding import encode
from libs.ipp.message import Request, Response
from tests.faults.rig.posts import http

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HEADER = struct.Struct(">bbHi")
#: Characters that change what a terminal, a log or a page shows.
NASTY = "\r\n\x1b[2J\x00\u2028\u202e<script>alert(1)</script>"

Bend = Callable[[bytes], bytes]


def attribute(tag: int, name: bytes, value: bytes, length: int | None = None) -> bytes:
    """One attribute on the wire; `length` is what it says of its value."""
    return bytes([tag]) + struct.pack(">H", len(name)) + name + struct.pack(">h", len(value) if length is None else length) + value


#: Attributes that printers are asked for, by name, and syntaxes by tag.
NAMES = [
    b"printer-state", b"printer-state-reasons", b"copies-supported", b"media-supported", b"printer-make-and-model", b"job-id",
    b"printer-resolution-supported", b"document-format-supported", b"operations-supported", b"job-state", b"job-name",
    b"job-impressions-completed", b"printer-up-time", b"media-col-database", b"status-message",
]  # fmt: skip
TAGS = [
    0x10,
    0x13,
    0x21,
    0x22,
    0x23,
    0x30,
    0x31,
    0x32,
    0x33,
    0x34,
    0x35,
    0x36,
    0x37,
    0x41,
    0x42,
    0x44,
    0x45,
    0x47,
    0x49,
    0x4A,
    0x7F,
    0xFF,
]
_values = st.one_of(
    st.binary(max_size=40),
    st.integers(-(2**31), 2**31 - 1).map(lambda number: struct.pack(">i", number)),
    st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1)).map(lambda pair: struct.pack(">ii", *pair)),
    st.sampled_from([NASTY.encode(), b"A" * 5000, "é".encode("latin-1"), b"none" * 300]),
)
_attributes = st.builds(attribute, st.sampled_from(TAGS), st.sampled_from(NAMES), _values)
_groups = st.builds(
    lambda tag, found: bytes([tag]) + b"".join(found), st.sampled_from([1, 2, 4, 5, 9, 15]), st.lists(_attributes, max_size=12)
)


def _spoil(at: int, octets: bytes) -> Bend:
    return lambda body: body[: at % len(body)] + octets + body[at % len(body) + len(octets) :]


def _insert(at: int, octets: bytes) -> Bend:
    return lambda body: body[: at % len(body)] + octets + body[at % len(body) :]


def _cut(at: int) -> Bend:
    return lambda body: body[: at % len(body)]


def _replace(groups: list[bytes]) -> Bend:
    return lambda body: body[: HEADER.size] + b"".join(groups) + b"\x03"


def _number(number: int) -> Bend:
    return lambda body: body[:4] + struct.pack(">i", number) + body[8:]


#: One way to bend the octets of an honest answer.
bends = st.one_of(
    st.builds(_spoil, st.integers(0, 5000), st.binary(min_size=1, max_size=8)),
    st.builds(_insert, st.integers(0, 5000), st.one_of(st.binary(min_size=1, max_size=8), _attributes)),
    st.builds(_cut, st.integers(0, 5000)),
    st.builds(_replace, st.lists(_groups, max_size=4)),
    st.builds(_number, st.integers(-(2**31), 2**31 - 1)),
)


def lying(bend: Bend) -> Callable[[Request, Response], bytes]:
    """Answer with what is left of the honest answer when it is bent."""
    return lambda request, response: http(bend(encode(response)))


def huge(megabytes: int) -> Callable[[Request, Response], Iterable[bytes]]:
    """An attribute of so many megabytes, in values of 32 KB, in chunks."""

    def answer(request: Request, response: Response) -> Iterator[bytes]:
        yield CHUNKED + _chunk(HEADER.pack(2, 0, 0, request.request_id) + b"\x04" + attribute(0x41, NAMES[4], b"A"))
        more = _chunk(attribute(0x41, b"", b"A" * 32000))
        yield from itertools.repeat(more, megabytes * 1024 * 1024 // 32000)
        yield _chunk(b"\x03") + b"0\r\n\r\n"

    return answer


def many(values: int) -> Callable[[Request, Response], bytes]:
    """So many attributes of a few octets each."""

    def answer(request: Request, response: Response) -> bytes:
        body = b"".join(attribute(0x21, b"a%d" % number, b"\xff\xff\xff\xff") for number in range(values))
        return http(HEADER.pack(2, 0, 0, request.request_id) + b"\x04" + body + b"\x03")

    return answer


def nested(depth: int) -> Callable[[Request, Response], bytes]:
    """A collection in a collection in a collection."""

    def answer(request: Request, response: Response) -> bytes:
        inner = (attribute(0x4A, b"", b"x") + attribute(0x34, b"", b"")) * depth
        return http(
            HEADER.pack(2, 0, 0, request.request_id) + b"\x04" + attribute(0x34, b"media-col-database", b"") + inner + b"\x03"
        )

    return answer


def endless(request: Request, response: Response) -> Iterator[bytes]:
    """Chunks for ever."""
    yield CHUNKED
    yield from itertools.repeat(_chunk(bytes(0x8000)))


def _chunk(octets: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(octets), octets)


def nasty(request: Request, response: Response) -> bytes:
    """Texts and keywords with what changes a log or a terminal, and an error status."""
    text = NASTY.encode()
    said = attribute(0x41, b"status-message", text * 50)
    known = b"".join(
        attribute(tag, name, text) for tag, name in ((0x44, b"printer-state-reasons"), (0x41, b"printer-make-and-model"))
    )
    numbers = attribute(0x23, b"printer-state", struct.pack(">i", -5)) + attribute(
        0x33, b"copies-supported", struct.pack(">ii", -9, -1)
    )
    return http(HEADER.pack(2, 0, 0, request.request_id) + b"\x01" + said + b"\x04" + known + numbers + b"\x03")
