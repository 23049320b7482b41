"""Strangers are told slowly, tenant by tenant and lane by lane, until they say that they want it."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from services.webhooks.domain import Endpoint
from services.webhooks.pacing import AGAIN, Allowance, Gate, Rate
from services.webhooks.proof import Denied, permission
from services.webhooks.verdict import Answer

STRANGER = Endpoint("e", "jueKiUEE", "https://example.org/", "standard", tenant="main")
PROVEN = replace(STRANGER, proven_at=1)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Asked:
    """A receiver that says `after` when it is asked, and how often it was."""

    def __init__(self, after=STRANGER):
        self.after = after
        self.times = 0

    async def __call__(self, endpoint):
        self.times += 1
        return self.after


def gate(allowance, clock, asked=None):
    return Gate(allowance, asked or Asked(), clock)


def allowance(rate=60):
    return Allowance(rate, CollectorRegistry())


async def passed(gate, clock, seconds, endpoint=STRANGER):
    """How many attempts start within so many seconds."""
    count, end = 0, clock.now + seconds
    while True:
        endpoint, wait = await gate.pass_through(endpoint)
        if clock.now + wait > end:
            clock.now = end
            return count
        clock.now += wait
        count += not wait


def test_a_rate_has_a_burst_and_then_one_place_after_another():
    rate = Rate(60, 3)
    assert [rate.reserve(10.0) for _ in range(5)] == [8.0, 9.0, 10.0, 11.0, 12.0]
    assert rate.reserve(100.0) == 98.0, "a rest gives the burst again, and no more than that"
    assert [rate.at_once(100.0) for _ in range(3)] == [True, True, False]
    assert rate.at_once(101.0)


async def test_who_never_answers_gets_the_rate_and_is_asked_once_a_minute_in_places_of_that_rate():
    clock, asked = Clock(), Asked()
    one = gate(allowance(60), clock, asked)
    assert await passed(one, clock, 0.5) == 60, "a minute's worth at once"
    count = await passed(one, clock, 600)
    assert count + asked.times == 600
    assert asked.times == 600 // AGAIN


async def test_all_lanes_of_a_tenant_share_one_line_by_turns_and_no_other_tenant_waits():
    clock, shared = Clock(), allowance(60)
    lanes = [gate(shared, clock) for _ in range(3)]
    assert await passed(lanes[0], clock, 0.5) == 60
    told = [0, 0, 0]
    for _ in range(60):
        for number, lane in enumerate(lanes):
            _, wait = await lane.pass_through(STRANGER)
            told[number] += not wait
        clock.now += 1.0
    assert sum(told) <= 60
    assert max(told) - min(told) <= 3
    elsewhere = gate(shared, clock)
    assert await elsewhere.pass_through(replace(STRANGER, tenant="rival")) == (replace(STRANGER, tenant="rival"), 0.0)


async def test_who_allows_it_goes_at_full_speed_from_then_on():
    clock, asked = Clock(), Asked(PROVEN)
    one = gate(allowance(60), clock, asked)
    await passed(one, clock, 0.5)
    found, wait = await one.pass_through(STRANGER)
    assert wait > 0
    assert one.holding
    clock.now += wait
    assert await one.pass_through(found) == (PROVEN, 0.0)
    assert asked.times == 1
    assert [await one.pass_through(PROVEN) for _ in range(500)] == [(PROVEN, 0.0)] * 500
    assert not one.holding


async def test_a_rate_that_a_receiver_names_is_kept():
    clock = Clock()
    slow = replace(PROVEN, allowed_rate=30)
    one = gate(allowance(), clock)
    assert 30 <= await passed(one, clock, 60, slow) <= 31


async def test_without_a_limit_nobody_waits_and_nobody_is_asked():
    clock, asked = Clock(), Asked()
    one = gate(allowance(0), clock, asked)
    assert [await one.pass_through(STRANGER) for _ in range(1000)] == [(STRANGER, 0.0)] * 1000
    assert not asked.times


@pytest.mark.parametrize(
    ("headers", "rate"),
    [
        ({"webhook-allowed-origin": "*"}, 0),
        ({"webhook-allowed-origin": "Printbus", "webhook-allowed-rate": "*"}, 0),
        ({"webhook-allowed-origin": "other.example, printbus", "webhook-allowed-rate": "120"}, 120),
    ],
)
def test_a_receiver_allows_us_by_name_or_everybody(headers, rate):
    assert permission(Answer(200, webhook=headers), "printbus") == rate


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(405), "405"),
        (Answer(0, "no answer within 10 s"), "no answer"),
        (Answer(302, webhook={"webhook-allowed-origin": "*"}), "302"),
        (Answer(200), "no WebHook-Allowed-Origin"),
        (Answer(200, webhook={"webhook-allowed-origin": "evilprintbus"}), "neither printbus nor"),
        (Answer(200, webhook={"webhook-allowed-origin": "*", "webhook-allowed-rate": "0"}), "WebHook-Allowed-Rate"),
        (Answer(200, webhook={"webhook-allowed-origin": "*", "webhook-allowed-rate": "many"}), "WebHook-Allowed-Rate"),
    ],
)
def test_everything_else_allows_nothing_and_says_why(answer, why):
    with pytest.raises(Denied, match=why):
        permission(answer, "printbus")
