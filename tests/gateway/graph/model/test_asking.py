"""A property that there is not, in a filter or an order."""

import pytest

from services.gateway.graph.model.asking import check
from services.gateway.graph.odata.query import query_of
from services.gateway.graph.problem import Problem

JOBS = "print/printers/{printer}/jobs"


@pytest.mark.parametrize(
    ("route", "query"),
    [
        (JOBS, "$filter=createdBy/userPrincipalName eq 'a' and not (STATUS/state eq 'completed' or isFetchable eq true)"),
        (JOBS, "$filter=startswith(displayName,'a')&$orderby=createdDateTime desc,configuration/copies"),
        ("print/printers", "$filter=id in ('a','b') and location/floor eq null&$orderby=displayName"),
        ("print/taskDefinitions/{definition}/tasks", "$filter=definition/displayName eq 'a'"),
        ("print/shares/{share}/allowedUsers", "$filter=mail eq 'a'"),
        ("reports/dailyPrintUsageByUser", "$filter=usageDate ge 2026-01-01"),
        ("subscriptions", "$filter=changeType eq 'created'"),
        ("subscriptions/{subscription}/deliveries", "$filter=state eq 'failed'"),
    ],
)
def test_what_is_there_may_be_asked_for(route, query):
    check(query_of(query), route)


@pytest.mark.parametrize(
    ("route", "query", "option"),
    [
        (JOBS, "$filter=createdBy/upn eq 'a'", "$filter"),
        (JOBS, "$filter=isFetchable eq true and contains(tolower(documentName),'a')", "$filter"),
        ("print/printers", "$orderby=displayname,nmae desc", "$orderby"),
        ("subscriptions", "$filter=application in ('a')", "$filter"),
    ],
)
def test_what_is_not_there_is_told_with_what_there_is(route, query, option):
    with pytest.raises(Problem) as no:
        check(query_of(query), route)
    assert (no.value.status, no.value.target) == (400, option)
    assert " has " in no.value.message
