"""Pages of a collection and the addresses of those that follow."""

from urllib.parse import parse_qs, urlsplit

import pytest

from services.gateway.graph.odata.paging import cut, next_link, token_of
from services.gateway.graph.odata.query import Query
from services.gateway.graph.problem import Problem


def test_a_link_is_absolute_keeps_the_options_and_goes_on_at_its_token():
    link = next_link(
        "https://p.example/v1.0/print/shares", "%24top=2&$SKIP=3&$filter=a%20eq%20%27x%26y%27&$skiptoken=old", "at:5~ü"
    )
    parts = urlsplit(link)
    assert link.startswith("https://p.example/v1.0/print/shares?$top=2&")
    options = parse_qs(parts.query)
    assert {name: value for name, value in options.items() if name != "$skiptoken"} == {"$top": ["2"], "$filter": ["a eq 'x&y'"]}
    assert token_of(options["$skiptoken"][0]) == "at:5~ü"


def test_a_whole_collection_is_cut_into_pages():
    assert cut(range(5), Query(top=2)) == (range(2), "at:2")
    assert cut(range(5), Query(top=2, skiptoken="at:4")) == (range(4, 5), "")
    assert cut(range(5), Query(top=2, skip=9)) == (range(5, 5), "")
    assert cut(range(5), Query(top=0)) == (range(0), "")


@pytest.mark.parametrize("token", ["4", "at:", "at:-1", "at:x", "at:9999999999"])
def test_a_token_of_another_list_is_refused(token):
    with pytest.raises(Problem):
        cut(range(5), Query(skiptoken=token))
    with pytest.raises(Problem):
        token_of("ä")
