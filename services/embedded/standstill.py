"""An installation that runs or stands still: the lock on its data folder, and its bus, which a verb may start for a while."""

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from libs.contracts.ledger import ReadLedger
from libs.runtime.bus import Bus, Refused, Unanswered, connect
from libs.runtime.keys import ADMIN, Keys
from libs.runtime.natsserver import NatsServer
from services.embedded.inquiry import inquiry
from services.registry.settings import RegistrySettings

#: Seconds that a spooler which runs takes to say so.
SAID = 2.0


class AlreadyRunning(Exception):
    """Another server works on this data folder, or on this bus."""


def take_lock(folder: Path) -> int:
    """The lock on a data folder, to be closed in the end. Raises `AlreadyRunning`."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise AlreadyRunning(f"Another server works on the data folder {folder}: stop it, or set PRINTBUS_DATA_DIR.") from None
    return lock


@asynccontextmanager
async def bus_of(settings: RegistrySettings, *, still: bool = False) -> AsyncIterator[Bus]:
    """The bus as its administrator: the one that runs, else the embedded server's own, which ends with the block.

    `still`: nothing may run but a bus at PRINTBUS_NATS_URL. Raises `AlreadyRunning`, `SettingsError` and `Unanswered`.
    """
    if settings.nats_url:
        async with inquiry() as (bus, region):
            if still:
                await _silent(bus, region)
            yield bus
        return
    try:
        lock = take_lock(settings.data_dir)
    except AlreadyRunning:
        if still:
            raise
        async with inquiry() as (bus, _):
            yield bus
        return
    try:
        async with _started(settings) as bus:
            yield bus
    finally:
        os.close(lock)


@asynccontextmanager
async def _started(settings: RegistrySettings) -> AsyncIterator[Bus]:
    keys = Keys(settings.keys_dir)
    server = NatsServer(keys, settings.data_dir.absolute() / "nats")
    try:
        await server.start()
        bus = await connect(server.url, ADMIN, keys.path(f"{ADMIN}.creds"))
        try:
            yield bus
        finally:
            await bus.close()
    finally:
        await server.stop()


async def _silent(bus: Bus, region: str) -> None:
    try:
        await bus.ask(ReadLedger(region=region), timeout=SAID)
    except Unanswered:
        return
    except Refused:
        pass
    raise AlreadyRunning(f"A spooler of the region {region} runs: stop all services but the bus and the agents first.")
