"""A limit for guessing: who shows too many wrong codes or tokens from one address has to wait."""

import time
from collections import OrderedDict
from collections.abc import Callable

#: Addresses that are remembered.
MOST = 10_000


class Tries:
    """Wrong tries by address: at most `limit` within `window` seconds, and `together` of all addresses."""

    def __init__(self, limit: int, together: int, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._together = together
        self._window = window
        self._clock = clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()
        self._all: list[float] = []

    def wait(self, peer: str) -> float:
        """Seconds until this address may try again, 0: now."""
        since = self._clock() - self._window
        own = [each for each in self._wrong.get(peer, []) if each > since]
        self._all = [each for each in self._all if each > since]
        blocking = [own[0]] if len(own) >= self._limit else [self._all[0]] if len(self._all) >= self._together else []
        return max(0.0, blocking[0] - since) if blocking else 0.0

    def wrong(self, peer: str) -> None:
        """One more wrong try of this address."""
        now = self._clock()
        own = self._wrong.pop(peer, [])
        self._wrong[peer] = [*own[-self._limit :], now]
        self._all.append(now)
        if len(self._wrong) > MOST:
            self._wrong.popitem(last=False)
