"""Which properties are told, and in which order entities come."""

from services.gateway.graph.odata.query import query_of
from services.gateway.graph.odata.shaping import ordered, shaped

ENTITY = {"id": "1", "@odata.type": "#x", "displayName": "A", "status": {"state": "idle"}, "shares": [{"id": "9", "name": "n"}]}


def test_the_id_annotations_and_what_was_expanded_are_always_told():
    assert list(shaped(ENTITY, query_of("$select=STATUS/state"))) == ["id", "@odata.type", "status"]
    assert shaped(ENTITY, query_of("$select=displayName&$expand=Shares($select=id)"))["shares"] == [{"id": "9"}]
    assert shaped(ENTITY, query_of("")) == ENTITY
    nested = {"id": "1", "printer": {"id": "2", "shares": [{"id": str(at)} for at in range(5)]}}
    told = shaped(nested, query_of("$expand=printer($expand=shares($skip=1;$top=2;$filter=id ne '2'))"))
    assert [each["id"] for each in told["printer"]["shares"]] == ["1", "3"]


def test_order_goes_by_each_property_and_keeps_equals_as_they_were():
    rows = [{"n": at, "a": {"b": name}} for at, name in enumerate(("b", None, "A", "B", 3, True, 2.5))]
    assert [each["n"] for each in ordered(rows, (("a/b", False),))] == [1, 5, 6, 4, 2, 0, 3]
    assert [each["n"] for each in ordered(rows, (("a/b", True), ("n", True)))] == [3, 0, 2, 4, 6, 5, 1]
