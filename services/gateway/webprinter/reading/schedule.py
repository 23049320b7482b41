"""When a task may be printed: not before `startAt`, not after `expireAfter`, before others by `priority`."""

import time
from datetime import datetime

from services.gateway.webprinter.envelope import Rejected
from services.gateway.webprinter.reading.fields import Fields, shown

#: Timestamps below this are seconds, above it milliseconds (webprinter.md 1.5).
SECONDS_BELOW = 10**11
#: The latest time that rows are looked for, in ms.
LATEST = 10**14
#: How far ahead a task may be scheduled, in days.
MAX_DAYS = 365
#: For how long a task may wait, in seconds.
MAX_LASTS = 10**8


def read_start(task: Fields, config: Fields) -> int:
    """`startAt`, at task level or inside the config, in ms since 1970; 0: at once. What is past is at once too.

    Raises `Rejected` for what is no time, or more than a year ahead.
    """
    holder = _holder(task, config, "startAt")
    given = holder.raw("startAt")
    if given is None or given == "":
        return 0
    at, now = _milliseconds(holder, given), time.time_ns() // 1_000_000
    if at > now + MAX_DAYS * 86_400_000:
        raise Rejected(f"{holder.name('startAt')} must be at most {MAX_DAYS} days ahead; it is {shown(given)}.")
    return at if at > now else 0


def read_moment(data: Fields, key: str, *, end: bool = False) -> int | None:
    """A time that rows are looked for from, in ms since 1970, or up to (`end`): then one in seconds is the whole second, and
    programs that mean "any time" write their largest number.

    Raises `Rejected`.
    """
    given = data.numeric(key)
    if given is None:
        return None
    if end and given >= LATEST:
        return LATEST
    if not 0 <= given < LATEST or given != int(given):
        now = time.time_ns() // 1_000_000
        raise Rejected(f"{data.name(key)} must be a time in milliseconds since 1970, such as {now}; it is {shown(data.raw(key))}.")
    return int(given) if given >= SECONDS_BELOW else int(given) * 1000 + (999 if end else 0)


def read_lasting(task: Fields, config: Fields) -> int | None:
    """`expireAfter`, at task level or inside the config: the ms until it is not begun any more; 0: never, None: nothing is said.

    Raises `Rejected`.
    """
    given = _holder(task, config, "expireAfter").number("expireAfter", 0, MAX_LASTS, " (seconds)")
    if given is None:
        return None
    return max(1, round(given * 1000)) if given else 0


def read_priority(task: Fields, config: Fields) -> int | None:
    """`priority`, at task level or inside the config, from 1 to 100. Raises `Rejected`."""
    return _holder(task, config, "priority").whole("priority", 1, 100)


def _holder(task: Fields, config: Fields, key: str) -> Fields:
    return task if task.raw(key) not in (None, "") else config


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
