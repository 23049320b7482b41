"""A walk along INTAKE behind what is applied: is every task of every message in the database?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nats.js.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts import canary
from libs.contracts.intake import all_intake
from libs.contracts.message import Undecodable, decode
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Bus
from libs.runtime.database import Database
from libs.runtime.history import History
from libs.runtime.reader import Incoming
from services.spooler import store
from services.spooler.tables import archived, task

#: Messages and bytes of one step.
STEP = 200
STEP_BYTES = 2 * 1024 * 1024
#: Sequences of a gap that are asked for one by one.
SINGLE = 200
#: Parameters of one statement.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Named:
    id: str


@dataclass(frozen=True, slots=True)
class _Submitted:
    """As much of a submission as is looked at here."""

    tasks: tuple[_Named, ...]


@dataclass(slots=True)
class Findings:
    """What one step saw: how many tasks, which of them are nowhere, and sequences (first, last) that the stream lacks."""

    tasks: int = 0
    missing: list[str] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)


class Walk:
    """One walk; `position` is the sequence up to which it has looked."""

    def __init__(self, bus: Bus, database: Database, region: str, position: int) -> None:
        self._bus = bus
        self._history = History(bus, INTAKE)
        self._database = database
        self._subject = all_intake(region)
        self.position = position

    async def step(self, up_to: int) -> Findings:
        """Look at some messages up to a sequence that is applied. Raises `Unanswered`, and NATS's errors."""
        found = Findings()
        read = await self._history.after(self.position, self._subject, STEP, most=STEP_BYTES)
        messages = [message for message in read if self.position < message.sequence <= up_to]
        end = max((message.sequence for message in messages), default=up_to)
        if len(messages) < end - self.position:
            more, end = await self._complete({message.sequence for message in messages}, end, found)
            messages += more
        ids = [named for message in messages for named in _ids(message)]
        found.tasks = len(ids)
        if ids:
            async with self._database.reading() as connection:
                found.missing = await unaccounted(connection, ids)
        self.position = end
        return found

    async def _complete(self, seen: set[int], end: int, found: Findings) -> tuple[list[Incoming], int]:
        """What a replica did not show up to `end`, from the stream's leader; what that one lacks is a gap. How far it looked."""
        bounds = await self._history.bounds()
        if bounds.last < end:  # another stream, which the input will notice, too
            return [], self.position
        lacking = [each for each in range(max(self.position + 1, bounds.first), end + 1) if each not in seen][:SINGLE]
        asked = {sequence: await self._single(sequence) for sequence in lacking}
        gone = [sequence for sequence, message in asked.items() if message is None]
        if gone:
            async with self._database.reading() as connection:
                found.gaps = _ranges(await _unapplied(connection, gone))
        return [message for message in asked.values() if message], lacking[-1] if len(lacking) == SINGLE else end

    async def _single(self, sequence: int) -> Incoming | None:
        try:
            message = await self._bus.js.get_msg(INTAKE, sequence)
        except NotFoundError:
            return None
        at = int(message.time.timestamp() * 1000) if message.time else 0
        return Incoming(sequence, message.subject or "", message.data or b"", message.headers or {}, at)


async def unaccounted(connection: AsyncConnection, ids: Iterable[str]) -> list[str]:
    """Those of these ids of which there neither is a task nor was one that ended. What tests the way may be forgotten."""
    wanted = [each for each in dict.fromkeys(ids) if not canary.of_task(each)]
    known = await store.existing(connection, wanted)
    unknown = [each for each in wanted if each not in known]
    for start in range(0, len(unknown), _CHUNK):  # seldom: tasks are forgotten days after their messages
        rows = await connection.execute(select(archived.c.task).where(archived.c.task.in_(unknown[start : start + _CHUNK])))
        known |= {row.task for row in rows}
    return [each for each in unknown if each not in known]


async def _unapplied(connection: AsyncConnection, sequences: Sequence[int]) -> list[int]:
    """Those of these sequences that no task came with: whatever they held, it is not known here."""
    within = task.c.seq.between(sequences[0], sequences[-1])
    rows = await connection.execute(select(task.c.seq).where(within).distinct())
    applied = {int(row.seq) for row in rows}
    return [sequence for sequence in sequences if sequence not in applied]


def _ranges(sequences: Iterable[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for sequence in sequences:
        if found and found[-1][1] == sequence - 1:
            found[-1] = (found[-1][0], sequence)
        else:
            found.append((sequence, sequence))
    return found


def _ids(message: Incoming) -> list[str]:
    """What could not be read is a dead letter, in the transaction that went past it."""
    try:
        submitted: _Submitted = decode(_Submitted, message.data)
    except Undecodable:
        return []
    return [named.id for named in submitted.tasks]
