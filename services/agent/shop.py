"""The print shop: the journal's open attempts, a lane for each printer, the drivers that find them; no bus in it."""

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from prometheus_client import CollectorRegistry

from libs.contracts import canary
from libs.contracts.devices import Device
from libs.contracts.ids import device_id
from libs.contracts.orders import AgentOrder, PrintDocument, WithdrawTask
from libs.contracts.reports import TaskExpired, TaskFailed, TaskTaken, TaskTooLate, TaskWithdrawn
from libs.runtime.crashpoint import crashpoint
from libs.runtime.ending import TIDYING, end
from libs.runtime.traces import Tracing
from services.agent.attempt import Attempt, control_report, repeated, report, said
from services.agent.canary import Nowhere
from services.agent.changes import Change, buried, now, reached, remembered, took
from services.agent.devices import Devices
from services.agent.documents import Documents
from services.agent.domain import Known, Step, Verdict, judge, withdrawable
from services.agent.drivers import Driver, Printer
from services.agent.journal import Journal
from services.agent.lanes import Lane
from services.agent.meters import Meters
from services.agent.peripherals.watch import Peripherals
from services.agent.printers import driver_of

log = structlog.get_logger()

#: Ended attempts are forgotten after ten days: their orders are out of the stream after seven.
KEPT = 10 * 86_400_000
SWEEP_EVERY = 3600.0
#: How long drivers may take to say what they have before the first report of devices goes out, in seconds.
SURVEY = 5.0
#: The devices of each driver as they last were stand in the journal under this and the driver's URI.
DEVICES = "devices "

Received = tuple[int, AgentOrder]
"""A message from the spooler and its stream sequence."""


