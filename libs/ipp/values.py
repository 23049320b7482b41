"""The values of attributes: one Python type for each syntax of RFC 8011 section 5.1.

Booleans, integers, octet strings and dateTimes are Python's own `bool`, `int`, `bytes` and `datetime`. Strings and enums
are subclasses of `str` and `int`, so that they compare with plain ones and still know how they are written.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Self

from libs.ipp.tags import ValueTag


class OutOfBand(Enum):
    """What stands in place of a value (RFC 8010 section 3.8, RFC 3380 section 8)."""

    UNSUPPORTED = ValueTag.UNSUPPORTED
    DEFAULT = ValueTag.DEFAULT
    UNKNOWN = ValueTag.UNKNOWN
    NO_VALUE = ValueTag.NO_VALUE
    NOT_SETTABLE = ValueTag.NOT_SETTABLE
    DELETE_ATTRIBUTE = ValueTag.DELETE_ATTRIBUTE
    ADMIN_DEFINE = ValueTag.ADMIN_DEFINE


class EnumValue(int):
    """An `enum`: a number with a registered meaning. An `IntEnum` is written as one too."""

    __slots__ = ()


class Text(str):
    """`textWithoutLanguage`: a sentence for people, up to 1023 octets."""

    __slots__ = ()


class Name(str):
    """`nameWithoutLanguage`: what a person called something, up to 255 octets."""

    __slots__ = ()


class TextWithLanguage(Text):
    """`textWithLanguage`: a sentence in a language of its own."""

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str) -> Self:
        value = super().__new__(cls, text)
        value.language = language
        return value


class NameWithLanguage(Name):
    """`nameWithLanguage`: a name in a language of its own."""

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str) -> Self:
        value = super().__new__(cls, text)
        value.language = language
        return value


class Keyword(str):
    """`keyword`: a word that the standards define."""

    __slots__ = ()


class Uri(str):
    """`uri`: an absolute address."""

    __slots__ = ()


class UriScheme(str):
    """`uriScheme`: what stands before the colon of an address."""

    __slots__ = ()


class Charset(str):
    """`charset`: the name of a character set, as `utf-8`."""

    __slots__ = ()


class NaturalLanguage(str):
    """`naturalLanguage`: a language tag, as `en`."""

    __slots__ = ()


class MimeMediaType(str):
    """`mimeMediaType`: the type of a document, as `application/pdf`."""

    __slots__ = ()


class ResolutionUnits(IntEnum):
    """What a resolution counts per (RFC 8011 section 5.1.16)."""

    DOTS_PER_INCH = 3
    DOTS_PER_CENTIMETER = 4


@dataclass(frozen=True, slots=True)
class Resolution:
    """`resolution`: dots across the feed and along it, per unit of length."""

    cross_feed: int
    feed: int
    units: int = ResolutionUnits.DOTS_PER_INCH


@dataclass(frozen=True, slots=True)
class IntegerRange:
    """`rangeOfInteger`: all integers from `lower` to `upper`, both included."""

    lower: int
    upper: int

    def __contains__(self, number: int) -> bool:
        return self.lower <= number <= self.upper


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value whose syntax is not known here, or a dateTime that no calendar has; kept as it came."""

    tag: int
    data: bytes


STRING_TAGS: dict[type[str], ValueTag] = {
    Text: ValueTag.TEXT_WITHOUT_LANGUAGE,
    Name: ValueTag.NAME_WITHOUT_LANGUAGE,
    Keyword: ValueTag.KEYWORD,
    Uri: ValueTag.URI,
    UriScheme: ValueTag.URI_SCHEME,
    Charset: ValueTag.CHARSET,
    NaturalLanguage: ValueTag.NATURAL_LANGUAGE,
    MimeMediaType: ValueTag.MIME_MEDIA_TYPE,
}
"""How each kind of string is written; those with a language of their own are not in it."""
