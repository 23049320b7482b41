"""Byte ranges: whatever comes in whatever order, what is missing is exactly what did not come."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.spooler.ranges import brings, merged, missing

SIZE = 60
spans = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).map(lambda pair: (min(pair), max(pair)))
many = st.lists(spans, max_size=12)


def bytes_of(found):
    return {position for first, last in found for position in range(first, last + 1)}


@given(many)
def test_merged_spans_are_the_same_bytes_in_order_with_gaps_between(found):
    whole = merged(found)
    assert bytes_of(whole) == bytes_of(found)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(whole))
    assert merged(reversed(found)) == whole


@given(many)
def test_what_is_missing_and_what_came_are_everything_and_share_nothing(found):
    gaps = missing(found, SIZE)
    assert bytes_of(gaps) == set(range(SIZE)) - bytes_of(found)
    assert merged(gaps) == gaps
    assert all(first <= last for first, last in gaps)


@given(spans, many)
def test_a_span_brings_something_exactly_when_one_of_its_bytes_is_new(new, found):
    assert brings(new, found) is bool(bytes_of([new]) - bytes_of(found))


def test_at_the_beginning_everything_is_missing_and_at_the_end_nothing():
    assert missing((), 250) == ((0, 249),)
    assert missing([(0, 99), (100, 200), (201, 249)], 250) == ()  # chunks of 100 as the Python SDK cuts them
    assert missing([(100, 200)], 250) == ((0, 99), (201, 249))
