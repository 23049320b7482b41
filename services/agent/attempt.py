"""One attempt at one order: its step in the journal, its document, and what it has told."""

import asyncio
import time
from typing import Any, TypeVar

from libs.contracts.ids import job_name
from libs.contracts.message import decode, encode
from libs.contracts.orders import PrintDocument, WithdrawTask
from libs.contracts.reports import (
    TaskExpired,
    TaskFailed,
    TaskPrinted,
    TaskPrinting,
    TaskReport,
    TaskReports,
    TaskSent,
    TaskStopped,
    TaskTaken,
    TaskUnknown,
    TaskWithdrawn,
)
from libs.runtime import traces
from libs.runtime.crashpoint import crashpoint
from services.agent.changes import Change, cleared, now, reached, told
from services.agent.documents import Content
from services.agent.domain import Failed, Known, Outcome, Printed, Step
from services.agent.journal import Journal

Told = TypeVar("Told", bound=TaskReport)


class Withdrawn(Exception):
    """The attempt was withdrawn before its point of no return: stop, and clean up."""


def report(order: PrintDocument, kind: type[Told], **fields: Any) -> Change:
    """A report on an order's attempt for the journal's outbox."""
    message = kind(
        region=order.region, tenant=order.tenant, agent=order.agent, task=order.task, attempt=order.attempt, at=now(), **fields
    )
    return told(message.subject, encode(message), traces.current() or order.traceparent)


def control_report(control: WithdrawTask, kind: type[TaskReport]) -> Change:
    """The answer to a withdrawal for the journal's outbox."""
    message = kind(
        region=control.region, tenant=control.tenant, agent=control.agent, task=control.task, attempt=control.attempt, at=now()
    )
    return told(message.subject, encode(message), traces.current())


def repeated(order: PrintDocument, known: Known) -> list[Change]:
    """What the journal knows of an order's attempt, told once more: how it ended, or that it is here and its end will follow."""
    if known.step is Step.WITHDRAWN:
        return [report(order, TaskWithdrawn)]
    if not known.step.ended:
        return [report(order, TaskTaken)]
    if not known.said:
        return []  # it ended before the reports of ends were kept
    return [told(decode(TaskReports, known.said).subject, known.said, order.traceparent)]


def said(change: Change) -> bytes:
    """The report that a change tells."""
    data: bytes = change[1][1]
    return data


class Attempt:
    """What the lanes and drivers hold of an order. The step in memory is never behind the one in the journal."""

    def __init__(self, order: PrintDocument, journal: Journal, step: Step = Step.TAKEN, job: int | None = None) -> None:
        self.order = order
        self.name = job_name(order.task, order.attempt)
        self.step = step
        self.job = job
        self.strayed = step > Step.TAKEN  # a job of this name may stand at the printer without our knowing its number
        self.content = Content(order.document.media_type, b"", None)
        self.discarded: set[int] = set()  # numbers of jobs that we canceled ourselves
        self.pages = 0  # on paper, as far as the printer has said
        self.left_at = 0.0  # by the monotonic clock, when the printer had all data; 0: not in this run
        self.walk: asyncio.Task[None] | None = None
        self._journal = journal
        self._stopped = ""
        self._printing = False
        self._begun = 0.0
        self._told: tuple[str, float] | None = None

    def begin(self) -> None:
        """Its turn at its printer has come."""
        self._begun = time.monotonic()

    @property
    def told_after(self) -> tuple[str, float]:
        """What was told first of what became of it (printed, failed, unknown, expired, stopped), so many seconds after its turn."""
        return self._told or ("failed", time.monotonic() - self._begun)

    def _tell(self, what: str) -> None:
        self._told = self._told or (what, time.monotonic() - self._begun)

    async def reach(self, step: Step, *, job: int | None = None, **tell: Any) -> None:
        """Make a step durable, with the report that tells it. Raises `Withdrawn` instead once a tombstone stands."""
        if self.step is Step.WITHDRAWN:
            raise Withdrawn
        crashpoint(f"agent-before-{step.word}")
        changes = [reached(self.order.task, self.order.attempt, step, job)]
        if step is Step.RELEASING and (self._stopped or not self._printing):  # a busy printer is offered it again and again
            self._printing = True
            changes.append(report(self.order, TaskPrinting))
        elif step is Step.RELEASED and tell.pop("sent", False):
            changes.append(report(self.order, TaskSent))
        self.step = step
        self.job = job or self.job
        await self._journal.write(*changes)
        crashpoint(f"agent-after-{step.word}")

    def commit(self) -> None:
        """Pass the point of no return in memory only: for what settles itself by its own name after a crash."""
        if self.step is Step.WITHDRAWN:
            raise Withdrawn
        self.step = Step.RELEASING

    async def end(self, outcome: Outcome) -> None:
        """The attempt is over, and told so."""
        self._tell(type(outcome).__name__.lower())
        if isinstance(outcome, Printed):
            change = report(self.order, TaskPrinted, pages_done=outcome.pages, confirmed=outcome.confirmed, warning=outcome.warning)
        elif isinstance(outcome, Failed):
            change = report(
                self.order,
                TaskFailed,
                reason=outcome.reason,
                message=outcome.message,
                transient=outcome.transient,
                canceled=outcome.canceled,
                pages_done=outcome.pages,
                pages_sure=outcome.sure,
            )
        else:
            change = report(self.order, TaskUnknown, message=outcome.message, pages_done=outcome.pages)
        await self._ended(change)

    async def expire(self) -> None:
        """Its time was over before it was begun."""
        self._tell("expired")
        await self._ended(report(self.order, TaskExpired))

    async def clear(self) -> None:
        """It was withdrawn, and nothing of it is left."""
        await self._journal.write(cleared(self.order.task, self.order.attempt))

    async def _ended(self, change: Change) -> None:
        crashpoint("agent-before-done")
        self.step = Step.DONE
        await self._journal.write(reached(self.order.task, self.order.attempt, Step.DONE, said=said(change)), change)
        crashpoint("agent-after-done")

    def stop(self, reason: str, message: str, pages: int = 0, *, resumes: bool = True) -> None:
        """Tell that the printer does not go on; once for each reason and number of pages."""
        said = f"{reason}/{pages}/{resumes}"
        if said != self._stopped and not self.step.ended:
            self._stopped = said
            self._tell("stopped")
            self._say(TaskStopped, reason=reason, message=message, pages_done=pages, resumes=resumes)

    def resume(self, pages: int = 0) -> None:
        """Tell that it goes on, if it was told to be stopped."""
        if self._stopped and not self.step.ended:
            self._stopped = ""
            if self.step >= Step.RELEASING:
                self._say(TaskPrinting, pages_done=pages)

    @property
    def stopped(self) -> bool:
        """Whether the last thing told is that it is stopped."""
        return bool(self._stopped)

    def _say(self, kind: type[TaskReport], **fields: Any) -> None:
        self._journal.write(report(self.order, kind, **fields))
