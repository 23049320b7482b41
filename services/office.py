"""Where verbs work on the registry's database: opened and migrated, and every change is recorded as the person's who asked."""

import os
import pwd
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from libs.runtime.settings import read
from services.registry import enrol
from services.registry.settings import RegistrySettings
from services.registry.store import Store
from services.webhooks import enrol as callbacks
from services.webhooks.settings import WebhooksSettings


@dataclass(frozen=True, slots=True)
class Office:
    """What a verb works with. A running registry takes up within a second what is changed here."""

    settings: RegistrySettings
    store: Store


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    """The registry's database by the settings of the environment. Raises `SettingsError`."""
    settings = read(RegistrySettings)
    async with enrol.open_store(settings) as store:
        yield Office(settings, store.acting(person()))


async def switch_endpoints(tenant: str, clients: Mapping[str, bool]) -> None:
    """Endpoints go off and on with these clients of a tenant (an empty name: with itself). Raises `SettingsError`."""
    async with callbacks.open_desk(read(WebhooksSettings)) as desk:
        for sn, enabled in clients.items():
            await callbacks.switch_with(desk, tenant, sn, enabled=enabled)


def person() -> str:
    """Who sits there: the user of the operating system, and who logged in when that is somebody else (sudo)."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    try:
        login = os.getlogin()
    except OSError:  # no terminal
        return user
    return user if login == user else f"{login} as {user}"
