"""Members of bodies in any case."""

import pytest

from services.gateway.graph.model.spelling import spelled


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ({}, {}),
        ({"configuration": {"Copies": 2}, "Mine": 1}, {"configuration": {"Copies": 2}, "Mine": 1}),
        ({"Configuration": {"copies": 2}}, {"configuration": {"copies": 2}}),
        ({"DISPLAYNAME": "a", "Printer@OData.Bind": "b"}, {"displayName": "a", "printer@odata.bind": "b"}),
        ({"displayName": "right", "DisplayName": "wrong"}, {"displayName": "right"}),
        ({"TimeLimitInSeconds": 5, "DestinationPrinterId": "p"}, {"timeLimitInSeconds": 5, "destinationPrinterId": "p"}),
    ],
)
def test_a_member_is_what_it_is_in_any_case(body, meant):
    assert spelled(body) == meant
