"""What time it is on a machine that does not know."""

import time

import pytest

from services.agent import clock


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(clock, "_told", clock._Told())


def test_before_the_spooler_was_heard_it_is_as_late_as_this_machine_says():
    assert abs(clock.now() - time.time() * 1000) < 60_000
    clock.heed(0)
    assert abs(clock.now() - time.time() * 1000) < 60_000


@pytest.mark.parametrize("ahead", [3_600_000, -3_600_000])
def test_after_that_this_machine_may_be_set_as_it_likes(monkeypatch, ahead):
    real = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: real + ahead * 1_000_000)
    clock.heed(real // 1_000_000)
    assert abs(clock.now() - real // 1_000_000) < 60_000
    monkeypatch.setattr(time, "time_ns", lambda: real - ahead * 1_000_000)
    assert abs(clock.now() - real // 1_000_000) < 60_000
