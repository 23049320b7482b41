"""What follows from an answer, row by row."""

import pytest

from services.webhooks.domain import Delivery, State
from services.webhooks.verdict import VERDICT, Answer, Schedule, pause, settle

NOW = 1_700_000_000_000
SCHEDULE = Schedule((1.0, 5.0))


def delivery(attempts=0, due_at=0):
    return Delivery("callback", "t:1:new", 7, "NewTask", "t", "{}", "", NOW, attempts=attempts, due_at=due_at)


def test_the_table_names_every_case():
    assert set(VERDICT) == {(accepted, left) for accepted in (True, False) for left in (True, False)}


@pytest.mark.parametrize(
    ("attempts", "accepted", "state", "due"),
    [
        (0, True, State.DELIVERED, 0),
        (1, True, State.DELIVERED, 0),
        (2, True, State.DELIVERED, 0),
        (0, False, State.WAITING, NOW + 1000),
        (1, False, State.WAITING, NOW + 5000),
        (2, False, State.SKIPPED, 0),
    ],
)
def test_there_are_three_attempts_with_a_second_and_five_between(attempts, accepted, state, due):
    outcome = settle(delivery(attempts), Answer(200 if accepted else 500), accepted=accepted, schedule=SCHEDULE, now=NOW)
    assert (outcome.state, outcome.attempts, outcome.due_at) == (state, attempts + 1, due)
    assert outcome.ended_at == (0 if state is State.WAITING else NOW)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(Answer(500), "it answered 500"), (Answer(0, "no answer within 10 s"), "no answer within 10 s"), (Answer(200), "")],
)
def test_a_failure_says_in_a_sentence_what_happened(answer, error):
    assert settle(delivery(), answer, accepted=answer.status == 200, schedule=SCHEDULE, now=NOW).error == error


@pytest.mark.parametrize(
    ("attempts", "due_at", "seconds"),
    [
        (0, NOW + 60_000, 0.0),
        (1, NOW + 400, 0.4),
        (1, NOW - 1, 0.0),
        (2, NOW + 4000, 4.0),
        (1, NOW + 3_600_000, 1.0),  # the clock was set back by an hour
        (2, NOW + 3_600_000, 5.0),
    ],
)
def test_a_pause_ends_when_it_is_due_and_is_never_longer_than_configured(attempts, due_at, seconds):
    assert pause(delivery(attempts, due_at), SCHEDULE, NOW) == pytest.approx(seconds)


LONG = Schedule((5.0, 300.0), ordered=False, jitter=0.1, retry_after=3600.0, gone=True, patience=432_000.0)


def settled(answer, *, schedule=LONG, attempts=0, **more):
    return settle(delivery(attempts), answer, accepted=False, schedule=schedule, now=NOW, **more)


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 5.0), (0.5, 5.25), (1.0, 5.5)])
def test_a_pause_is_longer_by_its_jitter(chance, seconds):
    assert settled(Answer(500), chance=chance).due_at == NOW + seconds * 1000


@pytest.mark.parametrize(
    ("status", "wish", "seconds"),
    [
        (429, 60.0, 60.0),
        (503, 60.0, 60.0),
        (500, 60.0, 5.0),
        (429, 1.0, 5.0),
        (429, 99_999.0, 3600.0),
        (0, 0.0, 5.0),
    ],
)
def test_a_receivers_wish_counts_after_429_and_503_and_within_bounds(status, wish, seconds):
    assert settled(Answer(status, retry_after=wish)).due_at == NOW + seconds * 1000


def test_the_protocol_of_webprinter_knows_no_wishes_and_no_end():
    outcome = settled(Answer(410, retry_after=60.0), schedule=SCHEDULE, failing_since=1)
    assert (outcome.due_at, outcome.disable, outcome.state) == (NOW + 1000, "", State.WAITING)


def test_410_ends_the_delivery_and_the_endpoint():
    outcome = settled(Answer(410))
    assert (outcome.state, outcome.ended_at, outcome.disable) == (
        State.SKIPPED,
        NOW,
        "the receiver answered 410: it is gone for good",
    )


@pytest.mark.parametrize(
    ("failing_since", "disable"),
    [(0, ""), (NOW - 431_999_000, ""), (NOW - 432_000_000, "nothing but failures for 5 days")],
)
def test_days_of_nothing_but_failures_end_the_endpoint(failing_since, disable):
    assert settled(Answer(500), failing_since=failing_since).disable == disable
    accepted = settle(delivery(), Answer(200), accepted=True, schedule=LONG, now=NOW, failing_since=failing_since)
    assert (accepted.disable, accepted.state) == ("", State.DELIVERED)


def test_after_the_last_pause_there_is_one_attempt_more():
    assert [settled(Answer(500), attempts=each).state for each in range(3)] == [State.WAITING, State.WAITING, State.SKIPPED]
