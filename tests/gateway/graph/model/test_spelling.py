"""Members of bodies in any case."""

import pytest

from services.gateway.graph.model.spelling import spelled


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ({}, {}),
        ({"configuration": {"Copies": 2}, "Mine": 1}, {"configuration": {"copies": 2}, "Mine": 1}),
        ({"status": {"State": "completed", "description": None}}, {"status": {"state": "completed", "description": None}}),
        ({"PageRanges": [{"Start": 1, "END": 2}, 7]}, {"pageRanges": [{"start": 1, "end": 2}, 7]}),
        ({"createdBy": {"DisplayName": "a", "displayName": "b"}}, {"createdBy": {"displayName": "b"}}),
        ({"Configuration": {"copies": 2}}, {"configuration": {"copies": 2}}),
        ({"DISPLAYNAME": "a", "Printer@OData.Bind": "b"}, {"displayName": "a", "printer@odata.bind": "b"}),
        ({"displayName": "right", "DisplayName": "wrong"}, {"displayName": "right"}),
        ({"TimeLimitInSeconds": 5, "DestinationPrinterId": "p"}, {"timeLimitInSeconds": 5, "destinationPrinterId": "p"}),
    ],
)
def test_a_member_is_what_it_is_in_any_case(body, meant):
    assert spelled(body) == meant


def test_what_is_nested_deeper_than_anything_here_is_let_be():
    body = {"Status": 1}
    for _ in range(2000):
        body = {"a": [body]}
    told = spelled(body)
    for _ in range(2000):
        (told,) = told["a"]
    assert told == {"Status": 1}
