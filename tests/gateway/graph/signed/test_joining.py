"""Pieces of a document, however they overlap, are the document."""

from hypothesis import given
from hypothesis import strategies as st

from libs.runtime.documents import Documents
from services.gateway.graph.signed.joining import Part, cover, joined
from services.spooler.ranges import missing

SIZE = 40
spans = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(spans, max_size=10))
def test_a_cover_takes_every_byte_once_and_in_order(found):
    pieces = [(first, last, str(number)) for number, (first, last) in enumerate([*found, *missing(found, SIZE)])]
    begins = {name: first for first, _, name in pieces}
    taken = [begins[part.name] + part.skip + at for part in cover(pieces) for at in range(part.count)]
    assert taken == list(range(SIZE))


async def test_what_is_joined_is_read_from_where_it_is(tmp_path):
    documents = Documents("", tmp_path)
    await documents.put("main/task/a", b"0123456789")
    await documents.put("main/task/b", b"56789abcdef")
    parts = cover([(5, 15, "main/task/b"), (0, 9, "main/task/a")])
    assert parts == (Part("main/task/a", 0, 10), Part("main/task/b", 5, 6))
    assert b"".join([piece async for piece in joined(documents, parts)]) == b"0123456789abcdef"
