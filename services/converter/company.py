"""The documents that share one browser: how many there are, and how long one of them has had it to itself."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Company:
    """Counts who comes and goes. `inside`: documents now; `uses`: all that ever were. `clock`: seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = 0.0
        self.inside = self.uses = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """One document is inside while the body runs."""
        self._count(1)
        self.uses += 1
        try:
            yield
        finally:
            self._count(-1)

    @property
    def quiet(self) -> float:
        """Seconds for which the one document inside has been the only one; 0 if there are others."""
        return self._clock() - self._since if self.inside == 1 else 0.0

    def _count(self, change: int) -> None:
        self.inside += change
        if self.inside == 1:
            self._since = self._clock()
