"""From octets to messages, written for octets that mean harm (RFC 8010 section 3)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from libs.ipp.attributes import Attributes, Collection, Value
from libs.ipp.errors import IppDecodeError
from libs.ipp.message import Group, Request, Response, Version
from libs.ipp.tags import LAST_DELIMITER, GroupTag, ValueTag
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
_LENGTH = struct.Struct(">h")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a message may hold: values in all, and collections within collections."""

    values: int = 200_000
    depth: int = 16


def decode_request(data: bytes, limits: Limits | None = None) -> tuple[Request, int]:
    """A request, and the offset at which its document begins. Raises IppDecodeError."""
    version, code, request_id, groups, end = _decode(data, limits or Limits())
    return Request(code, request_id, groups, version), end


def decode_response(data: bytes, limits: Limits | None = None) -> Response:
    """A response with the data that follow it. Raises IppDecodeError."""
    version, code, request_id, groups, end = _decode(data, limits or Limits())
    return Response(code, request_id, groups, version, data[end:])


def _decode(data: bytes, limits: Limits) -> tuple[Version, int, int, tuple[Group, ...], int]:
    if len(data) < _HEADER.size:
        raise IppDecodeError(f"the message has {len(data)} octets; its header alone has {_HEADER.size}")
    major, minor, code, request_id = _HEADER.unpack_from(data)
    reader = _Reader(data, _HEADER.size, limits)
    return (major, minor), code, request_id, reader.groups(), reader.at


class _Reader:
    """A position in the octets of one message, and how much of its limits is used up."""

    __slots__ = ("at", "data", "left", "limits")

    def __init__(self, data: bytes, at: int, limits: Limits) -> None:
        self.data = data
        self.at = at
        self.limits = limits
        self.left = limits.values

    def groups(self) -> tuple[Group, ...]:
        groups: list[Group] = []
        while (tag := self._tag()) != GroupTag.END:
            if tag == 0 or tag > LAST_DELIMITER:
                raise self._error(f"tag 0x{tag:02x} stands where a group begins")
            groups.append(Group(tag, self._attributes()))
            self._spend()
        return tuple(groups)

    def _attributes(self) -> Attributes:
        """The attributes up to the next delimiter. Of two with one name the first counts (RFC 8011 section 4.1.3)."""
        found: dict[str, tuple[Value, ...]] = {}
        values: list[Value] = []
        name: str | None = None
        while self._peek() > LAST_DELIMITER:
            tag = self._tag()
            said = self._octets()
            if said:
                _keep(found, name, values)
                name, values = said.decode("utf-8", "replace"), []
            elif name is None:
                raise self._error("a further value stands before any attribute")
            values.append(self._value(tag, 0))
        _keep(found, name, values)
        return Attributes.of(found)

    def _collection(self, depth: int) -> Collection:
        if depth > self.limits.depth:
            raise self._error(f"collections are nested deeper than {self.limits.depth}")
        found: dict[str, tuple[Value, ...]] = {}
        values: list[Value] = []
        name: str | None = None
        while (tag := self._tag()) != ValueTag.END_COLLECTION:
            if tag <= LAST_DELIMITER:
                raise self._error("a group begins within a collection")
            if self._octets():
                raise self._error("an attribute begins within a collection")
            if tag == ValueTag.MEMBER_ATTR_NAME:
                _keep(found, name, values)
                name, values = self._octets().decode("utf-8", "replace"), []
                self._spend()
            elif name is None:
                raise self._error("a member's value stands before its name")
            else:
                values.append(self._value(tag, depth))
        _keep(found, name, values)
        self._octets()  # the end has an empty name and an empty value
        self._octets()
        return Collection.of(found)

    def _value(self, tag: int, depth: int) -> Value:
        self._spend()
        data = self._octets()
        if tag == ValueTag.BEG_COLLECTION:
            return self._collection(depth + 1)
        if tag in (ValueTag.END_COLLECTION, ValueTag.MEMBER_ATTR_NAME):
            raise self._error(f"tag 0x{tag:02x} stands outside a collection")
        decode = _DECODERS.get(tag)
        if decode is None:
            return Opaque(tag, data)
        try:
            return decode(data)
        except struct.error as error:
            raise self._error(f"{len(data)} octets are no value of syntax 0x{tag:02x}") from error

    def _spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise self._error(f"the message holds more than {self.limits.values} values")

    def _peek(self) -> int:
        if self.at >= len(self.data):
            raise self._error("the message stops before its end-of-attributes tag")
        return self.data[self.at]

    def _tag(self) -> int:
        tag = self._peek()
        self.at += 1
        return tag

    def _octets(self) -> bytes:
        """A length in two octets, signed, and that many octets."""
        begin = self.at + 2
        if begin > len(self.data):
            raise self._error("the message stops within a length")
        (length,) = _LENGTH.unpack_from(self.data, self.at)
        if length < 0:
            raise self._error(f"a length is negative: {length}")
        if begin + length > len(self.data):
            raise self._error(f"a length of {length} reaches beyond the message")
        self.at = begin + length
        return self.data[begin : self.at]

    def _error(self, what: str) -> IppDecodeError:
        return IppDecodeError(f"{what} (octet {self.at} of {len(self.data)})")


