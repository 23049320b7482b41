"""What does not add up now: raised once, told once, and struck out when it adds up again."""

import time
from collections.abc import Iterable
from itertools import islice

import structlog

from libs.contracts.ledger import LedgerEntry, Mismatch

log = structlog.get_logger()

#: Entries of one answer, and ids on one line of the log.
SHOWN = 1000
LINE = 200


class Book:
    """The open entries of one term."""

    def __init__(self) -> None:
        self._open: dict[tuple[Mismatch, str], LedgerEntry] = {}

    def count(self, kind: Mismatch | None = None) -> int:
        """How many are open, of one kind or of all."""
        return sum(1 for of, _ in self._open if kind in (None, of))

    def named(self, kind: Mismatch) -> list[str]:
        """What is open of a kind."""
        return [what for of, what in self._open if of is kind]

    def enter(self, kind: Mismatch, found: Iterable[str], message: str) -> None:
        """These do not add up; what is open already stays as it is."""
        since = int(time.time() * 1000)
        fresh = [what for what in dict.fromkeys(found) if (kind, what) not in self._open]
        for what in fresh:
            self._open[kind, what] = LedgerEntry(kind=kind, what=what, message=message, since=since)
        for start in range(0, len(fresh), LINE):
            log.error(
                "ledger does not add up", mismatch=kind.value, count=len(fresh), what=fresh[start : start + LINE], why=message
            )

    def strike(self, kind: Mismatch, settled: Iterable[str]) -> None:
        """These add up again."""
        gone = [what for what in settled if self._open.pop((kind, what), None)]
        if gone:
            log.warning("ledger adds up again", mismatch=kind.value, count=len(gone), what=gone[:LINE])

    def only(self, kind: Mismatch, found: dict[str, str]) -> None:
        """Exactly these (with their sentences) of a kind are open from now on."""
        self.strike(kind, [what for what in self.named(kind) if what not in found])
        for what, message in found.items():
            self.enter(kind, [what], message)

    def shown(self) -> tuple[LedgerEntry, ...]:
        """The oldest of the open entries."""
        return tuple(islice(self._open.values(), SHOWN))
