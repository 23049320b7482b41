"""The registry is killed when an application's printer is saved and nobody was told: the next registry tells it, once."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from libs.contracts.fleet import ListPrinters, Profile, RegisterPrinter
from libs.runtime.bus import Refused, Unanswered, connect
from tests.integration.installation import installation
from tests.integration.processes import processes
from tests.waiting import until

APP = "11111111-aaaa-4bbb-8ccc-222222222222"
MINE = {"region": "local", "tenant": "main"}
POINT = "registry-after-registered"


async def asked(bus, query: Any) -> Any:
    """Asked until there is somebody to ask."""

    async def answered() -> Any:
        with suppress(Unanswered):
            return await bus.ask(query, timeout=5)

    return await until(answered, 60, "a registry answers", every=0.1)


@pytest.mark.row(8)
@pytest.mark.timeout(180)
async def test_row_08_a_registration_that_nobody_was_told_of_is_there_once(row):
    wanted = RegisterPrinter(**MINE, app=APP, user="anna@clinic.example", profile=Profile(display="Follow me"), physical=False)
    async with installation(row.folder, []) as server, processes(server) as running:
        bus = await connect(running.url, "gateway", server.data / "keys" / "gateway.creds")
        try:
            running.start("registry", CRASHPOINT=POINT)
            asking = asyncio.create_task(asked(bus, wanted))
            await running.died("registry")
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            running.start("registry")
            with pytest.raises(Refused, match="this application has a printer 'Follow me' already"):
                await asked(bus, wanted)
            printers = (await asked(bus, ListPrinters(**MINE))).printers
            assert [each.profile.display for each in printers if each.served_by] == ["Follow me"]
        finally:
            await bus.close()
    row.did(f"The registry killed itself at `{POINT}`; its application was not answered, and registered the same printer again.")
    row.saw("It was refused with a sentence: the printer is there, once, and the next registry lists it.")
