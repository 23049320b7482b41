"""libs/ipp/encoding.py: the octets of RFC 8010, and sentences for what cannot be written."""

from datetime import datetime

import pytest
from hypothesis import given

from libs.ipp.attributes import Attributes, Collection
from libs.ipp.decoding import decode_request, decode_response
from libs.ipp.encoding import encode
from libs.ipp.enums import Orientation
from libs.ipp.errors import IppEncodeError
from libs.ipp.message import Group, Request
from libs.ipp.tags import GroupTag
from libs.ipp.values import Keyword, Name
from tests.ipp import messages, rfc8010


def request(**attributes):
    return Request(2, 1, (Group(GroupTag.JOB, Attributes(attributes)),))


@pytest.mark.parametrize("example", rfc8010.REQUESTS)
def test_a_request_of_the_rfc_is_written_as_the_rfc_writes_it(example):
    octets, message = rfc8010.REQUESTS[example]
    assert encode(message) == octets


@pytest.mark.parametrize("example", rfc8010.RESPONSES)
def test_a_response_of_the_rfc_is_written_as_the_rfc_writes_it(example):
    octets, message = rfc8010.RESPONSES[example]
    assert encode(message) == octets


@given(messages.REQUESTS)
def test_every_request_survives_its_octets(message):
    octets = encode(message)
    decoded, end = decode_request(octets + b"document")
    assert messages.exact(decoded) == messages.exact(message)
    assert end == len(octets)


@given(messages.RESPONSES)
def test_every_response_survives_its_octets(message):
    assert messages.exact(decode_response(encode(message))) == messages.exact(message)


def test_an_int_enum_is_written_as_an_enum():
    assert b"\x23\x00\x01o\x00\x04\x00\x00\x00\x04" in encode(request(o=Orientation.LANDSCAPE))


def test_a_plain_string_is_refused_with_what_to_write_instead():
    with pytest.raises(IppEncodeError, match=r"'sides'.*Keyword"):
        encode(request(sides="two-sided-long-edge"))


def test_an_attribute_without_values_is_refused():
    with pytest.raises(IppEncodeError, match="'sides' has no value"):
        encode(request(sides=[]))


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1])
def test_an_integer_of_more_than_32_bits_is_refused(number):
    with pytest.raises(IppEncodeError, match=r"'copies'.*32-bit"):
        encode(request(copies=number))


def test_a_value_that_is_too_long_for_its_length_is_refused():
    with pytest.raises(IppEncodeError, match="'title' is longer"):
        encode(request(title=Name("x" * 32768)))


def test_a_moment_without_time_zone_is_refused():
    with pytest.raises(IppEncodeError, match=r"'at'.*time zone"):
        encode(request(at=datetime(2026, 11, 21)))  # noqa: DTZ001 - that is the point


def test_something_that_is_no_value_is_refused():
    with pytest.raises(IppEncodeError, match="'ratio': float"):
        encode(request(ratio=1.5))


def test_an_error_within_a_collection_names_the_way_to_it():
    with pytest.raises(IppEncodeError, match="'col/size'"):
        encode(request(col=Collection({"kind": Keyword("a"), "size": "b"})))
