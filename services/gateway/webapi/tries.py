"""A limit for guessing: who shows too many wrong codes or tokens from one address has to wait."""

import time
from collections import OrderedDict
from collections.abc import Callable

from services.gateway.throttle import line_of

#: Addresses, and good tokens, that are remembered.
MOST = 10_000


class Tries:
    """Wrong tries by address: at most `limit` within `window` seconds, and `together` of all addresses.

    What was right before is let in again, also from an address that has to wait: behind a proxy, many share one.
    """

    def __init__(self, limit: int, together: int, window: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._together = together
        self._window = window
        self._clock = clock
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()
        self._all: list[float] = []
        self._right: OrderedDict[int, None] = OrderedDict()

    def wait(self, peer: str, shown: str = "") -> float:
        """Seconds until this address may try again (with what it shows), 0: now."""
        if shown and hash(shown) in self._right:
            return 0.0
        since = self._clock() - self._window
        own = [each for each in self._wrong.get(line_of(peer), []) if each > since]
        self._all = [each for each in self._all if each > since]
        blocking = [own[0]] if len(own) >= self._limit else [self._all[0]] if len(self._all) >= self._together else []
        return max(0.0, blocking[0] - since) if blocking else 0.0

    def wrong(self, peer: str) -> None:
        """One more wrong try of this address."""
        peer, now = line_of(peer), self._clock()
        own = self._wrong.pop(peer, [])
        self._wrong[peer] = [*own[-self._limit :], now]
        self._all.append(now)
        if len(self._wrong) > MOST:
            self._wrong.popitem(last=False)

    def right(self, shown: str) -> None:
        """This was right; a hash of this process only is kept of it."""
        self._right[hash(shown)] = None
        self._right.move_to_end(hash(shown))
        if len(self._right) > MOST:
            self._right.popitem(last=False)

    def undo(self, peer: str) -> None:
        """What was counted as wrong before it was looked at was right."""
        if own := self._wrong.get(line_of(peer)):
            own.pop()
            self._all.pop()
