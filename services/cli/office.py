"""Where verbs work on the registry's database: opened and migrated, and every change is recorded as the person's who asked."""

import os
import pwd
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import select

from libs.contracts.fleet import GetPrinter, PrinterAnswer, PrinterView
from libs.contracts.ids import device_id
from libs.contracts.message import Message
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from libs.runtime.settings import read
from services.registry import enrol
from services.registry.enrol import Unfit
from services.registry.handlers import QUESTIONS
from services.registry.presence import Presence
from services.registry.registry import Apart, Registry
from services.registry.settings import RegistrySettings
from services.registry.store import Store
from services.registry.tables import tenants
from services.webhooks import enrol as callbacks
from services.webhooks.settings import WebhooksSettings


@dataclass(frozen=True, slots=True)
class Office:
    """What a verb works with. A running registry takes up within a second what is changed here."""

    settings: RegistrySettings
    store: Store

    async def known(self, tenant: str) -> None:
        """Nothing is listed or found in a tenant that there is not. Raises `Unfit`."""
        if not await self.store.rows(select(tenants.c.id).where(tenants.c.id == tenant)):
            raise Unfit(f"There is no tenant {tenant!r}; `tenant list` names them.")

    async def ask(self, question: type[Message], tenant: str, **said: Any) -> Any:
        """The answer of the registry's handler, asked by this person. Raises `Refused`, and `Unfit` for an unknown tenant."""
        await self.known(tenant)
        known = {each.name for each in fields(question)}
        by = {"by": person()} if "by" in known else {}
        asked = question(**{"region": self.settings.region, "tenant": tenant, **by, **said})
        return await QUESTIONS[question](Registry(self.store, Presence(1.0), Apart(self.store)), asked)

    async def printer(self, tenant: str, named: str) -> PrinterView:
        """A printer by its GUID, or as SN/NAME. Raises `Refused` and `Unfit`."""
        sn, slash, name = named.partition("/")
        which = {"agent": sn, "device": device_id(sn, name)} if slash else {"printer": named}
        try:
            answer: PrinterAnswer = await self.ask(GetPrinter, tenant, **which)
        except Refused as error:
            if error.code is not Code.NOT_FOUND:
                raise
            raise Unfit(f"There is no printer {named}; `printer list --tenant {tenant}` names them.") from None
        return answer.printer


@asynccontextmanager
async def office(tenant: str = "") -> AsyncIterator[Office]:
    """The registry's database by the settings of the environment; `tenant`: one that must be there, empty: none.

    Raises `SettingsError`, and `Unfit` where there is no database or no such tenant.
    """
    settings = read(RegistrySettings)
    if not (settings.database_url or settings.keys_dir.is_dir() or (settings.data_dir / "registry.sqlite").is_file()):
        raise Unfit(f"There is no installation in {settings.data_dir.absolute()}: start the server once, or set PRINTBUS_DATA_DIR.")
    async with enrol.open_store(settings) as store:
        desk = Office(settings, store.acting(person()))
        if tenant:
            await desk.known(tenant)
        yield desk


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
