"""Copies of the services' databases while they are in use: SQLite's own online backup, or one pg_dump of all schemas."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from libs.runtime.settings import Settings

#: In this order: what tasks refer to is copied after them.
SERVICES = ("spooler", "webhooks", "registry")
#: The file of a copy of PostgreSQL.
DUMP = "databases.dump"


class NotCopied(Exception):
    """The sentence says what is missing, or what the program said."""


async def save(settings: Settings, folder: Path) -> list[str]:
    """Write all databases into a folder, each as it is at one moment; the names of the files. Raises `NotCopied`."""
    if settings.database_url:
        schemas = [f"--schema={service}" for service in SERVICES]
        await _run(settings, "pg_dump", "--format=custom", "--no-owner", *schemas, f"--file={folder / DUMP}")
        return [DUMP]
    files = [f"{service}.sqlite" for service in SERVICES]
    for file in files:
        await asyncio.to_thread(_copy, settings.data_dir / file, folder / file)
    return files


async def load(settings: Settings, folder: Path) -> None:
    """Bring a folder's databases to where nothing is yet. Raises `NotCopied`."""
    if (folder / DUMP).exists():
        if not settings.database_url:
            raise NotCopied("The copy is of PostgreSQL: set PRINTBUS_DATABASE_URL to an empty database.")
        name = str(make_url(settings.database_url).database)
        await _run(settings, "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={name}", str(folder / DUMP))
        return
    files = [f"{service}.sqlite" for service in SERVICES if (folder / f"{service}.sqlite").exists()]
    if files and settings.database_url:
        raise NotCopied("The copy is of SQLite files: leave PRINTBUS_DATABASE_URL empty.")
    for file in files:
        await asyncio.to_thread(_copy, folder / file, settings.data_dir / file)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        raise NotCopied(f"There is no {source}: is PRINTBUS_DATA_DIR the folder of this installation?")
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))  # documents and secrets are in it
    with closing(sqlite3.connect(source, timeout=30)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


async def _run(settings: Settings, program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs; the password is in its environment, where nobody else reads it."""
    found = shutil.which(program)
    if not found:
        raise NotCopied(f"{program} is missing: install postgresql-client, or say --no-databases and copy them by other means.")
    url = make_url(settings.database_url)
    given: dict[str, object] = {"PGHOST": url.host, "PGPORT": url.port, "PGDATABASE": url.database, "PGCONNECT_TIMEOUT": 10}
    given |= {"PGUSER": url.username, "PGPASSWORD": url.password, "PGSSLMODE": url.query.get("sslmode") or url.query.get("ssl")}
    env = {"PATH": os.defpath, **{name: str(value) for name, value in given.items() if value}}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(found, *arguments, env=env, stdin=asyncio.subprocess.DEVNULL, stderr=pipe)
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:  # whoever asked has gone
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotCopied(f"{program} failed: {said.decode(errors='replace').strip()}")
