"""How verbs reach a running server's bus: as its administrator, wherever the settings or the server itself say it listens."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.runtime.bus import Bus, connect
from libs.runtime.keys import ADMIN, Keys
from libs.runtime.machine import near
from libs.runtime.settings import SettingsError, read
from services.registry.settings import RegistrySettings


@asynccontextmanager
async def inquiry() -> AsyncIterator[tuple[Bus, str]]:
    """The bus, and the region. Raises `SettingsError` when nobody is there, and the bus's `Unanswered`."""
    settings = read(RegistrySettings)
    url = settings.nats_url or await asyncio.to_thread(_own_address, settings)
    bus = await connect(url, ADMIN, Keys(settings.keys_dir).path(f"{ADMIN}.creds"))
    try:
        yield bus, settings.region
    finally:
        await bus.close()


def _own_address(settings: RegistrySettings) -> str:
    """What the embedded server's nats-server wrote of itself."""
    scheme, host = ("tls", near(settings.nats_listen)) if settings.nats_tls_port else ("nats", "127.0.0.1")
    for ports in (settings.data_dir / "nats").glob("*.ports"):
        try:
            return f"{scheme}://{host}:{str(json.loads(ports.read_text())['nats'][0]).rpartition(':')[2]}"
        except (OSError, ValueError, KeyError, IndexError):
            continue
    raise SettingsError(f"No server runs in {settings.data_dir}: start it, or set PRINTBUS_NATS_URL or PRINTBUS_DATA_DIR.")
