"""What time it is, also on a machine that does not know: the spooler's clock, carried on by one that cannot be set."""

import time
from dataclasses import dataclass

#: Counts on while the machine sleeps; nobody can set it.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


@dataclass(slots=True)
class _Told:
    at: int = 0
    since: float = 0.0


_told = _Told()


def heed(at: int) -> None:
    """The spooler says that it is `at` now, in ms since 1970; 0: it does not say."""
    if at:
        _told.at, _told.since = at, time.clock_gettime(_STEADY)


def now() -> int:
    """Milliseconds since 1970: by the spooler once it was heard, by this machine before."""
    if not _told.at:
        return time.time_ns() // 1_000_000
    return _told.at + int((time.clock_gettime(_STEADY) - _told.since) * 1000)