def _keep(found: dict[str, tuple[Value, ...]], name: str | None, values: list[Value]) -> None:
    if name is not None and values:
        found.setdefault(name, tuple(values))


def _boolean(data: bytes) -> bool:
    return bool(struct.unpack(">?", data)[0])


def _integer(data: bytes) -> int:
    return int(struct.unpack(">i", data)[0])


def _enum(data: bytes) -> EnumValue:
    return EnumValue(*struct.unpack(">i", data))


def _resolution(data: bytes) -> Resolution:
    return Resolution(*struct.unpack(">iib", data))


def _range(data: bytes) -> IntegerRange:
    return IntegerRange(*struct.unpack(">ii", data))


def _date_time(data: bytes) -> datetime | Opaque:
    """RFC 2579's DateAndTime; one that no calendar has (printers send zeros) is kept as it came."""
    year, month, day, hour, minute, second, tenth, sign, hours, minutes = struct.unpack(">H6Bc2B", data)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if sign == b"-" else 1)
    try:
        return datetime(year, month, day, hour, minute, second, tenth * 100_000, timezone(offset))
    except ValueError:
        return Opaque(ValueTag.DATE_TIME, data)


def _language_and_text(data: bytes) -> tuple[str, str]:
    (tongue,) = _LENGTH.unpack_from(data)
    (length,) = _LENGTH.unpack_from(data, 2 + max(tongue, 0))
    if tongue < 0 or length != len(data) - 4 - tongue:
        raise struct.error("the lengths within do not fit")
    return data[2 : 2 + tongue].decode("utf-8", "replace"), data[4 + tongue :].decode("utf-8", "replace")


def _text_with_language(data: bytes) -> TextWithLanguage:
    language, text = _language_and_text(data)
    return TextWithLanguage(text, language)


def _name_with_language(data: bytes) -> NameWithLanguage:
    language, text = _language_and_text(data)
    return NameWithLanguage(text, language)


def _string(kind: type[str]) -> Callable[[bytes], Value]:
    return lambda data: kind(data.decode("utf-8", "replace"))  # type: ignore[return-value]


def _out_of_band(value: OutOfBand) -> Callable[[bytes], Value]:
    return lambda _: value  # whatever octets came with it mean nothing (RFC 8010 section 3.8)


_DECODERS: dict[int, Callable[[bytes], Value]] = {
    ValueTag.INTEGER: _integer,
    ValueTag.BOOLEAN: _boolean,
    ValueTag.ENUM: _enum,
    ValueTag.OCTET_STRING: bytes,
    ValueTag.DATE_TIME: _date_time,
    ValueTag.RESOLUTION: _resolution,
    ValueTag.RANGE_OF_INTEGER: _range,
    ValueTag.TEXT_WITH_LANGUAGE: _text_with_language,
    ValueTag.NAME_WITH_LANGUAGE: _name_with_language,
    **{tag: _string(kind) for kind, tag in STRING_TAGS.items()},
    **{value.value: _out_of_band(value) for value in OutOfBand},
}
