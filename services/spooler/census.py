"""How many tasks are in each stage of their life, and how old they are: counted now and then, told when somebody asks."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, func, literal_column, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts import canary
from libs.contracts.metrics import TASKS_AGE
from libs.contracts.states import TERMINAL, Stage
from libs.runtime.database import Database
from libs.runtime.metrics import Rows, Spread
from libs.runtime.stillness import Stillness
from services.spooler.tables import HELD, task

#: Seconds between two counts, and how many times longer than a count the pause after it is: a long line costs no more than that.
PERIOD, SHARE = 10.0, 50.0
#: Seconds after which it is counted again though no file says that anything happened.
LONGEST = 60.0
#: Said as the partial indexes say it: what has ended, and is kept for days, is not looked at.
_LINED: ColumnElement[bool] = literal_column("lined")
_PRINT: ColumnElement[bool] = literal_column("step = 'print'")
_CONVERT: ColumnElement[bool] = literal_column("step = 'convert'")
_DUE: ColumnElement[bool] = literal_column("due_at > 0")
_HELD: ColumnElement[bool] = literal_column(str(HELD))
#: Each task that waits for somebody of ours is in exactly one of these. Those that an application fetches are its own business.
_PARTS = (
    _LINED,
    and_(_PRINT, not_(_LINED)),
    and_(_CONVERT, not_(_LINED)),
    and_(_HELD, task.c.step == "", not_(_LINED)),
    and_(_DUE, task.c.step == "", not_(_LINED), not_(_HELD)),
)
_OPEN = tuple(stage.value for stage in Stage if stage not in TERMINAL)
_NONE = (0,) * len(TASKS_AGE.buckets)


@dataclass(frozen=True, slots=True)
class Ages:
    """Tasks of one stage: how many, when the oldest was made, and when the first was ready for its printer (ms since 1970, 0: none
    is); how many have been in it at most as long as each of the buckets of `TASKS_AGE`, and all of that together in ms.
    """

    count: int = 0
    oldest: int = 0
    ready: int = 0
    within: tuple[int, ...] = _NONE
    sum: int = 0

    def __add__(self, other: "Ages") -> "Ages":
        if not self.count:
            return other
        within = tuple(mine + yours for mine, yours in zip(self.within, other.within, strict=True))
        ready = min(self.ready or other.ready, other.ready or self.ready)
        return Ages(self.count + other.count, min(self.oldest, other.oldest), ready, within, self.sum + other.sum)


class Census:
    """The last count of one process; empty while it does not hold the lease."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._still = Stillness(database, LONGEST)
        self._found: dict[str, Ages] = {}
        self._again_at = 0.0

    async def look(self) -> None:
        """Count, unless that was done lately, or nothing has happened since."""
        if time.monotonic() < self._again_at or self._still.holds:
            return
        begun = time.monotonic()
        stamp = self._still.begin()
        async with self._database.reading() as connection:
            self._found = await count(connection, int(time.time() * 1000))
        took = time.monotonic() - begun
        self._again_at = time.monotonic() + max(PERIOD, SHARE * took)
        self._still.settle(stamp)

    def forget(self) -> None:
        """Somebody else counts now."""
        self._found, self._again_at = {}, 0.0
        self._still = Stillness(self._database, LONGEST)

    def open(self) -> Rows:
        """Stage -> tasks; every stage that is not an end is told."""
        return {(stage,): float(self._found.get(stage, Ages()).count) for stage in _OPEN}

    def oldest(self) -> Rows:
        """Stage -> seconds since the oldest of its tasks was accepted."""
        return _since({stage: ages.oldest for stage, ages in self._found.items()})

    def ready(self) -> Rows:
        """Stage -> seconds since the first of its tasks was ready for its printer."""
        return _since({stage: ages.ready for stage, ages in self._found.items()})

    def ages(self) -> Mapping[tuple[str, ...], Spread]:
        """Stage -> how long its tasks had been in it at the last count, in seconds."""
        found = {stage: self._found.get(stage, Ages()) for stage in _OPEN}
        return {(stage,): Spread(ages.within, ages.count, ages.sum / 1000) for stage, ages in found.items()}


def _since(times: Mapping[str, int]) -> Rows:
    """Seconds since these times (ms since 1970), for every stage that is not an end; 0: there is no time."""
    now = time.time()
    return {(stage,): max(0.0, now - times[stage] / 1000) if times.get(stage) else 0.0 for stage in _OPEN}


async def count(connection: AsyncConnection, now: int) -> dict[str, Ages]:
    """Stage -> its tasks, where there are any; `now` in ms since 1970. Those that test the way are not among them."""
    made, came, ready, starts = (task.c[name] for name in ("created_at", "stage_at", "fetchable_at", "start_at"))
    since = case((came > 0, came), else_=made)
    within = (func.sum(case((since >= now - int(limit * 1000), 1), else_=0)) for limit in TASKS_AGE.buckets)
    # A clock that was set back makes nobody younger than nothing.
    age = func.sum(case((since < now, now - since), else_=0))
    first = func.min(case((ready == 0, None), (starts > ready, starts), else_=ready))
    counted = (func.count(), func.min(made), first, age)
    wanted = select(task.c.stage, *counted, *within).where(task.c.sn != canary.SN)
    found: dict[str, Ages] = {}
    for part in _PARTS:
        for stage, number, oldest, begun, together, *limits in await connection.execute(wanted.where(part).group_by(task.c.stage)):
            ages = Ages(number, oldest, begun or 0, tuple(map(int, limits)), int(together))
            found[stage] = found.get(stage, Ages()) + ages
    return found
