"""What is measured of a request: for whom, for what, how it came out."""

import pytest
from prometheus_client import CollectorRegistry
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from services.gateway.pace import Pace


@pytest.fixture
def pace():
    metrics = CollectorRegistry()
    made = Pace("graph", metrics)
    made.told = lambda name, **labels: metrics.get_sample_value(f"gateway_{name}_seconds_count", {"door": "graph", **labels})
    return made


@pytest.mark.parametrize(("status", "outcome"), [(200, "answered"), (304, "answered"), (429, "refused"), (503, "failed")])
def test_a_request_is_counted_for_its_tenant_and_its_route(pace, status, outcome):
    turn = pace.begin()
    turn.route, turn.tenant = "GET print/shares", "acme"
    pace.took(turn, status)
    pace.took(turn, status)
    assert pace.told("request", status=str(status)) == 2
    assert pace.told("route", route="GET print/shares", outcome=outcome) == 2
    assert pace.told("tenant", tenant="acme", outcome=outcome) == 2


def test_who_was_not_let_in_is_nobody_and_asks_for_nothing(pace):
    pace.took(pace.begin(), 401)
    assert pace.told("route", route="unknown", outcome="refused") == 1
    assert pace.told("tenant", tenant="nobody", outcome="refused") == 1


async def test_an_address_is_measured_also_when_it_breaks(pace):
    async def breaks(_request):
        raise ZeroDivisionError

    async def leaves(_request):
        raise ClientDisconnect

    async def answers(_request):
        return Response(status_code=204)

    with pytest.raises(ZeroDivisionError):
        await pace.of("uploads", breaks)(None)
    with pytest.raises(ClientDisconnect):
        await pace.of("uploads", leaves)(None)
    await pace.of("uploads", answers)(None)
    assert pace.told("route", route="uploads", outcome="failed") == 1
    assert pace.told("route", route="uploads", outcome="answered") == 1
