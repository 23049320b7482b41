"""All queues of one cupsd, as they come and go."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from libs.ipp.errors import ClientError, IppError
from services.agent.cups.queue import CupsQueue, Spooler
from services.agent.drivers import Found
from services.agent.printer_uri import PrinterUri

log = structlog.get_logger()

#: How often the queues are looked at, in seconds.
LOOK = 2.0


class Survey(Spooler, Protocol):
    """A connection that knows all queues too."""

    async def queues(self) -> tuple[set[str], str]:
        """The names of all queues, and of the default one, which may be empty. Raises `ClientError`."""


class Server:
    """The driver of one cupsd; `connect` makes a connection of its own for each queue. One that does not answer is asked again."""

    def __init__(self, connect: Callable[[], Survey], label: str, uri: PrinterUri, *, only: str = "") -> None:
        self._connect = connect
        self._label = label
        self._uri = uri
        self._only = only
        self._queues: dict[str, CupsQueue] = {}
        self._there: set[str] = set()
        self._answered = False
        self._problem = ""

    async def run(self, found: Found) -> None:
        """Look at the queues, again and again."""
        connection = self._connect()
        try:
            while True:
                try:
                    await self._survey(connection)
                    self._problem = ""
                except ClientError as error:
                    self._lose(str(error))
                found([self._queues[name] for name in sorted(self._there)] if self._answered else None)
                await asyncio.sleep(LOOK)
        except asyncio.CancelledError:  # a run that broke is begun again, and meanwhile what prints is followed
            for each in self._queues.values():
                await each.close()
            raise
        finally:
            await connection.close()

    async def _survey(self, connection: Survey) -> None:
        """Which queues there are, and how each is. Raises `ClientError`.

        A queue that is gone is kept: attempts that are on their way to it wait for it to come back.
        """
        there, default = await connection.queues()
        self._there = {name for name in there if not self._only or name == self._only}
        self._answered = True
        for name in self._there - self._queues.keys():
            self._queues[name] = CupsQueue(self._connect(), name, self._uri.name if self._only else name, self._uri)
        await asyncio.gather(*(self._refresh(self._queues[name], default=name == default) for name in self._there))

    @staticmethod
    async def _refresh(queue: CupsQueue, *, default: bool) -> None:
        """How one queue is now. Raises `ClientError`, but not for what the server says of this one: it may be going just now."""
        try:
            await queue.refresh(default=default)
        except IppError:
            queue.lose()

    def _lose(self, problem: str) -> None:
        if problem != self._problem:
            log.warning("print server not reached", server=self._label, error=problem)
        self._problem = problem
        for each in self._queues.values():
            each.lose()
