"""Whether a printer lost its power meanwhile: its own count of seconds begins anew then, with its jobs."""

from libs.ipp.attributes import Attributes

#: How wrong a printer's count of its own seconds may be: so many, and such a part of it.
SLACK = 3.0
DRIFT = 0.01


class Power:
    """What a printer's `printer-up-time` (RFC 8011 section 5.4.29, seconds) tells from one look to the next."""

    def __init__(self) -> None:
        self.cuts = 0
        self._latest: float | None = None  # when it was switched on at the latest, by our monotonic clock
        self._up: int | None = None

    def hear(self, said: Attributes, asked: float, answered: float) -> None:
        """What it says in an answer; both times by our monotonic clock, in seconds."""
        self._up = said.integer("printer-up-time")
        if self._up is None:
            return
        if self._latest is not None and asked - self._up - 1 > self._latest + SLACK:
            self.cuts += 1
        self._latest = answered - self._up

    def since(self, moment: float, now: float) -> bool:
        """Whether it was switched on after a moment, by what it said last (seconds since 1970). One that does not count: yes."""
        up = self._up or 0
        return now - up > moment + SLACK + up * DRIFT
