"""How much one caller may ask in a minute (graph-print.md 5.5)."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from services.gateway.graph.principal import Principal
from services.gateway.graph.problem import Problem

#: Callers that are remembered; the longest silent are forgotten first.
MOST = 10_000


class Quota:
    """A bucket for each user of each application, which fills again all the time; it holds a minute's worth."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._rate = per_minute / 60
        self._clock = clock
        self._left: OrderedDict[tuple[str, str, str], tuple[float, float]] = OrderedDict()

    def take(self, who: Principal) -> None:
        """One request of this caller. Raises `Problem` 429 that says when to come again."""
        key, now = (who.tenant_id, who.app, who.id), self._clock()
        left, at = self._left.get(key, (self._most, now))
        left = min(self._most, left + (now - at) * self._rate)
        if left < 1:
            wait = max(1, math.ceil((1 - left) / self._rate))
            raise Problem(
                429,
                "TooManyRequests",
                f"This caller has sent more than {self._most:.0f} requests a minute: try again in {wait} seconds.",
                headers={"Retry-After": str(wait)},
            )
        self._left[key] = (left - 1, now)
        self._left.move_to_end(key)
        if len(self._left) > MOST:
            self._left.popitem(last=False)
