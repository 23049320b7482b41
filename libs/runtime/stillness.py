"""Whether a database may be left alone: nobody has committed anything since a look that found nothing to do."""

import time

from libs.runtime.database import Database

#: A look is due after so many seconds whatever the files say: another process's commit whose sync took longer than the margin is
#: seen then. Our own are counted.
LONGEST = 30.0


class Stillness:
    """Spares looks that find nothing. SQLite's files tell when somebody committed; a database server is always looked at."""

    def __init__(self, database: Database, longest: float = LONGEST, young: float | None = None) -> None:
        self._database = database
        self._young = young
        self._longest = longest
        self._seen: object = None
        self._until = 0.0

    @property
    def holds(self) -> bool:
        """Whether a look would find what the last one found: nothing to do."""
        return self._seen is not None and time.monotonic() < self._until and self._database.stamp(self._young) == self._seen

    def begin(self) -> object:
        """A look begins; what `settle` wants to know of it: another look may begin before this one has ended."""
        self._seen = None
        return self._database.stamp(self._young)

    def settle(self, begun: object) -> None:
        """The look that began so found nothing to do, and nothing that time alone would change."""
        self._seen, self._until = begun, time.monotonic() + self._longest
