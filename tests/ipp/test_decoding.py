"""libs/ipp/decoding.py: what the RFC writes is read, what means harm is refused with a sentence and nothing else."""

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from libs.ipp.decoding import Limits, decode_request, decode_response
from libs.ipp.encoding import encode
from libs.ipp.errors import IppDecodeError
from libs.ipp.tags import GroupTag
from libs.ipp.values import Charset, Opaque, OutOfBand
from tests.ipp import messages, rfc8010

HEADER = b"\x02\x00\x00\x0b\x00\x00\x00\x07"
OCTETS = [octets for octets, _ in (*rfc8010.REQUESTS.values(), *rfc8010.RESPONSES.values())]


def attribute(tag, name, value, length=None):
    size = len(value) if length is None else length
    return bytes([tag]) + struct.pack(">H", len(name)) + name + struct.pack(">h", size) + value


def one(tag, value):
    """The value of a response with a single attribute."""
    response = decode_response(HEADER + b"\x04" + attribute(tag, b"a", value) + b"\x03")
    return response.group(GroupTag.PRINTER)["a"][0]


@pytest.mark.parametrize("name", rfc8010.REQUESTS)
def test_a_request_of_the_rfc_is_read(name):
    octets, message = rfc8010.REQUESTS[name]
    decoded, end = decode_request(octets + rfc8010.DOCUMENT)
    assert messages.exact(decoded) == messages.exact(message)
    assert (octets + rfc8010.DOCUMENT)[end:] == rfc8010.DOCUMENT


@pytest.mark.parametrize("name", rfc8010.RESPONSES)
def test_a_response_of_the_rfc_is_read(name):
    octets, message = rfc8010.RESPONSES[name]
    assert messages.exact(decode_response(octets)) == messages.exact(message)


@given(st.binary(max_size=400))
def test_any_octets_are_a_message_or_refused(octets):
    try:
        decoded = decode_response(HEADER + octets)
    except IppDecodeError:
        return
    assert (decoded.status, decoded.request_id) == (0x000B, 7)


@given(st.sampled_from(OCTETS), st.integers(0, 400), st.binary(max_size=8))
@example(OCTETS[0], 0, b"")
def test_a_damaged_message_is_a_message_or_refused(octets, at, damage):
    at %= len(octets)
    for damaged in (octets[:at], octets[:at] + damage + octets[at + len(damage) :], octets[:at] + damage + octets[at:]):
        try:
            decoded, _ = decode_request(damaged)
        except IppDecodeError:
            continue
        assert decoded == decode_request(encode(decoded))[0]


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "header"),
        (HEADER[:-1], "header"),
        (HEADER, "stops before its end"),
        (HEADER + b"\x00\x03", "where a group begins"),
        (HEADER + b"\x44\x03", "where a group begins"),
        (HEADER + b"\x04" + attribute(0x21, b"", b"\0\0\0\1") + b"\x03", "before any attribute"),
        (HEADER + b"\x04\x44\xff\xfe", "negative"),
        (HEADER + b"\x04" + attribute(0x44, b"a", b"", length=-1), "negative"),
        (HEADER + b"\x04" + attribute(0x44, b"a", b"x", length=32767), "beyond the message"),
        (HEADER + b"\x04\x44\x00", "within a length"),
        (HEADER + b"\x04" + attribute(0x21, b"a", b"\0\0\1") + b"\x03", "no value of syntax 0x21"),
        (HEADER + b"\x04" + attribute(0x22, b"a", b"") + b"\x03", "no value of syntax 0x22"),
        (HEADER + b"\x04" + attribute(0x31, b"a", b"\0" * 10) + b"\x03", "no value of syntax 0x31"),
        (HEADER + b"\x04" + attribute(0x35, b"a", b"\x00\x09en") + b"\x03", "no value of syntax 0x35"),
        (HEADER + b"\x04" + attribute(0x35, b"a", b"\xff\xffen\x00\x00") + b"\x03", "no value of syntax 0x35"),
        (HEADER + b"\x04" + attribute(0x37, b"a", b"") + b"\x03", "outside a collection"),
        (HEADER + b"\x04" + attribute(0x4A, b"a", b"m") + b"\x03", "outside a collection"),
        (HEADER + b"\x04" + attribute(0x34, b"a", b"") + b"\x03", "group begins within a collection"),
        (HEADER + b"\x04" + attribute(0x34, b"a", b"") + attribute(0x44, b"", b"x"), "before its name"),
        (HEADER + b"\x04" + attribute(0x34, b"a", b"") + attribute(0x44, b"b", b"x"), "attribute begins within"),
        (HEADER + b"\x04" + attribute(0x34, b"a", b"") + attribute(0x4A, b"", b"m"), "stops before its end"),
    ],
)
def test_what_is_wrong_with_a_message_is_said(octets, why):
    with pytest.raises(IppDecodeError, match=why):
        decode_response(octets)


