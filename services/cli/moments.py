"""Times as people write them on the command line: `90d`, `12h`, `2027-01-31`."""

import re
import time
from argparse import ArgumentTypeError
from datetime import UTC, datetime

_SPAN = re.compile(r"([1-9][0-9]{0,4})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def later(text: str) -> int:
    """A moment to come, in ms since 1970: so much from now, or a day (its beginning in UTC) or time. Raises `ArgumentTypeError`."""
    at = _moment(text, 1)
    if at <= _now():
        raise ArgumentTypeError(f"{text} is over: write a time to come, such as 90d or 2027-01-31")
    return at


def earlier(text: str) -> int:
    """A moment that was, in ms since 1970: so long ago, or a day or time. Raises `ArgumentTypeError`."""
    return _moment(text, -1)


def seconds(text: str) -> int:
    """A span in seconds: `90s`, `15m`, `24h`. Raises `ArgumentTypeError`."""
    span = _SPAN.fullmatch(text)
    if not span:
        raise ArgumentTypeError(f"{text} is no span: write such as 90s, 15m or 24h")
    return int(span[1]) * _SECONDS[span[2]]


def _moment(text: str, direction: int) -> int:
    if span := _SPAN.fullmatch(text):
        return _now() + direction * int(span[1]) * _SECONDS[span[2]] * 1000
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no time: write a span such as 90d or 12h, or a day such as 2027-01-31") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _now() -> int:
    return time.time_ns() // 1_000_000
