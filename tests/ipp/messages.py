"""Messages of all kinds for property tests, and a comparison that also looks at the kinds of values."""

from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st

from libs.ipp.attributes import Attributes, Collection
from libs.ipp.message import Group, Request, Response
from libs.ipp.tags import ValueTag
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

INTEGERS = st.integers(-(2**31), 2**31 - 1)
WORDS = st.text(max_size=40)
NAMES = st.text(min_size=1, max_size=20)
UNKNOWN_TAGS = st.sampled_from([tag for tag in range(0x10, 0x80) if tag not in set(ValueTag)])


@st.composite
def moments(draw):
    """dateTimes as RFC 2579 can hold them: tenths of a second, offsets in whole minutes."""
    zone = timezone(timedelta(minutes=draw(st.integers(-14 * 60, 14 * 60))))
    moment = draw(st.datetimes())
    return moment.replace(microsecond=moment.microsecond // 100_000 * 100_000, tzinfo=zone)


SIMPLE = st.one_of(
    st.sampled_from(OutOfBand),
    st.booleans(),
    INTEGERS,
    INTEGERS.map(EnumValue),
    st.binary(max_size=40),
    moments(),
    st.builds(Resolution, INTEGERS, INTEGERS, st.integers(-128, 127)),
    st.builds(IntegerRange, INTEGERS, INTEGERS),
    st.builds(TextWithLanguage, WORDS, WORDS),
    st.builds(NameWithLanguage, WORDS, WORDS),
    *[WORDS.map(kind) for kind in STRING_TAGS],
    st.builds(Opaque, UNKNOWN_TAGS, st.binary(max_size=20)),
)
VALUES = st.recursive(
    SIMPLE,
    lambda values: st.dictionaries(NAMES, st.lists(values, min_size=1, max_size=3), max_size=4).map(Collection),
    max_leaves=12,
)
ATTRIBUTES = st.dictionaries(NAMES, st.lists(VALUES, min_size=1, max_size=3), max_size=6).map(Attributes)
GROUPS = st.lists(st.builds(Group, st.sampled_from([*range(1, 3), *range(4, 16)]), ATTRIBUTES), max_size=4).map(tuple)
VERSIONS = st.tuples(st.integers(0, 127), st.integers(0, 127))
REQUESTS = st.builds(Request, st.integers(0, 0xFFFF), INTEGERS, GROUPS, VERSIONS)
RESPONSES = st.builds(Response, st.integers(0, 0xFFFF), INTEGERS, GROUPS, VERSIONS, st.binary(max_size=30))


def exact(value):
    """A value with its type, all the way down: Keyword("a") and Name("a") are equal, but not the same."""
    if isinstance(value, Attributes):
        return type(value), [(name, [exact(one) for one in values]) for name, values in value.items()]
    if isinstance(value, Group):
        return value.tag, exact(value.attributes)
    if isinstance(value, Request | Response):
        code = value.operation if isinstance(value, Request) else (value.status, value.data)
        return code, value.request_id, value.version, [exact(group) for group in value.groups]
    if isinstance(value, datetime):
        return value, value.utcoffset()
    return type(value), value, getattr(value, "language", None)
