"""The rules of delivery: who hears of an event, and what follows from an answer. No clock, no network, no database."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.events import EndTask, NewTask, UpdateTaskStatus

Event = NewTask | UpdateTaskStatus | EndTask


class State(StrEnum):
    """Where a delivery is. Only a waiting one holds back those behind it."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    SKIPPED = "skipped"


#: (the answer was accepted, an attempt is left) -> the state that follows.
VERDICT: dict[tuple[bool, bool], State] = {
    (True, True): State.DELIVERED,
    (True, False): State.DELIVERED,
    (False, True): State.WAITING,
    (False, False): State.SKIPPED,
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who hears of the tasks of one client (`sn`), where, and in which dialect. `secret` empty: nothing is signed."""

    id: str
    sn: str
    url: str
    dialect: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint. `event` is its id on the bus and its id at the receiver; times are ms since 1970.

    `sequence` is the event's place in the stream and the order of delivery; `body` is what is posted at every attempt.
    """

    endpoint: str
    event: str
    sequence: int
    name: str
    task: str
    body: str
    traceparent: str
    at: int
    state: State = State.WAITING
    attempts: int = 0
    due_at: int = 0
    ended_at: int = 0
    status: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: an HTTP status, or 0 and a sentence; `took` in milliseconds."""

    status: int
    error: str = ""
    took: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written down of an attempt: the delivery as it is after it."""

    endpoint: str
    event: str
    state: State
    attempts: int
    due_at: int
    ended_at: int
    status: int
    error: str
    took: int


def wants(endpoint: Endpoint, event: Event) -> bool:
    """Whether an endpoint hears of this event: its client submitted the task."""
    return endpoint.sn == event.task.sn


def deliveries(
    event: Event, event_id: str, sequence: int, endpoints: Iterable[Endpoint], body: Callable[[Endpoint], str]
) -> list[Delivery]:
    """The deliveries of one event: one for each endpoint that wants it, with its `body`."""
    return [
        Delivery(
            endpoint=endpoint.id,
            event=event_id,
            sequence=sequence,
            name=event.kind,
            task=event.task.id,
            body=body(endpoint),
            traceparent=event.traceparent,
            at=event.at,
        )
        for endpoint in endpoints
        if wants(endpoint, event)
    ]


def settle(delivery: Delivery, answer: Answer, *, accepted: bool, pauses: Sequence[float], now: int) -> Outcome:
    """What follows from an answer at `now` (ms). `pauses` (seconds) stand between attempts: one attempt more than pauses."""
    attempts = delivery.attempts + 1
    state = VERDICT[accepted, attempts <= len(pauses)]
    waiting = state is State.WAITING
    return Outcome(
        endpoint=delivery.endpoint,
        event=delivery.event,
        state=state,
        attempts=attempts,
        due_at=now + int(pauses[attempts - 1] * 1000) if waiting else 0,
        ended_at=0 if waiting else now,
        status=answer.status,
        error="" if accepted else answer.error or f"it answered {answer.status}",
        took=answer.took,
    )


def pause(delivery: Delivery, pauses: Sequence[float], now: int) -> float:
    """Seconds until the next attempt may start, never more than its pause: a clock that was set back delays nobody."""
    if not 0 < delivery.attempts <= len(pauses):
        return 0.0
    return min(max(delivery.due_at - now, 0) / 1000, pauses[delivery.attempts - 1])
