"""Printers that are cut off: what becomes of what waited for them, when they are there again."""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.devices import ResumePolicy
from libs.contracts.directory import DeviceEntry
from libs.runtime.bus import Outgoing
from libs.runtime.commit import Commit
from libs.runtime.strokes import stroke
from services.spooler import pauses, store
from services.spooler.desk import Desk
from services.spooler.round import Round
from services.spooler.task import Superseded, Task, Withheld

log = structlog.get_logger()

#: Seconds between two looks. Nothing is sent to a printer from the look on that sees its agent gone.
PERIOD = 1.0
#: A line is taken whole: nobody is to be sent before it is known who is the newest.
_WHOLE = 1 << 31

Staged = list[tuple[str, Outgoing]]


class Absence:
    """Withholds the lines of printers with `resume` newest or ask while their agent is away; `after` seconds of it count."""

    def __init__(self, desk: Desk, commit: Commit, after: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._commit = commit
        self._after = after
        self._clock = clock
        self._since: dict[str, float] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.look()
            await asyncio.sleep(stroke(PERIOD))

    async def look(self) -> None:
        """Once: who is away now, and who is back."""
        if not self._desk.printers.fresh:
            return
        back: list[DeviceEntry] = []
        choosy: set[str] = set()
        for entry, away in self._desk.printers.choosy():
            choosy.add(entry.device.id)
            if away:
                self._since.setdefault(entry.device.id, self._clock())
                self._desk.withheld.add(entry.device.id)
            elif entry.device.id in self._since:
                back.append(entry)
        for entry in back:
            await self._resume(entry, self._clock() - self._since[entry.device.id])
            del self._since[entry.device.id]
        for printer in self._since.keys() - choosy:
            del self._since[printer]
        if self._desk.withheld - self._since.keys():  # their owners want no say any more, or they are gone
            await self._fill(self._desk.withheld - self._since.keys())

    async def _resume(self, entry: DeviceEntry, lasted: float) -> None:
        """A printer is there again after so many seconds."""
        long = lasted >= self._after
        asks = long and entry.device.resume is ResumePolicy.ASK

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            line = await store.line(connection, entry.device.id, _WHOLE) if long else []
            turn.take(line)
            if asks and line:
                at = int(time.time() * 1000)
                await pauses.begin(connection, tenant=entry.tenant, agent=entry.agent, printer=entry.device.id, at=at)
                self._desk.paused.add(entry.device.id)
                for each in line:
                    turn.tell(each.id, Withheld(f"{each.device} was cut off for {_span(lasted)}: resume it to have this printed."))
            elif long and not asks:
                for each in _older(line):
                    turn.tell(each.id, Superseded(f"{each.device} was cut off, and there is a newer one of this name."))
            self._desk.withheld.discard(entry.device.id)
            turn.fill([entry.device.id])
            return await turn.finish()

        await self._commit(change)
        log.info(
            "printer there again",
            printer=entry.device.id,
            agent=entry.agent,
            away_s=round(lasted),
            resume=entry.device.resume.value,
        )

    async def _fill(self, printers: set[str]) -> None:
        self._desk.withheld -= printers

        async def change(connection: AsyncConnection) -> Staged:
            turn = Round(connection, self._desk)
            turn.fill(printers)
            return await turn.finish()

        await self._commit(change)


def _older(line: Sequence[Task]) -> list[Task]:
    """Those of a line that have a newer one of the same client and name: the newest came last, whatever its priority."""
    newest: dict[tuple[str, str], Task] = {}
    for each in sorted(line, key=lambda task: (task.seq, task.idx)):
        newest[each.sn, each.name] = each
    return [each for each in line if newest[each.sn, each.name] is not each]


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
