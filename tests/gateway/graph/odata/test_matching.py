"""What a filter says of an entity."""

import pytest

from services.gateway.graph.odata.filtering import parse
from services.gateway.graph.odata.matching import conjuncts, holds

JOB = {
    "id": "1",
    "displayName": "Report",
    "createdBy": {"userPrincipalName": "Alice@main.example", "ipAddress": None},
    "isFetchable": True,
    "createdDateTime": "2026-01-01T10:00:00.500Z",
    "usageDate": "2026-01-31",
    "size": 10,
    "zoom": 1.5,
    "status": {"state": "paused"},
}


@pytest.mark.parametrize(
    "text",
    [
        "createdBy/userPrincipalName eq 'alice@MAIN.example'",
        "createdby/userprincipalname eq 'alice@main.example'",
        "isFetchable",
        "isFetchable eq true and not (size eq 11)",
        "size ge 10 and size le 10.0 and size lt 10.5 and zoom gt 1",
        "createdDateTime ge 2026-01-01 and createdDateTime lt 2026-01-02T00:00:00+02:00",
        "createdDateTime eq 2026-01-01T11:00:00.5+01:00",
        "usageDate ge 2026-01-31 and usageDate le 2026-01-31",
        "status/state in ('paused','stopped')",
        "createdBy/ipAddress eq null and missing eq null and missing/deeper eq null",
        "displayName ne null",
        "displayName ne 7",
        "startswith(displayName,'rep') and endswith(displayName,'ORT') and contains(displayName,'PO')",
        "tolower(displayName) eq 'report' and toupper(displayName) eq 'report'",
        "startswith(missing,'x') eq null",
        "displayName gt 'Raport'",
        "size eq 11 or id eq '1'",
    ],
)
def test_what_holds(text):
    assert holds(parse(text), JOB)


@pytest.mark.parametrize(
    "text",
    [
        "size eq '10'",
        "isFetchable eq 1",
        "size eq true",
        "missing gt 1",
        "missing lt 1",
        "isFetchable ge true",
        "displayName eq null",
        "createdDateTime gt 2026-01-01T10:00:00.5Z",
        "displayName lt 2026-01-01",
        "status eq 'paused'",
        "displayName",
        "size in (1,2)",
        "startswith(size,'1')",
    ],
)
def test_what_does_not(text):
    assert not holds(parse(text), JOB)


def test_an_expression_comes_apart_where_all_must_hold():
    assert conjuncts(None) == ()
    assert [len(conjuncts(parse(text))) for text in ("a", "a and b and (c and d)", "a or b", "a and (b or c)")] == [1, 4, 1, 2]
