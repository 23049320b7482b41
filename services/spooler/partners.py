"""What partners do in one round: hooks that begin, end, are over their time, or end with their task."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.events import BEGUN, REMINDER, TaskHooked
from libs.contracts.hooks import HookPolicy, HookState
from libs.contracts.states import TERMINAL, Stage
from services.spooler import hooks
from services.spooler.desk import Desk
from services.spooler.hooks import Work
from services.spooler.sentences import told
from services.spooler.task import Abort, Holding, Reminded, Task
from services.spooler.views import view

log = structlog.get_logger()


#: A hook is reminded after this part of its time, and with so much of it left (ms) at least, if it was given twice as much.
REMIND = 0.8
LEFT = 60_000


class Partners:
    """The hooks of one round, loaded where they are needed and saved with its tasks."""

    def __init__(self, connection: AsyncConnection, desk: Desk, now: int) -> None:
        self._connection = connection
        self._desk = desk
        self._now = now
        self._works: dict[str, Work] = {}
        self._new: set[str] = set()
        self._changed: set[str] = set()
        self._begun: list[str] = []
        self._reminded: list[str] = []

    async def load(self, tasks: Iterable[str]) -> None:
        """Have the hooks at hand that are open at these tasks."""
        for work in await hooks.of_tasks(self._connection, tasks):
            self._works.setdefault(work.id, work)

    def take(self, work: Work) -> None:
        """Have one at hand that was loaded on this connection."""
        self._works.setdefault(work.id, work)

    def get(self, hook: str) -> Work:
        """A hook as it stands now in this round."""
        return self._works[hook]

    def current(self, task: Task) -> Work | None:
        """The hook that works on this leg of a task now."""
        return next((work for work in self._of(task) if work.state is HookState.PROCESSING), None)

    def begin(self, task: Task) -> Holding | None:
        """The hooks of the task's printer begin to work on it; None: it has none."""
        entry = self._desk.printers.entry(task.agent, task.printer)
        if entry is None or not entry.hooks:
            return None
        for work in hooks.made(task, entry.hooks, self._now):
            self._works[work.id] = work
            self._new.add(work.id)
        return self.next(task)

    def next(self, task: Task) -> Holding | None:
        """The next hook of this leg begins; None: there is none left."""
        waiting = next((work for work in self._of(task) if work.state is HookState.PENDING), None)
        if waiting is None:
            return None
        begun = self._put(replace(waiting, state=HookState.PROCESSING, until=self._now + waiting.limit * 1000))
        self._begun.append(begun.id)
        return Holding(_reminder(begun, self._now), f"It waits for {begun.who} to do its work, until {_moment(begun.until)}.")

    def describe(self, work: Work, description: str) -> Work:
        """What the partner says of its work; nothing: it stays."""
        words = told(description, 1000)
        return self._put(replace(work, description=words)) if words and words != work.description else work

    def end(self, work: Work, state: HookState, description: str) -> Work:
        """A hook comes to its end; without a description the one before stays."""
        words = told(description, 1000) or work.description
        return self._put(replace(work, state=state, description=words, ended_at=self._now))

    def remind(self, task: Task) -> Reminded | None:
        """The hook that works on a task is told once more before its time is over; None: it is over, or none works."""
        work = self.current(task)
        if work is None or work.until <= self._now:
            return None
        self._reminded.append(work.id)
        return Reminded(work.until)

    def overdue(self, task: Task) -> str | Abort:
        """The time of the hook that works on a task is over: what its definition says then; a sentence: it goes on."""
        work = self.current(task)
        if work is None:
            return ""
        policy = work.on_limit
        log.warning("hook was over its time", task=task.id, hook=work.id, definition=work.definition, policy=policy.value)
        self.end(work, HookState.ABORTED, f"It was over its time, {work.limit} s: the job {_FATE[policy]}.")
        sentence = f"{_capital(work.who)} did not end its work within its time"
        return Abort(f"{sentence}.") if policy is HookPolicy.ABORT else f"{sentence}, so it goes on unchanged."

    async def settle(self, tasks: Iterable[tuple[Task, Task | None]]) -> None:
        """Save: hooks of tasks that ended meanwhile end with them. Pairs of a task as it is and as it was."""
        ended = [task for task, before in tasks if task.stage in TERMINAL and self._may_have_open(task, before)]
        if ended:
            await self.load(task.id for task in ended)
            for task in ended:
                self.end_all(task, f"The job ended before its work: {task.message or task.reason}")
        if self._new or self._changed:
            await hooks.save(self._connection, (self._works[work] for work in self._new | self._changed), new=self._new)

    def end_all(self, task: Task, description: str) -> None:
        """All open hooks of this leg end as aborted."""
        for work in self._of(task):
            if work.state in hooks.OPEN:
                self.end(work, HookState.ABORTED, description)

    def events(self, task_of: Callable[[str], Task], region: str) -> list[TaskHooked]:
        """What has to be told: the hooks that began, and those whose time is over soon."""
        told = [(self._works[work], BEGUN) for work in self._begun]
        told += [(self._works[work], REMINDER) for work in self._reminded]
        return [
            TaskHooked(
                region=region,
                task=view(task_of(work.task)),
                hook=work.view(),
                at=self._now,
                traceparent=task_of(work.task).traceparent,
                occasion=occasion,
            )
            for work, occasion in told
            if work.state is HookState.PROCESSING
        ]

    def _may_have_open(self, task: Task, before: Task | None) -> bool:
        return (before is not None and before.stage is Stage.HOOKED) or any(work.task == task.id for work in self._works.values())

    def _of(self, task: Task) -> list[Work]:
        found = [work for work in self._works.values() if (work.task, work.leg) == (task.id, task.leg)]
        return sorted(found, key=lambda work: work.place)

    def _put(self, work: Work) -> Work:
        self._works[work.id] = work
        self._changed.add(work.id)
        return work


#: What becomes of the task, for the hook's own description.
_FATE = {HookPolicy.ABORT: "was aborted", HookPolicy.RELEASE: "went on unchanged"}


def _reminder(work: Work, now: int) -> int:
    """When it is told once more that it is waited for: after `REMIND` of its time; where that is short, its end."""
    at = min(now + int(work.limit * 1000 * REMIND), work.until - LEFT)
    return at if at >= now + LEFT else work.until


def _moment(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
