"""From messages to octets (RFC 8010 section 3)."""

import struct
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import IntEnum

from libs.ipp.attributes import Attributes, Collection, Value
from libs.ipp.errors import IppEncodeError
from libs.ipp.message import Group, Request, Response
from libs.ipp.tags import GroupTag, ValueTag
from libs.ipp.values import (
    STRING_TAGS,
    EnumValue,
    IntegerRange,
    NameWithLanguage,
    Opaque,
    OutOfBand,
    Resolution,
    TextWithLanguage,
)

_HEADER = struct.Struct(">bbHi")
_LENGTH = struct.Struct(">H")
_MAX_LENGTH = 0x7FFF


def encode(message: Request | Response) -> bytes:
    """The octets of a message, up to and including the end-of-attributes tag (and a response's data).

    Raises IppEncodeError with the attribute's name when a value does not fit its syntax.
    """
    code = message.operation if isinstance(message, Request) else message.status
    out = bytearray(_HEADER.pack(*message.version, code, message.request_id))
    for group in message.groups:
        _write_group(out, group)
    out.append(GroupTag.END)
    if isinstance(message, Response):
        out += message.data
    return bytes(out)


def _write_group(out: bytearray, group: Group) -> None:
    out.append(group.tag)
    for name, values in group.attributes.items():
        _write_values(out, name.encode(), values, within=name)


def _write_values(out: bytearray, name: bytes, values: Iterable[Value], *, within: str) -> None:
    """One attribute: its name stands with the first value, further ones have an empty name."""
    first = True
    for value in values:
        if isinstance(value, Collection):
            _write(out, ValueTag.BEG_COLLECTION, name if first else b"", b"", within)
            _write_members(out, value, within)
        else:
            tag, data = _encoded(value, within)
            _write(out, tag, name if first else b"", data, within)
        first = False
    if first:
        raise IppEncodeError(f"attribute {within!r} has no value; leave it out, or write OutOfBand.NO_VALUE")


def _write_members(out: bytearray, members: Attributes, within: str) -> None:
    for name, values in members.items():
        _write(out, ValueTag.MEMBER_ATTR_NAME, b"", name.encode(), within)
        _write_values(out, b"", values, within=f"{within}/{name}")
    _write(out, ValueTag.END_COLLECTION, b"", b"", within)


def _write(out: bytearray, tag: int, name: bytes, data: bytes, within: str) -> None:
    if len(name) > _MAX_LENGTH or len(data) > _MAX_LENGTH:
        raise IppEncodeError(f"attribute {within!r} is longer than {_MAX_LENGTH} octets; shorten it")
    out.append(tag)
    out += _LENGTH.pack(len(name)) + name + _LENGTH.pack(len(data)) + data


def _encoded(value: Value, within: str) -> tuple[int, bytes]:
    try:
        if isinstance(value, str):
            return _encoded_string(value, within)
        if isinstance(value, int):
            return _encoded_number(value)
        return _encoded_other(value, within)
    except struct.error as error:
        raise IppEncodeError(f"attribute {within!r}: {value!r} is out of range; use 32-bit integers") from error


def _encoded_string(value: str, within: str) -> tuple[int, bytes]:
    if isinstance(value, TextWithLanguage):
        return ValueTag.TEXT_WITH_LANGUAGE, _with_language(value.language, value)
    if isinstance(value, NameWithLanguage):
        return ValueTag.NAME_WITH_LANGUAGE, _with_language(value.language, value)
    tag = STRING_TAGS.get(type(value))
    if tag is None:
        raise IppEncodeError(f"attribute {within!r}: a plain string has no syntax; write Keyword(...), Name(...) or such")
    return tag, value.encode()


def _with_language(language: str, value: str) -> bytes:
    tongue, text = language.encode(), value.encode()
    return _LENGTH.pack(len(tongue)) + tongue + _LENGTH.pack(len(text)) + text


def _encoded_number(value: int) -> tuple[int, bytes]:
    if isinstance(value, bool):
        return ValueTag.BOOLEAN, b"\x01" if value else b"\x00"
    tag = ValueTag.ENUM if isinstance(value, EnumValue | IntEnum) else ValueTag.INTEGER
    return tag, struct.pack(">i", value)


def _encoded_other(value: Value, within: str) -> tuple[int, bytes]:
    match value:
        case OutOfBand():
            return value.value, b""
        case bytes():
            return ValueTag.OCTET_STRING, value
        case datetime():
            return ValueTag.DATE_TIME, _date_time(value, within)
        case Resolution():
            return ValueTag.RESOLUTION, struct.pack(">iib", value.cross_feed, value.feed, value.units)
        case IntegerRange():
            return ValueTag.RANGE_OF_INTEGER, struct.pack(">ii", value.lower, value.upper)
        case Opaque():
            return value.tag, value.data
    raise IppEncodeError(f"attribute {within!r}: {type(value).__name__} is no IPP value")


def _date_time(moment: datetime, within: str) -> bytes:
    """RFC 2579's DateAndTime: eleven octets, in tenths of a second, with the offset from UTC."""
    offset = moment.utcoffset()
    if offset is None:
        raise IppEncodeError(f"attribute {within!r}: a dateTime needs a time zone; write datetime.now(UTC), say")
    minutes = round(offset / timedelta(minutes=1))
    sign = b"-" if minutes < 0 else b"+"
    zone = divmod(abs(minutes), 60)
    tenth = moment.microsecond // 100_000
    clock = (moment.month, moment.day, moment.hour, moment.minute, moment.second, tenth)
    return struct.pack(">H6B", moment.year, *clock) + sign + bytes(zone)
