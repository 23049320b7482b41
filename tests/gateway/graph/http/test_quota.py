"""How much a caller may ask: a minute's worth, which comes back all the time."""

from dataclasses import replace

import pytest

from services.gateway.graph.http.quota import Quota
from services.gateway.graph.problem import Problem
from tests.gateway.graph.calling import user


def test_a_caller_who_has_used_up_a_minute_waits_as_long_as_it_is_told():
    now = [0.0]
    quota, alice = Quota(6, clock=lambda: now[0]), user()
    for _ in range(6):
        quota.take(alice)
    with pytest.raises(Problem) as caught:
        quota.take(alice)
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "10"})
    quota.take(replace(alice, app="another"))
    now[0] = 9.9
    with pytest.raises(Problem, match="in 1 seconds"):
        quota.take(alice)
    now[0] = 10.0
    quota.take(alice)
    now[0] = 10_000.0
    for _ in range(6):
        quota.take(alice)
    with pytest.raises(Problem):
        quota.take(alice)