def test_collections_may_be_nested_only_so_deep():
    def nested(depth):
        opened = (attribute(0x4A, b"", b"m") + attribute(0x34, b"", b"")) * (depth - 1)
        return HEADER + b"\x04" + attribute(0x34, b"a", b"") + opened + attribute(0x37, b"", b"") * depth + b"\x03"

    decode_response(nested(16))
    with pytest.raises(IppDecodeError, match="nested deeper than 16"):
        decode_response(nested(17))
    with pytest.raises(IppDecodeError, match="nested deeper than 16"):
        decode_response(nested(100_000))


@pytest.mark.timeout(60)  # a look at every piece for every piece would take hours
@pytest.mark.parametrize("piece", [b"\x04", attribute(0x44, b"", b"")], ids=["groups", "values"])
def test_a_large_message_of_nothing_is_refused_quickly(piece):
    octets = HEADER + b"\x04" + attribute(0x44, b"a", b"") + piece * (16_000_000 // len(piece)) + b"\x03"
    with pytest.raises(IppDecodeError, match="more than 200000 values"):
        decode_response(octets)


def test_the_limit_counts_members_too():
    member = attribute(0x4A, b"", b"m") + attribute(0x21, b"", b"\0\0\0\1")
    octets = HEADER + b"\x04" + attribute(0x34, b"a", b"") + member * 10 + attribute(0x37, b"", b"") + b"\x03"
    decode_response(octets, Limits(values=22))
    with pytest.raises(IppDecodeError, match="more than 21 values"):
        decode_response(octets, Limits(values=21))


def test_of_two_attributes_with_one_name_the_first_counts():
    twice = attribute(0x47, b"a", b"utf-8") + attribute(0x47, b"a", b"us-ascii")
    response = decode_response(HEADER + b"\x04" + twice + b"\x03")
    assert response.group(GroupTag.PRINTER)["a"] == (Charset("utf-8"),)


def test_unknown_tags_and_groups_are_kept():
    octets = HEADER + b"\x0e" + attribute(0x7F, b"a", b"\x40\0\0\0x") + attribute(0x29, b"b", b"?") + b"\x03"
    response = decode_response(octets)
    assert dict(response.group(0x0E)) == {"a": (Opaque(0x7F, b"\x40\0\0\0x"),), "b": (Opaque(0x29, b"?"),)}
    assert encode(response) == octets


def test_octets_with_an_out_of_band_value_mean_nothing():
    assert one(0x13, b"whatever") is OutOfBand.NO_VALUE


@pytest.mark.parametrize("moment", [b"\0" * 11, b"\x07\xea\x02\x1e\0\0\0\0+\0\0", b"\x07\xea\1\1\0\0\0\0+\x63\0"])
def test_a_moment_that_no_calendar_has_is_kept_as_it_came(moment):
    assert one(0x31, moment) == Opaque(0x31, moment)


def test_what_is_not_utf_8_is_still_readable():
    assert one(0x41, b"caf\xe9") == "caf\N{REPLACEMENT CHARACTER}"
