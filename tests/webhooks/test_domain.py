"""The rules of delivery, row by row."""

import pytest

from services.webhooks.domain import Delivery, Endpoint, State, deliveries
from services.webhooks.verdict import VERDICT, Answer, Schedule, pause, settle
from tests.webhooks.events import SN, life, news

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


def test_an_event_goes_to_the_endpoints_of_its_client_only():
    mine = [Endpoint("a", SN, "http://a", "webprinter"), Endpoint("b", SN, "http://b", "webprinter")]
    others = [Endpoint("c", "somebody", "http://c", "webprinter")]
    shaped = []
    found = deliveries(news(1)[0], "id", 9, [*mine, *others], lambda endpoint: shaped.append(endpoint.id) or f"for {endpoint.id}")
    assert [(each.endpoint, each.body, each.event, each.sequence, each.state) for each in found] == [
        ("a", "for a", "id", 9, State.WAITING),
        ("b", "for b", "id", 9, State.WAITING),
    ]
    assert shaped == ["a", "b"]


def test_a_delivery_remembers_task_name_and_trace_of_its_event():
    event = list(life("jueKiUEE-000000000001"))[-1]
    (found,) = deliveries(event, event.id, 1, [Endpoint("a", SN, "http://a", "webprinter")], lambda _: "")
    assert (found.name, found.task, found.traceparent) == ("EndTask", "jueKiUEE-000000000001", event.traceparent)
