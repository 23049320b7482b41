"""What follows from an answer: delivered, tried again and when, or skipped; and what becomes of the endpoint. No clock in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.webhooks.domain import Delivery, State

#: (the answer was accepted, an attempt is left) -> the state that follows.
VERDICT: dict[tuple[bool, bool], State] = {
    (True, True): State.DELIVERED,
    (True, False): State.DELIVERED,
    (False, True): State.WAITING,
    (False, False): State.SKIPPED,
}

GONE = 410
#: Answers that may say when to come again (RFC 9110 section 10.2.3).
COME_AGAIN = (429, 503)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a dialect is told: `pauses` (seconds) stand between attempts, so there is one attempt more; then it is skipped.

    `ordered`: the next event goes only when the one before has ended; otherwise each goes by itself. `jitter`: a pause is longer
    by up to this share of it. `retry_after`: the longest wish of a receiver that is obeyed (seconds), 0: none is. `gone`: 410
    switches the endpoint off, and so does nothing but failures for `patience` seconds, 0: never.
    """

    pauses: tuple[float, ...]
    ordered: bool = True
    jitter: float = 0.0
    retry_after: float = 0.0
    gone: bool = False
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: an HTTP status, or 0 and a sentence; `took` in milliseconds.

    `excerpt` is the beginning of the answer's body; `retry_after`: seconds after which the receiver wants to be asked again.
    `late`: it took too long. `media_type` is in small letters, without parameters; `webhook`: the headers of the answer to OPTIONS
    whose names begin with webhook-, in small letters.
    """

    status: int
    error: str = ""
    took: int = 0
    excerpt: str = ""
    retry_after: float = 0.0
    late: bool = False
    media_type: str = ""
    webhook: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written down of an attempt: the delivery as it is after it, what was sent and what came.

    `disable`: why the endpoint is switched off by it, empty: it is not. `happened`: when the event did, `at` when this attempt
    began, in ms since 1970.
    """

    endpoint: str
    event: str
    state: State
    attempts: int
    due_at: int
    ended_at: int
    status: int
    error: str
    took: int
    replay: int = 0
    accepted: bool = False
    at: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    excerpt: str = ""
    dialect: str = ""
    disable: str = ""
    happened: int = 0


def settle(
    delivery: Delivery,
    answer: Answer,
    *,
    accepted: bool,
    schedule: Schedule,
    now: int,
    failing_since: int = 0,
    chance: float = 0.0,
) -> Outcome:
    """What follows from an answer at `now` (ms), `chance` (0 to 1) being that of the jitter."""
    attempts = delivery.attempts + 1
    disable = "" if accepted else _disabling(answer, schedule, failing_since, now)
    state = State.SKIPPED if disable else VERDICT[accepted, attempts <= len(schedule.pauses)]
    waiting = state is State.WAITING
    return Outcome(
        endpoint=delivery.endpoint,
        event=delivery.event,
        state=state,
        attempts=attempts,
        due_at=now + int(_pause_after(answer, attempts, schedule, chance) * 1000) if waiting else 0,
        ended_at=0 if waiting else now,
        status=answer.status,
        error="" if accepted else answer.error or f"it answered {answer.status}",
        took=answer.took,
        replay=delivery.replay,
        accepted=accepted,
        at=now - answer.took,
        excerpt=answer.excerpt,
        disable=disable,
        happened=delivery.at,
    )


def _disabling(answer: Answer, schedule: Schedule, failing_since: int, now: int) -> str:
    if schedule.gone and answer.status == GONE:
        return "the receiver answered 410: it is gone for good"
    if schedule.patience and failing_since and now - failing_since >= schedule.patience * 1000:
        return f"nothing but failures for {_days(schedule.patience)}"
    return ""


def _days(seconds: float) -> str:
    days = seconds / 86_400
    return f"{days:.0f} days" if days >= 2 else f"{seconds:.0f} s"


def _pause_after(answer: Answer, attempts: int, schedule: Schedule, chance: float) -> float:
    wish = min(answer.retry_after, schedule.retry_after) if answer.status in COME_AGAIN else 0.0
    return max(schedule.pauses[attempts - 1] * (1 + schedule.jitter * chance), wish)


def pause(delivery: Delivery, schedule: Schedule, now: int) -> float:
    """Seconds until the next attempt may start, never more than its pause: a clock that was set back delays nobody."""
    if not 0 < delivery.attempts <= len(schedule.pauses):
        return 0.0
    longest = max(schedule.pauses[delivery.attempts - 1] * (1 + schedule.jitter), schedule.retry_after)
    return min(max(delivery.due_at - now, 0) / 1000, longest)
