"""Whoever is among the busiest has a label, and however many come there are no more labels than that."""

import pytest
from prometheus_client import CollectorRegistry

from libs.contracts.metrics import TENANTS
from libs.runtime import busiest, metrics
from libs.runtime.busiest import COUNTED, OTHERS, REVIEW, Busiest


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_first_are_told_and_all_others_together(clock):
    gone = []
    names = Busiest(2, gone.append, clock)
    assert [names.label(each) for each in ("a", "b", "c", "a", "d")] == ["a", "b", OTHERS, "a", OTHERS]
    assert gone == []


def test_who_is_much_busier_takes_the_place_of_the_least_busy_after_a_while(clock):
    gone = []
    names = Busiest(2, gone.append, clock)
    for name, times in (("a", 10), ("b", 4), ("near", 8), ("much", 30)):
        for _ in range(times):
            names.label(name)
    assert names.label("much") == OTHERS, "nobody has looked yet"
    clock.now = REVIEW
    assert names.label("much") == "much"
    assert gone == ["b"]
    assert names.label("near") == OTHERS, "twice as busy it is not"
    assert names.label("a") == "a"
    clock.now = 5 * REVIEW
    for _ in range(100):
        names.label("near")
    clock.now = 6 * REVIEW
    names.label("near")
    assert gone == ["b", "a"], "what was long ago counts for less and less"


def test_names_that_come_once_are_not_kept(clock):
    names = Busiest(2, lambda _: None, clock)
    for number in range(5):
        names.label("often")
        names.label(f"n{number}")
    for number in range(3 * COUNTED):
        names.label(str(number))
    assert len(names._times) <= COUNTED + 1


def test_a_name_that_is_told_no_more_has_no_series_left(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(metrics, "Busiest", lambda most, gone: busiest.Busiest(most, gone, clock))
    registry = CollectorRegistry()
    made = metrics.ranked(TENANTS, registry)
    assert metrics.ranked(TENANTS, registry) is made, "all parts of a service share who is busy"
    for number in range(TENANTS.most):
        for _ in range(number + 1):
            made.observe(0.3, None, f"t{number}", "graph", "answered")
    for _ in range(50):
        made.observe(0.3, None, "late", "graph", "answered")

    def told():
        text = metrics.written([registry])[0].decode()
        return {line.split('tenant="')[1].split('"')[0] for line in text.splitlines() if "_count{" in line}

    assert told() == {f"t{number}" for number in range(TENANTS.most)} | {OTHERS}
    clock.now = REVIEW
    made.observe(0.3, None, "late", "graph", "answered")
    assert told() == {f"t{number}" for number in range(1, TENANTS.most)} | {OTHERS, "late"}
    assert (
        registry.get_sample_value("gateway_tenant_seconds_count", {"tenant": OTHERS, "door": "graph", "outcome": "answered"}) == 50
    ), "what was counted together stays together"
