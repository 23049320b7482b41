"""The print shop: the journal's open attempts, a lane for each printer, the drivers that find them; no bus in it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from libs.contracts.devices import Device
from libs.contracts.ids import device_id
from libs.contracts.orders import AgentOrder, PrintDocument, WithdrawTask
from libs.contracts.reports import TaskExpired, TaskFailed, TaskTaken, TaskTooLate, TaskWithdrawn
from libs.runtime.crashpoint import crashpoint
from libs.runtime.traces import Tracing
from services.agent.attempt import Attempt, control_report, report
from services.agent.devices import Devices
from services.agent.documents import Documents
from services.agent.domain import Known, Step, Verdict, judge, withdrawable
from services.agent.drivers import Driver, Printer
from services.agent.journal import Change, Journal, buried, now, reached, swept, took
from services.agent.lanes import Lane

log = structlog.get_logger()

#: Ended attempts are forgotten after ten days: their orders are out of the stream after seven.
KEPT = 10 * 86_400_000
SWEEP_EVERY = 3600.0

Received = tuple[int, AgentOrder]
"""A message from the spooler and its stream sequence."""


class Shop:
    """Everything between the journal and the paper of one agent. `changed` is called when a device changed."""

    def __init__(
        self,
        sn: str,
        journal: Journal,
        documents: Documents,
        drivers: Mapping[str, Driver],
        *,
        tracing: Tracing,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._sn = sn
        self._journal = journal
        self._documents = documents
        self._drivers = drivers
        self._tracing = tracing
        self._changed = changed
        self._devices = Devices(sn)
        self._lanes: dict[str, Lane] = {}
        self._open: dict[str, Attempt] = {}
        self._running: list[asyncio.Task[None]] = []
        self._printing = False

    @property
    def open_attempts(self) -> int:
        """How many attempts have not ended."""
        return len(self._open)

    @property
    def devices(self) -> tuple[Device, ...]:
        """All devices as they are now."""
        return self._devices.all

    @property
    def complete(self) -> bool:
        """Whether every driver has said once what it has."""
        return self._devices.sources >= set(self._drivers)

    async def start(self) -> None:
        """Load what the journal holds and look for the printers; nothing is printed before `open`."""
        for held in await self._journal.open_orders():
            self._enter(Attempt(held.order, self._journal, held.step, held.job))
        await asyncio.to_thread(self._documents.sweep, {attempt.name for attempt in self._open.values()})
        for uri, driver in self._drivers.items():
            self._running.append(asyncio.create_task(self._drive(uri, driver), name=f"driver {type(driver).__name__}"))
        self._running.append(asyncio.create_task(self._sweep(), name="journal sweep"))

    def open(self) -> None:
        """Begin to print."""
        self._printing = True
        for lane in self._lanes.values():
            lane.open()

    def pause(self) -> None:
        """Begin nothing more."""
        self._printing = False
        for lane in self._lanes.values():
            lane.pause()

    async def close(self) -> None:
        """Stop at once; what is open is settled at the next start."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def receive(self, messages: Sequence[Received]) -> None:
        """Put orders and withdrawals into the journal, all in one transaction, and act on them when it is durable."""
        known = await self._journal.known(list({message.task for _, message in messages}))
        taken: list[Attempt] = []
        changes: list[Change] = []
        for sequence, message in messages:
            if isinstance(message, PrintDocument):
                changes += self._take(message, sequence, known, taken)
            else:
                changes += self._withdraw(message, known, taken)
        crashpoint("agent-before-taken")
        if changes:
            await self._journal.write(*changes)
        crashpoint("agent-after-taken")
        for attempt in taken:
            if attempt.step is Step.TAKEN:
                self._enter(attempt)

    def _take(self, order: PrintDocument, sequence: int, known: dict[str, Known], taken: list[Attempt]) -> list[Change]:
        verdict = judge(order, known.get(order.task), now())
        if verdict is Verdict.DROP:
            return []
        if verdict is Verdict.STALE:
            known[order.task] = Known(order.attempt, Step.DONE)
            return [took(order, sequence, Step.DONE), report(order, TaskExpired, stale=True)]
        if verdict is Verdict.REFUSE:
            known[order.task] = Known(order.attempt, Step.DONE)
            said = report(order, TaskFailed, reason="aborted-by-system", message="The task's id cannot be the name of a job.")
            return [took(order, sequence, Step.DONE), said]
        known[order.task] = Known(order.attempt, Step.TAKEN)
        taken.append(Attempt(order, self._journal))
        return [took(order, sequence), report(order, TaskTaken)]

    def _withdraw(self, control: WithdrawTask, known: dict[str, Known], taken: list[Attempt]) -> list[Change]:
        task, number = control.task, control.attempt
        here = next((each for each in taken if each.order.task == task), None) or self._open.get(task)
        seen = Known(here.order.attempt, here.step) if here else known.get(task)
        if not withdrawable(number, seen):
            return [control_report(control, TaskTooLate)]
        told = control_report(control, TaskWithdrawn)
        if here and here.order.attempt == number:
            here.step = Step.WITHDRAWN
            if task in self._open:
                self._lanes[here.order.printer].withdraw(here)
            known[task] = Known(number, Step.WITHDRAWN)
            return [reached(task, number, Step.WITHDRAWN), told]
        if seen and seen.attempt == number:
            return [told]  # its tombstone stands already
        known[task] = Known(number, Step.WITHDRAWN)
        return [buried(task, number), told]

    def _enter(self, attempt: Attempt) -> None:
        self._open[attempt.order.task] = attempt
        self._lane(attempt.order.printer).add(attempt)

    def _lane(self, printer: str) -> Lane:
        lane = self._lanes.get(printer)
        if lane is None:
            lane = self._lanes[printer] = Lane(self._devices.name(printer), self._documents, self._tracing, self._left)
            if self._printing:
                lane.open()
        return lane

    def _left(self, attempt: Attempt) -> None:
        if self._open.get(attempt.order.task) is attempt:
            del self._open[attempt.order.task]

    async def _drive(self, uri: str, driver: Driver) -> None:
        """Run one driver; one that breaks is started again."""
        while True:
            try:
                await driver.run(lambda printers: self._found(uri, printers))
            except Exception:
                log.exception("driver broke", driver=type(driver).__name__)
            await asyncio.sleep(5)

    def _found(self, uri: str, printers: Sequence[Printer]) -> None:
        """A driver says what it has now."""
        before = self._devices.ids(uri)
        for printer in self._devices.update(uri, printers):
            lane = self._lane(device_id(self._sn, printer.name))
            lane.label = printer.name
            lane.attach(printer)
        for gone in before - self._devices.ids(uri):
            self._lane(gone).attach(None)
        self._changed()

    async def _sweep(self) -> None:
        while True:
            await self._journal.write(swept(now() - KEPT))
            await asyncio.sleep(SWEEP_EVERY)
