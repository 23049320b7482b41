"""How full the bus is: told by gauges and in the log before it refuses anything, and relieved of what nobody needs."""

import asyncio
import shutil
from pathlib import Path

import structlog
from nats.errors import Error as NatsError
from prometheus_client import CollectorRegistry

from libs.contracts.metrics import DISK_FILL, STREAM_FILL
from libs.contracts.streams import INTAKE, Discard, streams
from libs.runtime.bus import Bus, Unanswered
from libs.runtime.database import Database
from libs.runtime.metrics import gauge
from libs.runtime.strokes import stroke
from services.spooler import store
from services.spooler.queues import Queues

log = structlog.get_logger()

EVERY = 5.0
#: Shares of a stream, and of the bus's disk, from which on somebody should know.
NEARLY_FULL, DISK_NEARLY_FULL = 0.8, 0.9


class Fill:
    """Looks at all streams every few seconds. `folder` is the bus's own where it is on this machine.

    INTAKE keeps a day of what is applied already; that goes first when there is no room for what is new.
    """

    def __init__(self, bus: Bus, database: Database, region: str, folder: Path, metrics: CollectorRegistry) -> None:
        self._bus = bus
        self._database = database
        self._folder = folder
        self._refusing = {spec.name for spec in streams(region) if spec.discard is Discard.NEW}
        self._warned: set[str] = set()
        self._share, self._disk = gauge(STREAM_FILL, metrics), gauge(DISK_FILL, metrics)
        self._queues = Queues(bus, region, metrics)

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.look()
            except (NatsError, Unanswered, TimeoutError, OSError) as error:
                log.debug("fill of the bus not known", error=str(error))
            await asyncio.sleep(stroke(EVERY))

    async def look(self) -> None:
        """Once. Raises NATS's errors, and `Away`."""
        if self._folder.is_dir():
            disk = await asyncio.to_thread(shutil.disk_usage, self._folder)
            self._disk.set(disk.used / disk.total)
            self._tell("disk", disk.used / disk.total, DISK_NEARLY_FULL)
        await self._bus.line()
        infos = await self._bus.js.streams_info()
        for info in infos:
            name, limit = str(info.config.name), info.config.max_bytes or 0
            if name not in self._refusing or limit <= 0:
                continue
            share = info.state.bytes / limit
            self._share.labels(name).set(share)
            self._tell(name, share, NEARLY_FULL)
            if name == INTAKE and share >= NEARLY_FULL:
                await self._relieve()
        await self._queues.look(infos)

    def _tell(self, what: str, share: float, limit: float) -> None:
        """Once when the limit is passed, and once when there is room again."""
        if share >= limit and what not in self._warned:
            self._warned.add(what)
            log.warning("the bus is nearly full: it will refuse what is new", what=what, percent=round(share * 100))
        elif share < limit and what in self._warned:
            self._warned.discard(what)
            log.info("the bus has room again", what=what, percent=round(share * 100))

    async def _relieve(self) -> None:
        async with self._database.reading() as connection:
            applied = await store.applied(connection, INTAKE)
        if applied:
            await self._bus.js.purge_stream(INTAKE, seq=applied + 1)
            log.info("intake relieved of what is applied", up_to=applied)
