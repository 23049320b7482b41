"""Pieces of a document, however they overlap, are the document."""

from hypothesis import given
from hypothesis import strategies as st

from libs.runtime.folder import Part
from services.gateway.graph.signed.joining import cover
from services.spooler.ranges import missing

SIZE = 40
spans = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(spans, max_size=10))
def test_a_cover_takes_every_byte_once_and_in_order(found):
    pieces = [(first, last, str(number)) for number, (first, last) in enumerate([*found, *missing(found, SIZE)])]
    begins = {name: first for first, _, name in pieces}
    taken = [begins[part.name] + part.skip + at for part in cover(pieces) for at in range(part.count)]
    assert taken == list(range(SIZE))


def test_a_cover_reads_pieces_from_where_it_needs_them():
    assert cover([(5, 15, "b"), (0, 9, "a")]) == (Part("a", 0, 10), Part("b", 5, 6))
