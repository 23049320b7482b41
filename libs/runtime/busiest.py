"""Names that may be labels of a metric: the busiest few of them, however many there are."""

import time
from collections.abc import Callable

#: What all names together are called that have no label of their own.
OTHERS = "other"
#: Seconds between two looks at who is busy; each makes what was before count half as much.
REVIEW = 3600.0
#: Whoever has a label keeps it until another has been so many times as busy: series that come and go help nobody.
MARGIN = 2
#: Names that are counted at all. When there are more, those that come seldom are forgotten.
COUNTED = 10_000


class Busiest:
    """The first `most` names have a label; later the busiest have. Who loses it is told to `gone`."""

    def __init__(self, most: int, gone: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._gone = gone
        self._clock = clock
        self._told: set[str] = set()
        self._times: dict[str, int] = {}
        self._review_at = clock() + REVIEW

    def label(self, name: str) -> str:
        """What a name is told as, once more: itself, or `OTHERS`."""
        self._times[name] = self._times.get(name, 0) + 1
        if self._clock() >= self._review_at:
            self._review()
        if name in self._told:
            return name
        if len(self._told) < self._most:
            self._told.add(name)
            return name
        if len(self._times) > COUNTED:
            self._forget()
        return OTHERS

    def _review(self) -> None:
        waiting = sorted((name for name in self._times if name not in self._told), key=self._count, reverse=True)
        for name in waiting:
            least = min(self._told, key=self._count, default=name)
            if len(self._told) >= self._most:
                if self._count(name) <= MARGIN * self._count(least):
                    break
                self._told.discard(least)
                self._gone(least)
            self._told.add(name)
        self._forget()
        self._review_at = self._clock() + REVIEW

    def _forget(self) -> None:
        """Half of all that was counted; of whom there is nothing left then is counted from the beginning, if it comes again."""
        self._times = {name: count // 2 for name, count in self._times.items() if count > 1}

    def _count(self, name: str) -> int:
        return self._times.get(name, 0)
