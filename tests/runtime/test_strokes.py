"""Who waits for the same clock wakes together."""

import asyncio
import itertools

import pytest

from libs.runtime.strokes import stroke


@pytest.mark.parametrize("period", [0.5, 1.0, 2.0, 5.0])
async def test_strokes_are_a_period_apart_whenever_one_asks(monkeypatch, period):
    loop = asyncio.get_running_loop()
    for begin in (1000.0, 1000.3, 1004.9996):
        times = [begin]
        monkeypatch.setattr(loop, "time", lambda times=times: times[-1])
        for _ in range(4):
            times.append(times[-1] + stroke(period) - 0.0004)  # as a timer that rings early
        assert period * 0.1 - 0.001 <= times[1] - begin <= period * 1.1
        for before, after in itertools.pairwise(times[1:]):
            assert abs(after - before - period) < 0.001


async def test_a_longer_period_falls_together_with_a_shorter_one(monkeypatch):
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", lambda: 1000.3)
    left = (stroke(5.0) - stroke(1.0)) % 1.0
    assert min(left, 1 - left) < 1e-6
