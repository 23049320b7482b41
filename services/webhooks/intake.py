"""Reading TASKS and DEVICES: one process at a time, in their order, each event's deliveries saved before it is acknowledged."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import structlog

from libs.contracts.events import AnyTaskEvent, DeviceChanged
from libs.contracts.streams import DEAD, DEVICES, TASKS, ConsumerSpec, consumers
from libs.runtime.bus import Bus
from libs.runtime.commit import Change, Commit
from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import Database
from libs.runtime.inputs import Input
from libs.runtime.lease import Lease, LeaseLost
from libs.runtime.outbox import Outbox
from libs.runtime.reader import OrderedReader
from services.webhooks.handlers import Handlers
from services.webhooks.tables import cursors, lease, outbox

log = structlog.get_logger()

#: Events of one transaction.
BATCH = 500


#: Stream -> what its messages are.
EVENTS: Mapping[str, Any] = {TASKS: AnyTaskEvent, DEVICES: DeviceChanged}


def consumer(region: str, stream: str) -> ConsumerSpec:
    """The durable that brings us the events of a region's stream."""
    (spec,) = (each for each in consumers(region) if each.stream == stream and each.durable.startswith("webhooks_"))
    return spec


class Intake:
    """Holds the lease, reads while it does, and tells the lanes whose endpoints have something new."""

    def __init__(self, database: Database, bus: Bus, handlers: Handlers, wake: Callable[[set[str]], None], holder: str) -> None:
        self._database = database
        self._bus = bus
        self._handlers = handlers
        self._wake = wake
        lock = asyncio.Lock()
        self._lease = Lease(database, lease, "intake", holder)
        self._outbox = Outbox(database, outbox, bus, (DEAD,), lock)
        self._commit = _Waking(database, self._outbox, self._lease, lock, self._committed)
        self._held = asyncio.Event()
        self._stopped = False
        self._inputs: dict[str, Input] = {}

    async def hold(self) -> None:
        """Claim and renew the lease for ever; a body for `Service.loop`."""
        await self._lease.hold(self._changed)

    async def bury(self) -> None:
        """Publish dead letters for ever; a body for `Service.loop`."""
        await self._outbox.publish(DEAD)

    async def release(self) -> None:
        """Give the lease up."""
        await self._lease.release()

    def stop(self) -> None:
        """End after the batch that is being saved."""
        self._stopped = True
        self._held.set()
        for each in self._inputs.values():
            each.stop()

    async def run(self, region: str, stream: str) -> None:
        """Read a stream whenever the lease is ours; a body for `Service.loop`."""
        while not self._stopped:
            await self._held.wait()
            if not self._stopped:
                await self._read(region, stream)

    async def _read(self, region: str, stream: str) -> None:
        reader = OrderedReader(self._bus, stream, consumer(region, stream).durable)
        reading = self._inputs[stream] = Input(self._commit, self._database, cursors, reader, stream)
        take = partial(self._handlers.take, EVENTS[stream])
        try:
            await reading.run(take, self._handlers.give_up, region=region, maximum=BATCH, nobody=self._handlers.nobody)
        except LeaseLost:
            log.info("another replica reads the events now")
            if not self._lease.held:
                self._held.clear()
        finally:
            del self._inputs[stream]

    def _changed(self, held: bool) -> None:  # noqa: FBT001 - the lease says so
        if held:
            self._held.set()
            return
        self._held.clear()
        for each in self._inputs.values():
            each.stop()

    def _committed(self) -> None:
        crashpoint("webhooks-after-insert")
        touched, self._handlers.touched = self._handlers.touched, set()
        self._wake(touched)


class _Waking(Commit):
    """A commit after which somebody is told."""

    def __init__(self, database: Database, outbox: Outbox, lease: Lease, lock: asyncio.Lock, after: Callable[[], None]) -> None:
        super().__init__(database, outbox, lease, lock)
        self._after = after

    async def __call__(self, change: Change) -> None:
        await super().__call__(change)
        self._after()
