"""Task ids of this gateway: snowflakes that never go back, whatever the clock does (webprinter.md 1.8)."""

import secrets
import time
from collections.abc import Callable

from libs.contracts.ids import task_id

#: Sequence numbers in one millisecond.
PER_MS = 4096


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


class TaskIds:
    """Makes ids one after another; `worker` (0 to 1023) tells gateways apart."""

    def __init__(self, worker: int | None = None, clock: Callable[[], int] = _milliseconds) -> None:
        self._worker = secrets.randbelow(1024) if worker is None else worker
        self._clock = clock
        self._last = 0
        self._sequence = 0

    def next(self, sn: str) -> tuple[str, int]:
        """A new id for a task of this client, and its time in ms since 1970."""
        now = self._clock()
        if now > self._last:
            self._last, self._sequence = now, 0
        else:
            self._sequence += 1
            if self._sequence == PER_MS:
                self._last, self._sequence = self._last + 1, 0
        return task_id(sn, self._last, self._worker, self._sequence), self._last
