"""When a task may be printed at the earliest: `startAt`, in any of the ways in which clients write a time."""

import time
from datetime import datetime

from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields, shown

#: Timestamps below this are seconds, above it milliseconds (webprinter.md 1.5).
SECONDS_BELOW = 10**11
#: How far ahead a task may be scheduled, in days.
MAX_DAYS = 365


def read_start(task: Fields, config: Fields) -> int:
    """`startAt`, at task level or inside the config, in ms since 1970; 0: at once. What is past is at once too.

    Raises `Rejected` for what is no time, or more than a year ahead.
    """
    holder = task if task.raw("startAt") not in (None, "") else config
    given = holder.raw("startAt")
    if given is None or given == "":
        return 0
    at, now = _milliseconds(holder, given), time.time_ns() // 1_000_000
    if at > now + MAX_DAYS * 86_400_000:
        raise Rejected(f"{holder.name('startAt')} must be at most {MAX_DAYS} days ahead; it is {shown(given)}.")
    return at if at > now else 0


def _milliseconds(holder: Fields, given: object) -> int:
    text = str(given).strip() if isinstance(given, str | int | float) and not isinstance(given, bool) else ""
    if text.removeprefix("-").replace(".", "", 1).isdecimal() and len(text) <= 20:
        number = float(text)
        return round(number if abs(number) >= SECONDS_BELOW else number * 1000)
    try:
        at = datetime.fromisoformat(text) if 0 < len(text) <= 40 else None
    except ValueError:
        at = None
    if at is None:
        raise Rejected(
            f"{holder.name('startAt')} must be a time in milliseconds or seconds since 1970, or one such as "
            f"2030-01-31T08:00:00+08:00; it is {shown(given)}."
        )
    if at.tzinfo is None:
        raise Rejected(
            f"{holder.name('startAt')} must say its time zone, such as 2030-01-31T08:00:00+08:00 or ...Z; it is {shown(given)}."
        )
    return round(at.timestamp() * 1000)
