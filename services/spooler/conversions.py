"""Conversions that tasks ask for in one round: ordered at once where nobody else waits, else in fair turns (`shares.py`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.documents import ENGINE, Engine, Format
from libs.contracts.reports import DocumentConverted
from libs.contracts.streams import CONVERT
from libs.contracts.tasks import TaskRequest
from libs.runtime.bus import Outgoing
from services.spooler import materials, store
from services.spooler.desk import Desk
from services.spooler.orders import convert_order, traced
from services.spooler.shares import Flow, Share
from services.spooler.task import Step, Task, altered


@dataclass(frozen=True, slots=True)
class Made:
    """What a conversion is made of: a request, and what was rendered of it before."""

    request: TaskRequest
    rendered: DocumentConverted | None = None

    def engine(self, task: Task) -> Engine:
        """What converts it; what is rendered is a PDF."""
        return ENGINE[Format.PDF if self.rendered and not task.rendering else self.request.document.format]


class Conversions:
    """One round's. `close` and `ask` before tasks are saved, `orders` after it."""

    def __init__(self, connection: AsyncConnection, desk: Desk, now: int) -> None:
        self._connection = connection
        self._desk = desk
        self._now = now
        self._sent: list[tuple[Task, Made]] = []
        self._moved: set[Engine] = set()
        self._late: set[Flow] = set()

    def close(self, changed: Iterable[tuple[Task, Task | None]]) -> None:
        """Orders of tasks (as they are now, and as they were) that are over: that makes room for others."""
        for task, before in changed:
            if before is None or before.step is not Step.CONVERT or not before.engine:
                continue
            if task.step is not Step.CONVERT or task.conversions != before.conversions:
                engine = Engine(before.engine)
                self._desk.shares.engines[engine].ended(task.id)
                self._moved.add(engine)

    async def ask(self, tasks: Sequence[Task], new: Mapping[str, TaskRequest], done: Iterable[DocumentConverted]) -> list[Task]:
        """The tasks with their engines, and the time of their orders: 0 for those that wait for their turn.

        `new` are the requests of tasks that are not saved yet, `done` the conversions of this round.
        """
        made = {task.id: Made(new[task.id]) for task in tasks if task.id in new}
        if old := [task.id for task in tasks if task.id not in made]:
            rendered = {report.task: report for report in done}
            kept = await materials.kept(self._connection, old)
            made |= {id_: Made(each.request, rendered.get(id_, each.converted)) for id_, each in kept.items()}
        by_engine: dict[Engine, list[Task]] = {}
        for task in tasks:
            by_engine.setdefault(made[task.id].engine(task), []).append(task)
        return [task for engine, asked in by_engine.items() for task in self._admit(engine, asked, made)]

    def _admit(self, engine: Engine, asked: Sequence[Task], made: Mapping[str, Made]) -> list[Task]:
        share = self._desk.shares.engines[engine]
        if share.waiting or share.room < len(asked):
            flows = {_flow(task) for task in asked}
            share.waiting |= flows
            self._late |= flows
            self._moved.add(engine)
            return [altered(task, engine=engine.value, ordered_at=0) for task in asked]
        sent = [altered(task, engine=engine.value, ordered_at=self._now) for task in asked]
        for task in sent:
            share.sent(task.id, _flow(task))
        self._sent += [(task, made[task.id]) for task in sent]
        return sent

    def look_everywhere(self) -> None:
        """Look who waits for any engine when the orders are made, whatever happened."""
        self._moved.update(Engine)

    async def orders(self) -> list[tuple[str, Outgoing]]:
        """The orders that may be sent now, of this round's tasks and of those that waited for their turn."""
        for engine in sorted(self._moved):
            if chosen := await self._chosen(engine, self._desk.shares.engines[engine]):
                kept = await materials.kept(self._connection, (task.id for task in chosen))
                self._sent += [(task, Made(kept[task.id].request, kept[task.id].converted)) for task in chosen]
        desk = self._desk
        return [(CONVERT, traced(convert_order(desk, task, made.request, made.rendered))) for task, made in self._sent]

    async def _chosen(self, engine: Engine, share: Share) -> list[Task]:
        """From the front of each flow so many as its turns are; what one does not use is the others'."""
        chosen: list[Task] = []
        flows, served = set(share.waiting), self._late
        while flows and (turns := share.allot(flows)):
            short = False
            for flow, count in turns.items():
                found = await store.order_conversions(self._connection, engine.value, flow, count, self._now)
                for task in found:
                    share.sent(task.id, flow)
                chosen += found
                if len(found) < count:
                    short = True
                    flows.discard(flow)
                    if not found and flow not in served:  # it was so before this round, too, should this one be rolled back
                        share.empty(flow)
                elif found:
                    served = served | {flow}
            if not short:
                break
        return chosen


def _flow(task: Task) -> Flow:
    return Flow(task.tenant, task.printer)
