"""Every row of the permission matrix in both directions, against a transcription of its own."""

import pytest

from libs.runtime.discovery import discover
from services.gateway.graph import resources
from services.gateway.graph.door import routes_of
from services.gateway.graph.principal import Principal
from services.gateway.graph.problem import Problem
from services.gateway.graph.rights.matrix import hearing, rows, rule
from services.gateway.graph.rights.permissions import APPLICATION, DELEGATED, held
from tests.gateway.graph.permissions import COMPLETE_APPLICATION, COMPLETE_DELEGATED, Row
from tests.gateway.graph.permissions import rows as transcribed

ROWS = transcribed()
COMPLETE = {"delegated": COMPLETE_DELEGATED, "application": COMPLETE_APPLICATION}
NAMES = [f"{row.method} {row.path}" for row in ROWS]


def who(kind: str, *permissions: str, administrator: bool = True) -> Principal:
    return Principal("main", "tid", "app", "id", kind == "delegated", frozenset(permissions), administrator=administrator)


def of(row: Row):
    return hearing(row.path) if row.method == "HEAR" else rule(row.method, row.path)


def refusal(row: Row, person: Principal) -> Problem | None:
    try:
        of(row).admit(person)
    except Problem as problem:
        return problem
    return None


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
@pytest.mark.parametrize("kind", ["delegated", "application"])
def test_a_row_admits_what_it_lists_and_refuses_the_rest_of_the_complete_list(row, kind):
    listed = getattr(row, kind)
    beside = [row.beside[kind]] if kind in row.beside else []
    for permission in COMPLETE[kind]:
        admitted = refusal(row, who(kind, permission, *beside)) is None
        assert admitted == (permission in listed), f"{kind} {permission}"


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_token_of_the_other_kind_is_refused_whatever_it_has(row):
    everything = (*COMPLETE_DELEGATED, *COMPLETE_APPLICATION)
    for kind, other in (("delegated", "application"), ("application", "delegated")):
        problem = refusal(row, who(kind, *everything))
        assert (problem is None) == bool(getattr(row, kind))
        if problem:
            assert (problem.status, problem.code) == (403, "Forbidden")
            assert ("application itself" if kind == "delegated" else "signed-in user") in problem.message
            assert all(permission in problem.message for permission in getattr(row, other) - {"PrintJob.Manage.All"})


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_only_an_administrator_where_the_row_says_so(row):
    if row.delegated:
        problem = refusal(row, who("delegated", *COMPLETE_DELEGATED, administrator=False))
        assert (problem is not None) == ("PA" in row.notes)
        if problem:
            assert (problem.status, problem.code) == (403, "accessDenied")
            assert "Printer Administrator" in problem.message
    if row.application:
        assert refusal(row, who("application", *COMPLETE_APPLICATION, administrator=False)) is None


@pytest.mark.parametrize("row", [row for row in ROWS if row.beside], ids=lambda row: f"{row.method} {row.path}")
def test_who_may_not_read_the_printer_or_share_is_told_what_is_missing(row):
    for kind in row.beside:
        if not getattr(row, kind):
            continue
        everything = [each for each in COMPLETE[kind] if not each.startswith(("Printer.", "PrinterShare."))]
        problem = refusal(row, who(kind, *everything))
        assert problem is not None
        assert row.beside[kind] in problem.message
        assert f"{kind} permission" in problem.message


def test_no_permission_at_all_is_told_what_is_needed():
    problem = refusal(ROWS[NAMES.index("DELETE print/printers/{id}")], who("delegated"))
    assert problem is not None
    assert problem.message == (
        "DELETE /print/printers/{id} needs the delegated permission Printer.FullControl.All, which the token does not have."
    )


def test_the_lists_of_permissions_are_complete():
    assert sorted(DELEGATED) == sorted(COMPLETE_DELEGATED)
    assert sorted(APPLICATION) == sorted(COMPLETE_APPLICATION)


def test_all_contains_ones_own_writing_contains_reading_and_managing_contains_no_payload():
    assert {"PrintJob.Read", "PrintJob.ReadBasic"} <= held(["PrintJob.Read.All"])
    assert {"PrintJob.Read", "PrintJob.ReadWriteBasic", "PrintJob.ReadBasic"} <= held(["PrintJob.ReadWrite"])
    assert "PrintJob.Read" not in held(["PrintJob.ReadWriteBasic.All"])
    assert held(["PrintJob.Manage.All"]).isdisjoint({"PrintJob.Read.All", "PrintJob.ReadWrite.All", "PrintJob.Read"})
    assert "PrintJob.ReadBasic.All" in held(["PrintJob.Manage.All"])
    assert held(["Mail.Read", "openid"]) == frozenset()


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", "print/printers/{printer}/taskTriggers", "Printer.ReadWrite.All"),
        ("GET", "print/printers/{printer}/taskTriggers", "Printer.Read.All"),
        ("DELETE", "print/printers/{printer}/taskTriggers/{trigger}", "Printer.ReadWrite.All"),
        ("POST", "print/shares/{share}/jobs", "PrintJob.ReadWrite.All"),
        ("POST", "print/shares/{share}/jobs/{job}/start", "PrintJob.ReadWrite.All"),
    ],
)
def test_an_application_may_more_where_the_matrix_is_not_kept_strictly(method, path, permission):
    application = who("application", permission)
    with pytest.raises(Problem, match="signed-in user"):
        rule(method, path).admit(application)
    rule(method, path).admit(application, strict=False)
    with pytest.raises(Problem, match=permission):
        rule(method, path).admit(who("application", "PrintTaskDefinition.ReadWrite.All"), strict=False)


@pytest.mark.parametrize(
    ("method", "path", "same"),
    [
        ("GET", "print/printers/$count", "print/printers"),
        ("GET", "print/shares/{share}/jobs/$count", "print/shares/{}/jobs"),
        ("GET", "Print/PrinterShares/{share}", "print/shares/{}"),
        ("get", "/PRINT/taskdefinitions/5b", "print/taskdefinitions/**"),
        ("GET", "print/printers/4711/jobs/a.2/documents/9/$value", "print/printers/{}/jobs/{}/documents/{}/$value"),
    ],
)
def test_other_spellings_of_a_path_are_the_same_row(method, path, same):
    assert rule(method, path).path == same


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "print/printers"), ("GET", "mail/messages"), ("DELETE", "print/operations/1")]
)
def test_what_has_no_row_nobody_may(method, path):
    with pytest.raises(LookupError, match="no row"):
        rule(method, path)


def test_nobody_hears_of_what_cannot_be_heard_of():
    with pytest.raises(LookupError):
        hearing("users/4711/messages")


def test_every_row_is_transcribed_or_marked_as_ours():
    known = {id(rule(row.method, row.path)) for row in ROWS if row.method != "HEAR"}
    definitions = "print/taskdefinitions/**"  # whatever the method
    unknown = [row for row in rows() if id(row) not in known and not row.ours and row.path != definitions]
    assert [f"{row.method} {row.path}" for row in unknown] == []


def test_every_address_of_the_door_has_a_row():
    routes = routes_of(discover(resources).values())
    assert len(routes) > 50
    for route in routes:
        assert rule(route.method, route.rule or route.path)
