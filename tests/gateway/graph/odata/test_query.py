"""The options of a request's query."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.graph.odata.query import Query, expand_of, query_of
from services.gateway.graph.problem import Problem


def test_options_are_read_with_and_without_their_sign_in_any_case():
    query = query_of("%24Top=5&skip=2&$COUNT=true&$select=id,%20displayName&$orderBy=a/b%20desc,c&$skiptoken=x&@id=https%3A%2F%2Fx")
    assert query == Query(
        select=("id", "displayName"), orderby=(("a/b", True), ("c", False)), top=5, skip=2, count=True, skiptoken="x",
        named={"@id": "https://x"},
    )  # fmt: skip
    assert query_of("") == Query()
    assert query_of("$select=*").select == ()
    assert [query_of(text).page for text in ("", "$top=0", "$top=5000")] == [100, 0, 999]
    assert query_of("$select=Capabilities").selects("capabilities")


def test_what_is_expanded_has_options_of_its_own():
    expand = expand_of(
        "documents($select=id,size;$top=2),tasks($filter=contains(a,',)');$expand=definition,trigger($select=id)),a/b"
    )
    assert list(expand) == ["documents", "tasks", "a"]
    assert expand["documents"] == Query(select=("id", "size"), top=2)
    assert expand["tasks"].filter is not None
    assert list(expand["tasks"].expand) == ["definition", "trigger"]
    assert expand["a"] == Query(expand={"b": Query()})


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("$expand=a($expand=b($expand=c($expand=d($expand=e($expand=f)))))", "$expand"),
        ("$expand=,", "$expand"),
        ("$expand=a(nothing)", "$expand"),
        ("$expand=a($filter=x eq)", "$filter"),
        ("$top=١", "$top"),
        ("$top=9999999999", "$top"),
        ("$orderby=,", "$orderby"),
        ("$filter=a%00", "$filter"),
        ("top=1&$top=1", "$top"),
    ],
)
def test_an_option_that_cannot_be_is_named(text, option):
    with pytest.raises(Problem) as caught:
        query_of(text)
    assert (caught.value.status, caught.value.target) == (400, option)


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(("$select", "$expand", "$filter", "$orderby", "$top", "$count", "x")))
def test_whatever_is_sent_is_read_or_refused(text, name):
    for query in (text, f"{name}={text}"):
        try:
            query_of(query)
        except Problem as problem:
            refused = problem
        else:
            continue
        assert (refused.status, refused.message[-1:]) == (400, ".")


def test_bytes_that_are_no_text_are_refused():
    for text in ("$filter=%ff", "&".join(f"a{at}=1" for at in range(60))):
        with pytest.raises(Problem):
            query_of(text)


@pytest.mark.parametrize(
    ("option", "most", "text"),
    [
        ("$select", 100, ",".join(["a"] * 100)),
        ("$expand", 100, ",".join(f"a{at}" for at in range(100))),
        ("$orderby", 10, ",".join(["a"] * 10)),
        ("$filter", 250, " or ".join(["a eq 1"] * 125)),
        ("$filter", 250, f"id in ({','.join(['1'] * 249)})"),
    ],
)
def test_what_is_done_for_each_entity_is_bounded(option, most, text):
    query_of(f"{option}={text}")
    longer = text.replace("a", "a,a", 1) if option != "$filter" else text.replace("eq 1", "eq 1 or a eq 1").replace("(1", "(1,1")
    with pytest.raises(Problem, match=f"more than {most}"):
        query_of(f"{option}={longer}")
