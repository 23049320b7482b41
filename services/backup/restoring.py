"""Bringing a backup back, so that nothing is printed twice by itself: what was open waits for somebody (ADR 0059)."""

import asyncio
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nats.js.errors import NotFoundError

from libs.contracts.streams import PRINT, outbox
from libs.runtime import snapshots
from libs.runtime.bus import Bus
from libs.runtime.database import database
from libs.runtime.keys import OPERATOR_JWT
from services.backup import databases
from services.backup.renumbering import renumber
from services.backup.taking import DOCUMENTS, IDENTITY, KEYS, STREAMS, Manifest, Unfit, copy, documents_of, read_manifest
from services.embedded.standstill import bus_of
from services.registry.settings import RegistrySettings
from services.spooler import restored
from services.spooler.app import MIGRATIONS


@dataclass(frozen=True, slots=True)
class Brought:
    """How many open tasks the spooler will hold, and where the journal of this server's own agent was put aside; None: nowhere."""

    held: int
    aside: Path | None = None


async def bring_back(settings: RegistrySettings, folder: Path, lost: int = 0) -> Brought:
    """A backup into an installation that has nothing yet, or nothing but the same keys and a bus without messages.

    `lost` is when what is brought back was lost, in ms since 1970, 0: nobody knows. Raises `Unfit`, `AlreadyRunning`, and what
    copying raises.
    """
    told = await asyncio.to_thread(read_manifest, folder)
    await asyncio.to_thread(_check, settings, folder, told)
    await asyncio.to_thread(_lay_keys, settings, folder)
    async with bus_of(settings, still=True) as bus:
        there = [name for name in told.streams if await _is_there(bus, name)]
        await databases.load(settings, folder)
        if documents := documents_of(settings):
            await asyncio.to_thread(copy, folder / DOCUMENTS, documents)
        for name in there:
            await bus.js.delete_stream(name)
        for name in told.streams:
            await snapshots.load(bus, folder / STREAMS / name)
            if name.startswith(outbox("")):
                await renumber(bus, name.removeprefix(outbox("")))
        return Brought(await _doubt(settings, bus, lost))


async def mark(settings: RegistrySettings, lost: int = 0) -> Brought:
    """The same for what was brought back by other means: a copy of the disk, or a database at an earlier time.

    An agent's journal that was brought back as well would print what it held then: it is put aside.
    """
    async with bus_of(settings, still=True) as bus:
        aside = await asyncio.to_thread(_aside, settings.data_dir / "agent")
        return Brought(await _doubt(settings, bus, lost), aside)


def _check(settings: RegistrySettings, folder: Path, told: Manifest) -> None:
    if told.region != settings.region:
        raise Unfit(f"{folder} is a backup of the region {told.region}: set PRINTBUS_REGION to that.")
    there = [f"{service}.sqlite" for service in databases.SERVICES if (settings.data_dir / f"{service}.sqlite").exists()]
    documents = documents_of(settings)
    if told.documents and documents and documents.is_dir() and any(documents.iterdir()):
        there.append(str(documents))
    if there:
        raise Unfit(f"{settings.data_dir} has {', '.join(there)} already: move it away, or set PRINTBUS_DATA_DIR to a new folder.")
    own, kept = settings.keys_dir / OPERATOR_JWT, folder / KEYS / OPERATOR_JWT
    if own.exists() and own.read_bytes() != kept.read_bytes():
        raise Unfit(f"{settings.keys_dir} has other keys than the backup: move them away, or copy those of {folder / KEYS} there.")


def _lay_keys(settings: RegistrySettings, folder: Path) -> None:
    """Who this server is: without that nobody lets it onto its bus."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.keys_dir.mkdir(exist_ok=True, mode=0o700)
    copy(folder / KEYS, settings.keys_dir)
    for name in IDENTITY:
        if (folder / name).is_file():
            shutil.copy2(folder / name, settings.data_dir / name)


async def _is_there(bus: Bus, stream: str) -> bool:
    """Whether a stream was made already, which then has to go. Raises `Unfit` for one with messages."""
    try:
        there = await bus.js.stream_info(stream)
    except NotFoundError:
        return False
    if there.state.messages:
        raise Unfit(f"The bus has messages in {stream}: a backup is brought back to a bus that has none.")
    return True


async def _doubt(settings: RegistrySettings, bus: Bus, lost: int) -> int:
    """Nobody reads orders that were made before, and the spooler holds what was open when it starts; how many tasks."""
    with suppress(NotFoundError):  # then it is made when the server starts, without any orders
        await bus.js.purge_stream(PRINT)
    async with database(settings.database_url, settings.data_dir, "spooler", MIGRATIONS) as opened:
        return await restored.note(opened, int(time.time() * 1000), lost)


def _aside(folder: Path) -> Path | None:
    if not folder.is_dir():
        return None
    aside = folder.with_name(f"agent-before-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
    folder.rename(aside)
    return aside
