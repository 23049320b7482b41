"""A property that there is not, in a filter or an order."""

import pytest

from services.gateway.graph.model.asking import check
from services.gateway.graph.odata.query import query_of
from services.gateway.graph.problem import Problem

JOBS = "print/printers/{printer}/jobs"
ARCHIVED = "reports/getUserArchivedPrintJobs(userId={userId},startDateTime={startDateTime},endDateTime={endDateTime})"


@pytest.mark.parametrize(
    ("route", "query"),
    [
        (JOBS, "$filter=createdBy/userPrincipalName eq 'a' and not (STATUS/state eq 'completed' or isFetchable eq true)"),
        (JOBS, "$filter=startswith(displayName,'a')&$orderby=createdDateTime desc,configuration/copies"),
        ("print/printers", "$filter=id in ('a','b') and location/floor eq null&$orderby=displayName"),
        ("print/taskDefinitions/{definition}/tasks", "$filter=definition/displayName eq 'a'&$expand=definition"),
        ("print/shares/{share}/allowedUsers", "$filter=mail eq 'a'"),
        ("reports/dailyPrintUsageByUser", "$filter=usageDate ge 2026-01-01"),
        (ARCHIVED, "$filter=processingState eq 'completed' and copiesPrinted gt 1 and createdBy/id ne null"),
        ("subscriptions", "$filter=changeType eq 'created'"),
        ("subscriptions/{subscription}/deliveries", "$filter=state eq 'failed'"),
        ("print/printers", "$filter=capabilities/isColorPrintingSupported eq true and defaults/copiesPerJob lt 2.5"),
        ("print/printers", "$filter=isShared and not isAcceptingJobs eq false and location/floor ne null"),
        ("print/printers", "$filter=status/state in ('Idle','unknownFutureValue') and tolower(displayName) eq 'a'"),
        (
            JOBS,
            "$filter=createdDateTime gt '2026-01-01' and 2026-01-01T00:00:00Z le createdDateTime and isFetchable eq isFetchable",
        ),
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


@pytest.mark.parametrize(
    ("route", "query", "says"),
    [
        (JOBS, "$filter=isFetchable eq 'true'", "isFetchable can never be that; write true or false"),
        (JOBS, "$filter=id eq 4711", "id can never be that; write a text in single quotes"),
        (JOBS, "$filter=5 lt id", "id can never be that"),
        (JOBS, "$filter=id in ('a',2)", "id can never be that"),
        (JOBS, "$filter=createdDateTime gt 'yesterday'", "a day or time such as"),
        (JOBS, "$filter=configuration/copies gt '1'", "configuration/copies can never be that; write a number"),
        (JOBS, "$filter=status/state eq 'pausd'", "write one of unknown, pending, processing, paused"),
        (JOBS, "$filter=not (status eq 'paused')", "status is no single value"),
        (JOBS, "$filter=status/details eq 'releaseWait'", "status/details is no single value"),
        (JOBS, "$filter=displayName", "displayName alone is neither true nor false"),
        (JOBS, "$filter=startswith(isFetchable,'t')", "startswith looks at texts, and isFetchable is none"),
        (JOBS, "$filter=contains(displayName,5) eq true", "contains looks at texts"),
        (JOBS, "$filter=tolower(displayName) eq 5", "tolower gives a text"),
        (JOBS, "$filter=documents/size gt 0", "cannot look into documents here; it leads to several"),
        (JOBS, "$filter=displayName/first eq 'a'", "displayName/first looks into displayName, and it has nothing inside"),
        (JOBS, "$filter=status/state/name eq 'paused'", "looks into state, and it has nothing inside"),
        (JOBS, "$filter=configuration/pageRanges/start eq 1", "looks into pageRanges, and there are several of it"),
        ("print/shares", "$filter=printer/displayName eq 'a'", "write $expand=printer as well"),
        ("reports/dailyPrintUsageByUser", "$filter=usageDate ge 5", "a day or time such as"),
        (ARCHIVED, "$filter=processingState eq 'printed'", "write one of unknown, pending"),
        (ARCHIVED, "$filter=copies gt 1", "there is no copies; archivedPrintJob has id"),
    ],
)
def test_what_could_match_nothing_ever_is_told(route, query, says):
    with pytest.raises(Problem) as no:
        check(query_of(query), route)
    assert (no.value.status, no.value.target) == (400, "$filter")
    assert says in no.value.message


@pytest.mark.parametrize("order", ["status", "status/details", "shares"])
def test_what_has_no_order_is_not_sorted_by(order):
    with pytest.raises(Problem) as no:
        check(query_of(f"$orderby={order}"), "print/printers")
    assert no.value.target == "$orderby"
