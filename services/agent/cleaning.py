"""Clearing away what withdrawn attempts leave behind: their documents here, their jobs without ink at the printer."""

import asyncio
import itertools
from collections.abc import Callable

import structlog

from libs.runtime.ending import TIDYING, end
from services.agent.attempt import Attempt
from services.agent.documents import Documents
from services.agent.drivers import Fault, Printer

log = structlog.get_logger()

#: Waits between tries, in seconds; the last one repeats.
PAUSES = (0.2, 1.0, 5.0, 30.0)


class Cleaning:
    """The remains of one printer's lane; a printer that is away is waited for, over restarts of the agent too."""

    def __init__(self, documents: Documents, label: str) -> None:
        self._documents = documents
        self._label = label
        self._tasks: set[asyncio.Task[None]] = set()

    def clean(self, attempt: Attempt, printer: Callable[[], Printer | None]) -> None:
        """Clear away in the background; `printer` is the lane's printer, if it is there."""
        task = asyncio.create_task(self._clean(attempt, printer), name=f"clean {attempt.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Leave the rest."""
        await end(*self._tasks, again=TIDYING)

    async def _clean(self, attempt: Attempt, printer: Callable[[], Printer | None]) -> None:
        await self._documents.drop(attempt.order)
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            there = printer()
            try:
                if there:
                    await there.discard(attempt)
                    await attempt.clear()
                    return
            except Fault as fault:
                log.info("remains not removed", task=attempt.order.task, printer=self._label, reason=fault.reason)
            await asyncio.sleep(pause)
