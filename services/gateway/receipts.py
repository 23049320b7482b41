"""What the bus said it has, kept until the spooler says so too: a bus that lost what it acknowledged is noticed in seconds.

Nothing is looked at while a door accepts: keeping a receipt is one append. Receipts are in memory only: they witness against the
bus for as long as this process lives (docs/adr/0043-the-acceptance-ledger.md).
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

import structlog
from prometheus_client import CollectorRegistry

from libs.contracts.ledger import Confirmed, ConfirmTasks
from libs.contracts.metrics import (
    GATEWAY_DUPLICATES,
    RECEIPTS_FORGOTTEN,
    RECEIPTS_LOST,
    RECEIPTS_MISSING,
    RECEIPTS_REPUBLISHED,
    RECEIPTS_WAITING,
)
from libs.contracts.streams import INTAKE
from libs.runtime.bus import Bus, NotStored, Outgoing, Refused, Unanswered
from libs.runtime.metrics import counter, looked_up

log = structlog.get_logger()

#: Seconds between a storing and the first question about it, and between two questions.
PERIOD = 1.0
#: Tasks of one question, and seconds that its answer may take: the spooler applies first what came before.
ASKED = 10_000
PATIENCE = 5.0
#: Bytes of messages that are kept to be published again, and tasks whose ids are kept.
KEPT_BYTES = 32 * 1024 * 1024
KEPT_TASKS = 500_000
#: How often a message is published again before it is only listed.
TRIES = 5
#: Ids on one line of the log.
LINE = 200


@dataclass(slots=True)
class Receipt:
    """One message that is stored: its tasks, and itself as long as there is room for it. `at` is a monotonic time."""

    tasks: tuple[str, ...]
    out: Outgoing | None
    at: float
    tries: int = 0


class Receipts:
    """The receipts of one gateway."""

    def __init__(self, bus: Bus, region: str, metrics: CollectorRegistry) -> None:
        self._bus = bus
        self._region = region
        self._waiting: deque[Receipt] = deque()
        self._bodies: deque[Receipt] = deque()
        self._bytes = 0
        self._tasks = 0
        self._woken = asyncio.Event()
        self._missing: dict[str, None] = {}
        self._lost = counter(RECEIPTS_LOST, metrics)
        self._again = counter(RECEIPTS_REPUBLISHED, metrics)
        self._forgotten = counter(RECEIPTS_FORGOTTEN, metrics)
        self._repeated = counter(GATEWAY_DUPLICATES, metrics)
        looked_up(RECEIPTS_MISSING, metrics, lambda: float(len(self._missing)))
        looked_up(RECEIPTS_WAITING, metrics, lambda: float(self._tasks))

    @property
    def missing(self) -> list[str]:
        """Tasks that were accepted and are lost now."""
        return list(self._missing)

    def repeated(self) -> None:
        """A submission came again under its key: it has its receipt."""
        self._repeated.inc()

    def keep(self, tasks: tuple[str, ...], out: Outgoing) -> None:
        """The bus acknowledged a message that hands over these tasks."""
        self._put(Receipt(tasks, out, time.monotonic()))
        if self._bytes > KEPT_BYTES or self._tasks > KEPT_TASKS:
            self._make_room()
        self._woken.set()

    async def confirm(self) -> None:
        """For ever; without receipts it sleeps."""
        while True:
            await self._woken.wait()
            await asyncio.sleep(PERIOD)
            if not self._waiting:
                self._woken.clear()
                continue
            try:
                await self._ask()
            except (Refused, Unanswered) as error:
                log.debug("receipts not confirmed yet", tasks=self._tasks, cause=str(error))

    async def _ask(self) -> None:
        """One question; what it is about leaves the front only with its answer."""
        asked = self._ripe()
        if not asked:
            return
        question = ConfirmTasks(region=self._region, tasks=tuple(task for receipt in asked for task in receipt.tasks))
        answer: Confirmed = await self._bus.ask(question, timeout=PATIENCE)
        for receipt in asked:
            if self._waiting and self._waiting[0] is receipt:  # not forgotten meanwhile for want of room
                self._take()
        missing = set(answer.missing)
        for task in question.tasks:
            if task not in missing and task in self._missing:
                del self._missing[task]
        if missing:
            await self._heal([receipt for receipt in asked if not missing.isdisjoint(receipt.tasks)], missing)

    def _ripe(self) -> list[Receipt]:
        """The oldest receipts, as many as one question takes."""
        before = time.monotonic() - PERIOD
        found: list[Receipt] = []
        count = 0
        for receipt in self._waiting:
            count += len(receipt.tasks)
            if receipt.at > before or (found and count > ASKED):
                break
            found.append(receipt)
        return found

    async def _heal(self, lost: list[Receipt], missing: set[str]) -> None:
        """Say exactly what is lost, and publish it again: the spooler knows tasks by their ids, so that none is made twice."""
        fresh = [task for receipt in lost for task in receipt.tasks if task in missing and task not in self._missing]
        self._missing.update(dict.fromkeys(fresh))
        self._lost.inc(len(fresh))
        _tell("accepted tasks are lost by the bus", fresh)
        for receipt in lost:
            if receipt.out is None or receipt.tries >= TRIES:
                _tell("lost tasks cannot be published again", [task for task in receipt.tasks if task in missing])
                continue
            receipt.tries += 1
            try:
                # Under an id of its own: a bus that lost a message may well remember its id, and call this one a duplicate.
                out = replace(receipt.out, message_id=f"{receipt.out.message_id}:again:{receipt.tries}")
                await self._bus.publish_raw(out, stream=INTAKE)
                self._again.inc()
                log.warning("lost tasks published again", tasks=len(receipt.tasks), first=receipt.tasks[0])
            except (NotStored, Unanswered) as error:
                log.warning("lost tasks not published again yet", cause=str(error))
            receipt.at = time.monotonic()
            self._put(receipt)

    def _put(self, receipt: Receipt) -> None:
        self._waiting.append(receipt)
        self._tasks += len(receipt.tasks)
        if receipt.out:
            self._bytes += len(receipt.out.data)
            self._bodies.append(receipt)

    def _take(self) -> Receipt:
        receipt = self._waiting.popleft()
        self._tasks -= len(receipt.tasks)
        if self._bodies and self._bodies[0] is receipt:
            self._bodies.popleft()
            self._bytes -= len(receipt.out.data) if receipt.out else 0
        return receipt

    def _make_room(self) -> None:
        """The oldest messages are given up first, so that their tasks can only be listed; then the oldest ids."""
        while self._bytes > KEPT_BYTES and self._bodies:
            receipt = self._bodies.popleft()
            self._bytes -= len(receipt.out.data) if receipt.out else 0
            receipt.out = None
        while self._tasks > KEPT_TASKS and self._waiting:
            self._forgotten.inc(len(self._take().tasks))


def _tell(what: str, tasks: Iterable[str]) -> None:
    """Each id, on as many lines as it takes."""
    named = list(tasks)
    for start in range(0, len(named), LINE):
        log.error(what, count=len(named), tasks=named[start : start + LINE])
