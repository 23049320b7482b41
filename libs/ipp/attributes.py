"""Attributes by name, in order, with typed access to their values; a collection is a value made of attributes."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Self, TypeAlias, TypeVar, Union, cast

from libs.ipp.values import (
    Charset,
    IntegerRange,
    Keyword,
    MimeMediaType,
    Name,
    NaturalLanguage,
    Opaque,
    OutOfBand,
    Resolution,
    Text,
    Uri,
    UriScheme,
)

Value: TypeAlias = Union[
    bool,
    int,
    bytes,
    datetime,
    Text,
    Name,
    Keyword,
    Uri,
    UriScheme,
    Charset,
    NaturalLanguage,
    MimeMediaType,
    Resolution,
    IntegerRange,
    "Collection",
    OutOfBand,
    Opaque,
]
"""Whatever an attribute may hold."""

_Kind = TypeVar("_Kind")


class Attributes(Mapping[str, tuple[Value, ...]]):
    """An unchangeable mapping from attribute names to their values, at least one each.

    `attributes[name]` gives everything as it came. The methods are for reading what another program wrote: they pass over
    out-of-band values (`no-value`, `unknown`) and over values of another syntax than the one asked for, so that what a
    printer got wrong looks like what it did not say.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Value | Sequence[Value]] | None = None) -> None:
        self._values = {name: _several(value) for name, value in (values or {}).items()}

    @classmethod
    def of(cls, values: dict[str, tuple[Value, ...]]) -> Self:
        """Attributes over a dictionary that the caller gives away, without a copy."""
        made = cls.__new__(cls)
        made._values = values  # noqa: SLF001 - one's own class
        return made

    def __getitem__(self, name: str) -> tuple[Value, ...]:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._values!r})"

    def __or__(self, other: Mapping[str, Value | Sequence[Value]]) -> "Attributes":
        """These attributes and the other ones; the other ones win."""
        return Attributes({**self._values, **other})

    def all(self, name: str) -> tuple[Value, ...]:
        """Every value of an attribute but the out-of-band ones; empty when there is none."""
        return tuple(value for value in self._values.get(name, ()) if not isinstance(value, OutOfBand))

    def first(self, name: str) -> Value | None:
        """The first value of an attribute that is not out-of-band, or None."""
        return next(iter(self.all(name)), None)

    def each(self, name: str, kind: type[_Kind]) -> tuple[_Kind, ...]:
        """The values of an attribute that are of one Python type; `int` leaves booleans out."""
        return tuple(
            value
            for value in self._values.get(name, ())
            if isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        )

    def one(self, name: str, kind: type[_Kind]) -> _Kind | None:
        """The first value of an attribute that is of one Python type, or None."""
        return next(iter(self.each(name, kind)), None)

    def string(self, name: str) -> str | None:
        """The first string of an attribute, of whichever string syntax, or None."""
        return self.one(name, str)

    def strings(self, name: str) -> tuple[str, ...]:
        """All strings of an attribute, of whichever string syntax."""
        return self.each(name, str)

    def integer(self, name: str) -> int | None:
        """The first integer or enum of an attribute, or None."""
        return self.one(name, int)

    def integers(self, name: str) -> tuple[int, ...]:
        """All integers and enums of an attribute."""
        return self.each(name, int)

    def boolean(self, name: str) -> bool | None:
        """The first boolean of an attribute, or None."""
        return self.one(name, bool)

    def range(self, name: str) -> IntegerRange | None:
        """The first rangeOfInteger of an attribute, an integer as a range of one, or None."""
        for value in self.all(name):
            if isinstance(value, IntegerRange):
                return value
            if isinstance(value, int) and not isinstance(value, bool):
                return IntegerRange(value, value)
        return None

    def resolutions(self, name: str) -> tuple[Resolution, ...]:
        """All resolutions of an attribute."""
        return self.each(name, Resolution)

    def moment(self, name: str) -> datetime | None:
        """The first dateTime of an attribute, with its offset from UTC, or None."""
        return self.one(name, datetime)

    def collection(self, name: str) -> "Collection | None":
        """The first collection of an attribute, or None."""
        return self.one(name, Collection)

    def collections(self, name: str) -> "tuple[Collection, ...]":
        """All collections of an attribute."""
        return self.each(name, Collection)


class Collection(Attributes):
    """`collection`: a value made of member attributes (RFC 8010 section 3.1.6)."""

    __slots__ = ()


def _several(value: Value | Sequence[Value]) -> tuple[Value, ...]:
    """A list or tuple is several values; everything else, strings and octets too, is one."""
    return tuple(value) if isinstance(value, list | tuple) else (cast("Value", value),)
