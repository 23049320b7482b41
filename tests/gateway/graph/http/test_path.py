"""Every way in which Graph's programs write an address."""

import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.graph.call import Route
from services.gateway.graph.http.path import Step, Table, bound, steps_of
from services.gateway.graph.problem import Problem


async def nothing(_call):
    pytest.fail("nobody calls it")


ROUTES = tuple(
    Route(method, path, nothing)
    for method, path in (
        ("GET", "print/printers"),
        ("GET", "print/printers/{printer}"),
        ("PATCH", "print/printers/{id}"),
        ("POST", "print/printers/create"),
        ("GET", "print/printers/{printer}/jobs/{job}/documents/{document}/$value"),
        ("POST", "print/printers/{printer}/jobs/{job}/start"),
        ("GET", "reports/getX(printerId={printerId},startDateTime={start})"),
        ("GET", "reports/getY"),
        ("GET", "me/print/recentPrinterShares"),
    )
)
TABLE = Table(ROUTES)
IDS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp", "Zs", "Co", "Cn", "Cf")), min_size=1).filter(
    lambda text: not text.startswith("$") and "(" not in text and not text.lower().startswith("microsoft.graph.")
)


def found(path, method="GET"):
    address = TABLE.find(steps_of(path))
    route = address.routes[method]
    return route.path, address.ids(route)


def mixed(draw, text):
    return "".join(draw(st.sampled_from((each.lower(), each.upper()))) for each in text)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_a_path_leads_to_its_route_however_it_is_written(data):
    printer, job, document = (data.draw(IDS) for _ in range(3))

    def segment(text):
        return mixed(data.draw, data.draw(st.sampled_from((text, f"microsoft.graph.{text}"))))

    def key(name, value):
        bracket = quote(value.replace("'", "''"), safe="'")
        return data.draw(st.sampled_from((f"{name}/{quote(value, safe='')}", f"{name}('{bracket}')")))

    slash = data.draw(st.sampled_from(("/", "//")))
    path = slash.join((
        "", segment("print"), key(segment("printers"), printer), key(segment("jobs"), job), key(segment("documents"), document),
        data.draw(st.sampled_from(("$value", "%24value", "$VALUE"))), "",
    ))  # fmt: skip
    route, ids = found(path)
    assert route == "print/printers/{printer}/jobs/{job}/documents/{document}/$value"
    assert ids == {"printer": printer, "job": job, "document": document}


@settings(deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs",)), max_size=200))
def test_whatever_is_sent_is_an_address_or_none(text):
    for path in (text, f"print/printers/{text}", f"reports/getX({text})", quote(text)):
        address = TABLE.find(steps_of(path))
        for route in address.routes.values() if address else ():
            keys = re.findall(r"{(\w+)}", route.path.partition("(")[0])
            assert set(keys) <= address.ids(route).keys(), "each key that its route names"


def test_a_fixed_segment_goes_before_a_key_and_a_key_in_brackets_is_no_segment():
    assert found("print/printers/create", "POST") == ("print/printers/create", {})
    assert found("print/printers('create')") == ("print/printers/{printer}", {"printer": "create"})
    assert found("print/printers(id='Ab')", "PATCH") == ("print/printers/{id}", {"id": "Ab"})
    assert TABLE.find(steps_of("print/printers/$count")) is None
    assert TABLE.find(steps_of("print/printers/a%00b")) is None
    assert TABLE.find(steps_of("print/" * 50)) is None


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        (
            "reports/getX(printerId='a',startDateTime=2026-01-01T00:00:00Z)",
            {"printerId": "a", "startDateTime": "2026-01-01T00:00:00Z"},
        ),
        ("reports/microsoft.graph.getX( PRINTERID='a''b, c' , other=1)", {"printerId": "a'b, c", "other": "1"}),
        (
            "reports/getX(printerId='a'startDateTime=2026-01-01T00%3A00%3A00%2B00%3A00endDateTime=2026-12-31T00:00:00Z)",
            {"printerId": "a", "startDateTime": "2026-01-01T00:00:00+00:00", "endDateTime": "2026-12-31T00:00:00Z"},
        ),
        ("reports/getX()", {}),
        ("reports/getX", {}),
        ("reports/getY(a='1',b='2')", {"a": "1", "b": "2"}),
    ],
)
def test_parameters_of_functions_have_the_names_of_the_route(path, ids):
    if "getX" in path:
        ids = {"startDateTime" if name == "start" else name: value for name, value in ids.items()}
    assert found(path)[1] == ids


def test_the_token_of_the_signed_in_user_is_me():
    assert found("users/me-token-to-replace/print/recentPrinterShares")[0] == "me/print/recentPrinterShares"
    assert steps_of("users('me-token-to-replace')/x") == (Step("me"), Step("x"))


@pytest.mark.parametrize(
    "url",
    [
        "https://graph.microsoft.com/v1.0/print/printers/Ab-1",
        "https://graph.microsoft.com/beta//print/Printers('Ab-1')",
        "/print/printers/Ab-1/",
        "printers('Ab-1')",
        "http://127.0.0.1/v1.0/print/printers/%41b-1?x=1",
    ],
)
def test_a_reference_names_what_it_ends_with(url):
    assert bound(url, "printers", "printer@odata.bind") == "Ab-1"


@pytest.mark.parametrize(
    "url", [None, 7, "", "Ab-1", "https://x/print/shares/1", "https://x/print/printers", "http://[", "/printers/"]
)
def test_a_reference_to_something_else_is_refused_by_name(url):
    with pytest.raises(Problem) as caught:
        bound(url, "printers", "printer@odata.bind")
    assert caught.value.target == "printer@odata.bind"


def test_two_routes_of_one_address_are_a_mistake():
    with pytest.raises(ValueError, match="two routes"):
        Table((*ROUTES, Route("GET", "Print/Printers/{other}", nothing)))


@pytest.mark.parametrize(
    "brackets",
    [
        "%20" * 15_000 + "'",
        "a=" + "%20" * 15_000 + "'",
        "a" * 45_000 + "'",
        "'" * 45_001,
        "a=b" * 15_000,
        "a='b'" * 9_000 + "'",
        "," * 45_000 + "x",
        "(" * 20_000 + ")" * 20_000,
        "a=" * 20_000 + "(",
    ],
)
def test_a_long_path_takes_as_long_as_it_is(brackets):
    """Who sends it is not known yet, and everybody waits for it: no more than a fraction of a second."""
    begun = time.process_time()
    TABLE.find(steps_of(f"reports/getX({brackets})"))
    assert time.process_time() - begun < 1
