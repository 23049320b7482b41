"""How notifications are spoken: any 2xx is an answer, nothing says who we are, and attempts go on for about four hours."""

from collections.abc import Mapping
from datetime import datetime

from services.webhooks.domain import Delivery, Endpoint
from services.webhooks.verdict import Schedule

#: A pause is longer by up to this share of it.
JITTER = 0.1
#: The longest Retry-After that is obeyed, in seconds: no pause of the schedule is longer by it than its longest one.
RETRY_AFTER = 1800.0


def headers(delivery: Delivery, endpoint: Endpoint, now: datetime) -> Mapping[str, str]:  # noqa: ARG001 - every one alike
    """Its media type, and no Authorization."""
    return {"content-type": "application/json; charset=utf-8"}


def accepts(status: int) -> bool:
    """Any 2xx."""
    return 200 <= status < 300


def schedule(pauses: tuple[float, ...]) -> Schedule:
    """One that fails is never switched off: its subscription ends by itself."""
    return Schedule(pauses, ordered=False, jitter=JITTER, retry_after=RETRY_AFTER)
