"""The strokes of one clock: what is done again and again is done together, so that the process wakes once for all of it."""

import asyncio
import os

#: The part of a period that is too short to be waited for: a timer may ring a moment early.
EARLY = 0.1
#: Processes of one machine do not wake in the same moment: their clocks differ by so many thousandths of a second, by their ids.
_THOUSAND = 1000


def stroke(period: float) -> float:
    """Seconds until a period's next stroke: of the same clock for all who ask with the same period, or a multiple of it.

    At least a tenth of the period, at most 1.1 of it; on average it is the whole period for who asks at each stroke.
    """
    now = asyncio.get_running_loop().time() + os.getpid() % _THOUSAND / _THOUSAND
    left = period - now % period
    return left if left > period * EARLY else left + period
