"""What requests bring."""

import pytest

from services.gateway.graph.http.bodies import object_of
from services.gateway.graph.problem import Problem

JSON = ("application/json",)


@pytest.mark.parametrize("raw", [b"", b"  ", b"null", b"{}"], ids=repr)
def test_no_body_and_the_null_of_the_javascript_client_are_an_empty_object(raw):
    assert object_of(raw, "application/json", JSON) == {}


@pytest.mark.parametrize("raw", [b"[]", b'"text"', b"1", b"{", b"{'a': 1}", b'{"a": NaN}'], ids=repr)
def test_what_is_no_object_is_refused_with_a_sentence(raw):
    with pytest.raises(Problem) as refused:
        object_of(raw, "application/json", JSON)
    assert refused.value.status == 400


def test_another_media_type_is_refused_with_what_to_send():
    with pytest.raises(Problem) as refused:
        object_of(b"<a/>", "text/xml", JSON)
    assert (refused.value.status, "application/json" in refused.value.message) == (415, True)
