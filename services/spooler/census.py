"""How many tasks are in each stage of their life, and how old the oldest is: counted now and then, told when somebody asks."""

import time

from sqlalchemy import ColumnElement, and_, func, literal_column, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.states import TERMINAL, Stage
from libs.runtime.database import Database
from libs.runtime.metrics import Rows
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


class Census:
    """The last count of one process; empty while it does not hold the lease."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._still = Stillness(database, LONGEST)
        self._found: dict[str, tuple[int, int]] = {}
        self._again_at = 0.0

    async def look(self) -> None:
        """Count, unless that was done lately, or nothing has happened since."""
        if time.monotonic() < self._again_at or self._still.holds:
            return
        begun = time.monotonic()
        self._still.begin()
        async with self._database.reading() as connection:
            self._found = await count(connection)
        took = time.monotonic() - begun
        self._again_at = time.monotonic() + max(PERIOD, SHARE * took)
        self._still.settle()

    def forget(self) -> None:
        """Somebody else counts now."""
        self._found, self._again_at = {}, 0.0
        self._still = Stillness(self._database, LONGEST)

    def open(self) -> Rows:
        """Stage -> tasks; every stage that is not an end is told."""
        return {(stage,): float(self._found.get(stage, (0, 0))[0]) for stage in _OPEN}

    def oldest(self) -> Rows:
        """Stage -> seconds since the oldest of its tasks was accepted."""
        now = time.time()
        found = {stage: now - at / 1000 for stage, (_, at) in self._found.items()}
        return {(stage,): max(0.0, found.get(stage, 0.0)) for stage in _OPEN}


async def count(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    """Stage -> how many tasks, and when the oldest of them was made (ms since 1970)."""
    found: dict[str, tuple[int, int]] = {}
    for part in _PARTS:
        wanted = select(task.c.stage, func.count(), func.min(task.c.created_at)).where(part).group_by(task.c.stage)
        for stage, number, oldest in await connection.execute(wanted):
            before, since = found.get(stage, (0, oldest))
            found[stage] = (before + number, min(since, oldest))
    return found
