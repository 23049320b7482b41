"""How texts go to a worker and come back; a worker that was broken into may write anything."""

import pytest

from services.converter import bundle
from services.converter.domain import A4, Edges, Finishing, Layout, Outcome

LAYOUT = Layout(A4.width, A4.height, Edges(), forced=False, margins_forced=False)


def test_texts_arrive_as_they_are():
    texts = [bundle.Short(b"one", LAYOUT, Finishing(copies=2)), bundle.Short(b"\xff\n", LAYOUT, Finishing())]
    assert bundle.unpacked(bundle.packed(texts)) == texts


def test_documents_come_back_each_with_what_was_said_of_it():
    failure = {"failure": "empty", "message": "It is empty."}
    found = bundle.read(bundle.written([Outcome(b"a\nb", 1, 2, 3, ["why"]), failure, Outcome(b"", 0, 0, 0)]), 3)
    assert [each.data for each in found] == [b"a\nb", b"", b""]
    assert (found[0].pages, found[0].width, found[0].height, found[0].warnings) == (1, 2, 3, ("why",))
    assert (found[1].failure, found[1].message) == ("empty", "It is empty.")


@pytest.mark.parametrize(
    "lie",
    [
        b"",
        b"no json\n",
        b"7\n",
        b'{"a": 1}\n',
        b"[1]\n",
        b"[{}]\n",
        b'[{"size": 5, "pages": 1, "width": 1, "height": 1, "warnings": []}]\nabc',
        b'[{"size": 2, "pages": 1, "width": 1, "height": 1, "warnings": []}]\nabc',
        b'[{"size": -1, "pages": 1, "width": 1, "height": 1, "warnings": []}]\n',
        b'[{"size": null, "pages": 1, "width": 1, "height": 1, "warnings": 3}]\n',
        bundle.written([Outcome(b"a", 1, 1, 1)] * 2),
    ],
)
def test_anything_else_is_refused(lie):
    with pytest.raises(ValueError):
        bundle.read(lie, 1)
