"""Task ids of this gateway: snowflakes that never go back, whatever the clock does (webprinter.md 1.8)."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from libs.contracts.ids import task_id

#: Sequence numbers in one millisecond.
PER_MS = 4096


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """Ids in a row for tasks of one client. `first` counts milliseconds since 1970 and `PER_MS` sequence numbers in each."""

    sn: str
    worker: int
    first: int
    count: int = 1

    def id(self, index: int = 0) -> str:
        """The id of one of them, counted from 0."""
        at, sequence = divmod(self.first + index, PER_MS)
        return task_id(self.sn, at, self.worker, sequence)

    def at(self, index: int = 0) -> int:
        """Its time in ms since 1970."""
        return (self.first + index) // PER_MS


class TaskIds:
    """Makes ids one after another; `worker` (0 to 1023) tells gateways apart."""

    def __init__(self, worker: int | None = None, clock: Callable[[], int] = _milliseconds) -> None:
        self._worker = secrets.randbelow(1024) if worker is None else worker
        self._clock = clock
        self._next = 0

    def block(self, sn: str, count: int = 1) -> Block:
        """So many new ids for tasks of this client, in one go."""
        first = max(self._clock() * PER_MS, self._next)
        self._next = first + count
        return Block(sn, self._worker, first, count)