class Shop:
    """Everything between the journal and the paper of one agent. `changed` is set when a device changed."""

    def __init__(
        self,
        sn: str,
        journal: Journal,
        documents: Documents,
        drivers: Mapping[str, Driver],
        *,
        tracing: Tracing,
        peripherals: Peripherals | None = None,
        meters: Meters | None = None,
    ) -> None:
        self._sn = sn
        self._nowhere = canary.printer(sn)
        self.journal = journal
        self._documents = documents
        self._drivers = drivers
        self._tracing = tracing
        self._peripherals = peripherals
        self._meters = meters or Meters(CollectorRegistry())
        self.changed = asyncio.Event()
        self._devices = Devices(sn)
        self._surveyed = asyncio.Event()
        self._attached: set[str] = set()
        self._lanes: dict[str, Lane] = {}
        self._open: dict[str, Attempt] = {}
        self._running: list[asyncio.Task[None]] = []
        self._printing = False

    @property
    def open_attempts(self) -> int:
        """How many attempts have not ended."""
        return len(self._open)

    def at_printers(self) -> list[str]:
        """For each attempt that has not ended, the name of its printer."""
        at = (attempt.order.printer for attempt in self._open.values())
        return [self._devices.name(printer) for printer in at if printer != self._nowhere]

    def rated(self) -> dict[str, int]:
        """Pages per minute of the printers that say what they can make, by their names."""
        return {lane.label: lane.rated for lane in self._lanes.values() if lane.rated}

    @property
    def devices(self) -> tuple[Device, ...]:
        """All devices as they are now."""
        return self._devices.all

    async def start(self) -> None:
        """Load what the journal holds and look for the printers; nothing is printed before `open`."""
        self._devices.load({uri: await self.journal.fact(DEVICES + uri) for uri in self._drivers})
        for held in await self.journal.open_orders():
            self._enter(Attempt(held.order, self.journal, held.step, held.job))
        for left in await self.journal.withdrawn_orders():
            self._lane(left.order.printer).clean(Attempt(left.order, self.journal, left.step, left.job))
        self._lane(self._nowhere).attach(Nowhere())
        await asyncio.to_thread(self._documents.sweep, {attempt.name for attempt in self._open.values()})
        for uri, driver in self._drivers.items():
            self._running.append(asyncio.create_task(self._drive(uri, driver), name=f"driver {type(driver).__name__}"))
        self._running.append(asyncio.create_task(self._sweep(), name="journal sweep"))
        if self._peripherals:
            self._running.append(asyncio.create_task(self._peripherals.watch(self._beside), name="peripherals"))
        asyncio.get_running_loop().call_later(SURVEY, self._surveyed.set)

    async def surveyed(self) -> None:
        """Wait until every driver has said what it has, but not for long: one that cannot is taken as it last was."""
        await self._surveyed.wait()

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

    async def abandon(self) -> None:
        """Never print what this journal holds and has not begun: somebody else was given it, or will be once he is told."""
        never = [attempt for attempt in self._open.values() if attempt.step < Step.RELEASING]
        changes: list[Change] = []
        for attempt in never:  # all of them in this very moment: none begins while the others are written down
            order, attempt.step = attempt.order, Step.WITHDRAWN
            self._lanes[order.printer].withdraw(attempt)
            changes += [reached(order.task, order.attempt, Step.WITHDRAWN), report(order, TaskWithdrawn)]
            log.warning("attempt abandoned", task=order.task, attempt=order.attempt)
        if changes:
            await self.journal.write(*changes)

    async def drain(self, seconds: float) -> None:
        """Begin nothing more, and wait for documents that are on their way into a printer to arrive, but not longer."""
        self.pause()
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            if not any(attempt.step is Step.RELEASING for attempt in self._open.values()):
                return
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Stop at once; what is open is settled at the next start."""
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))
        await end(*self._running, again=TIDYING)

    async def receive(self, messages: Sequence[Received]) -> None:
        """Put orders and withdrawals into the journal, all in one transaction, and act on them when it is durable."""
        known = await self.journal.known(list({message.task for _, message in messages}))
        taken: list[Attempt] = []
        changes: list[Change] = []
        for sequence, message in messages:
            if isinstance(message, PrintDocument):
                changes += self._take(message, sequence, known, taken)
            else:
                changes += self._withdraw(message, known, taken)
        crashpoint("agent-before-taken")
        if changes:
            await self.journal.write(*changes)
        crashpoint("agent-after-taken")
        for attempt in taken:
            if attempt.step is Step.TAKEN:
                self._enter(attempt)

    def _take(self, order: PrintDocument, sequence: int, known: dict[str, Known], taken: list[Attempt]) -> list[Change]:
        seen = known.get(order.task)
        verdict = judge(order, seen, now())
        if verdict in (Verdict.DROP, Verdict.KNOWN):
            self._meters.duplicates.inc()
            # The same message once more was not acknowledged, that is all.
            return repeated(order, seen) if seen and verdict is Verdict.KNOWN and seen.sequence != sequence else []
        if verdict is Verdict.STALE:
            return self._never(order, sequence, known, report(order, TaskExpired, stale=True))
        if verdict is Verdict.REFUSE:
            why = "The task's id cannot be the name of a job."
            return self._never(order, sequence, known, report(order, TaskFailed, reason="aborted-by-system", message=why))
        known[order.task] = Known(order.attempt, Step.TAKEN, sequence=sequence)
        taken.append(Attempt(order, self.journal))
        return [took(order, sequence), report(order, TaskTaken)]

    @staticmethod
    def _never(order: PrintDocument, sequence: int, known: dict[str, Known], told: Change) -> list[Change]:
        """An order that ends as it comes."""
        known[order.task] = Known(order.attempt, Step.DONE, said(told), sequence)
        return [took(order, sequence, Step.DONE, said(told)), told]

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
            name = self._devices.name(printer)
            # What only tests the way is nobody's print.
            meters = self._meters if printer != self._nowhere else Meters(CollectorRegistry())
            lane = self._lanes[printer] = Lane(name, self._documents, self._tracing, self._left, meters)
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

    def _found(self, uri: str, printers: Sequence[Printer] | None) -> None:
        """A driver says what it has now, or that it cannot; it may say the same again."""
        if printers is None:
            self._devices.speechless(uri)
            self._look_around()
            return
        before = self._devices.of(uri)
        counted = self._devices.update(uri, printers)
        self._look_around()
        after = self._devices.of(uri)
        if after == before and uri in self._attached:
            return
        self._attached.add(uri)
        for printer in counted:
            lane = self._lane(device_id(self._sn, printer.name))
            lane.label, lane.driver = printer.name, driver_of(uri)
            lane.attach(printer)
        for gone in before.keys() - after.keys():
            self._lane(gone).attach(None)
        if text := self._devices.dump(uri):
            self.journal.write(remembered(DEVICES + uri, text))
        self.changed.set()

    def _beside(self, peripherals: tuple[Device, ...]) -> None:
        if self._devices.place(peripherals):
            self.changed.set()

    def _look_around(self) -> None:
        if len(self._devices.sources) == len(self._drivers):
            self._surveyed.set()

    async def _sweep(self) -> None:
        while True:
            await self.journal.sweep(now() - KEPT)
            await asyncio.sleep(SWEEP_EVERY)
