"""A backup: a folder with the databases, the streams, the documents and the keys of one region, taken while it runs (ADR 0059)."""

import asyncio
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nats.js.errors import NotFoundError

from libs.contracts.streams import DEAD, IDEMPOTENCY, INTAKE, PRINT, RELAYS, REPORTS, TASKS, outbox
from libs.contracts.version import VERSION
from libs.runtime import snapshots
from libs.runtime.bus import Bus
from libs.runtime.credentials import write_secret
from services.backup import databases
from services.embedded import provision
from services.embedded.standstill import bus_of
from services.registry.settings import RegistrySettings

#: Written last: a folder without it is no backup.
MANIFEST = "backup.json"
FORMAT = 1
STREAMS, DOCUMENTS, KEYS = "streams", "documents", "keys"
#: What in a data folder says who this server is.
IDENTITY = ("sn", "token")


class Unfit(Exception):
    """The sentence says which folder cannot be used, and which can."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `taken` is when it began, in ms since 1970."""

    region: str
    taken: int
    version: str = VERSION
    format: int = FORMAT
    databases: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    documents: bool = False


def kept(others: Sequence[str]) -> tuple[str, ...]:
    """The streams in a backup. What is in no other one is made anew from the databases; of PRINT only its numbers are of use."""
    buckets = (f"KV_{IDEMPOTENCY.name}", f"KV_{RELAYS.name}")
    return (INTAKE, REPORTS, TASKS, DEAD, PRINT, *buckets, *(outbox(other) for other in others))


async def take(settings: RegistrySettings, folder: Path, *, with_databases: bool, with_documents: bool) -> Manifest:
    """Write a backup into a folder that is empty or not there.

    Databases first, then the streams that they read, then documents: what was decided meanwhile is found in the streams, and no
    task lacks its document. Raises `Unfit`, and what copying raises.
    """
    await asyncio.to_thread(_begin, settings, folder)
    taken = int(time.time() * 1000)
    files = await databases.save(settings, folder) if with_databases else []
    async with bus_of(settings) as bus:
        streams = await _streams(bus, kept(provision.others(settings)), folder / STREAMS)
    local = documents_of(settings) if with_documents else None
    if local:
        await asyncio.to_thread(copy, local, folder / DOCUMENTS)
    await asyncio.to_thread(_keys, settings, folder)
    made = Manifest(settings.region, taken, databases=tuple(files), streams=tuple(streams), documents=local is not None)
    await asyncio.to_thread(os.sync)
    await asyncio.to_thread(write_secret, folder / MANIFEST, json.dumps(asdict(made), indent=1) + "\n")
    return made


def read_manifest(folder: Path) -> Manifest:
    """What a backup says of itself. Raises `Unfit`."""
    try:
        told = Manifest(**json.loads((folder / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError):
        raise Unfit(f"{folder} is no backup, or one that did not come to its end: it has no {MANIFEST} that can be read.") from None
    if told.format != FORMAT:
        raise Unfit(f"{folder} is a backup of another format, of Printbus {told.version}: restore it with that version.")
    return told


def documents_of(settings: RegistrySettings) -> Path | None:
    """The folder in which documents lie; None: they are in an object store."""
    return None if "://" in settings.documents_url else Path(settings.documents_url or settings.data_dir / DOCUMENTS)


def copy(source: Path, target: Path) -> int:
    """Copy all files below a folder, for their owner only; how many. One that goes away meanwhile is nobody's any more."""
    count = 0
    for file in _files(source):
        to = target / file.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            shutil.copy2(file, to)
        except FileNotFoundError:
            continue
        count += 1
    return count


def _files(folder: Path) -> Iterator[Path]:
    for at, _, names in os.walk(folder):
        yield from (Path(at, name) for name in names)


def _begin(settings: RegistrySettings, folder: Path) -> None:
    if not (settings.keys_dir / "account.seed").is_file():
        raise Unfit(f"There is no installation in {settings.data_dir}: set PRINTBUS_DATA_DIR to its folder.")
    if folder.exists() and any(folder.iterdir()):
        raise Unfit(f"{folder} is not empty: name a folder that is, or one that is not there.")
    (folder / STREAMS).mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)  # keys and documents are in it


async def _streams(bus: Bus, names: Sequence[str], folder: Path) -> list[str]:
    found = []
    for name in names:
        try:
            await bus.js.stream_info(name)
        except NotFoundError:
            continue
        await snapshots.save(bus, name, folder / name)
        found.append(name)
    return found


def _keys(settings: RegistrySettings, folder: Path) -> None:
    copy(settings.keys_dir, folder / KEYS)
    for name in IDENTITY:
        if (settings.data_dir / name).is_file():
            shutil.copy2(settings.data_dir / name, folder / name)
