"""A dispatcher in this process, and one as a process of its own, both on a real bus."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from libs.runtime import children
from libs.runtime.database import database
from libs.runtime.service import Service
from libs.runtime.settings import PREFIX, read
from libs.runtime.traces import Tracing
from services.webhooks.app import MIGRATIONS, start
from services.webhooks.endpoints import Endpoints
from services.webhooks.history import History
from services.webhooks.settings import WebhooksSettings
from services.webhooks.store import Store
from tests.bus import Rig
from tests.waiting import until
from tests.webhooks.events import SN

ROOT = Path(__file__).resolve().parents[2]
#: Pauses that a test can wait for.
QUICK = (0.2, 0.3)


@asynccontextmanager
async def dispatcher(
    rig: Rig, url: str = "", tracing: Tracing | None = None, ready: bool = True, **given
) -> AsyncIterator[Service]:
    """A running dispatcher whose callback address is `url`."""
    defaults = {"callback_url": url, "callback_backoff": QUICK, "sn": SN, "shutdown_grace": 5.0}
    settings = read(WebhooksSettings, data_dir=rig.data_dir, nats_url=rig.url, **{**defaults, **given})
    service = Service("webhooks", tracing or Tracing("webhooks"), settings.shutdown_grace)
    try:
        await start(service, settings)
        if ready:
            await until(lambda: is_ready(service), what="the dispatcher is ready")
        yield service
    finally:
        await service.stop()


async def is_ready(service: Service) -> bool:
    return not await service.problems()


@asynccontextmanager
async def stored(rig: Rig, url: str = "") -> AsyncIterator[tuple[Store, Endpoints, History]]:
    """A look into the dispatcher's database (and the database made, should it not exist yet)."""
    async with database(url, rig.data_dir, "webhooks", MIGRATIONS) as opened:
        yield Store(opened), Endpoints(opened), History(opened)


@asynccontextmanager
async def away(url: str) -> AsyncIterator[None]:
    """A database of PostgreSQL that answers nobody while the block runs."""
    server, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        yield
    finally:
        await connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await connection.close()


class Process:
    """A dispatcher of its own, dead with this process."""

    def __init__(self, rig: Rig, url: str, **environment: str) -> None:
        given = {
            "DATA_DIR": str(rig.data_dir),
            "NATS_URL": rig.url,
            "CALLBACK_URL": url,
            "CALLBACK_BACKOFF": "[0.2, 0.3]",
            "SN": SN,
            **environment,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._log = (rig.data_dir / "webhooks.log").open("ab")
        argv = [sys.executable, "-m", "services.webhooks"]
        environ = {**kept, **{PREFIX + name: value for name, value in given.items()}}
        self._child = children.start(argv, cwd=ROOT, env=environ, stdout=self._log, stderr=self._log)

    @property
    def code(self) -> int | None:
        return self._child.poll()

    def kill(self) -> None:
        self._child.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._child.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        await until(lambda: self.code is not None, 60, "the dispatcher ends")
        return self._child.returncode

    def close(self) -> None:
        self._child.kill()
        self._child.wait()
        self._log.close()


@asynccontextmanager
async def process(rig: Rig, url: str, **environment: str) -> AsyncIterator[Process]:
    made = Process(rig, url, **environment)
    try:
        yield made
    finally:
        made.close()
