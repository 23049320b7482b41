"""The services of an installation as processes of their own on a bus that the test brings: each started and killed by its name."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from libs.contracts.ledger import LedgerView, ReadLedger
from libs.runtime.bus import Bus, Refused, Unanswered
from tests.integration.installation import Installation
from tests.integration.processes import SERVICES, Processes
from tests.waiting import until


class Apart(Processes):
    """`Processes` whose bus is somebody else's."""

    def __init__(self, server: Installation, url: str) -> None:
        super().__init__(server, 0)
        self.url = url

    def start_all(self, *names: str, **settings: str) -> None:
        """Start these, or all."""
        for name in names or SERVICES:
            self.start(name, **settings)


@asynccontextmanager
async def apart(server: Installation, url: str) -> AsyncIterator[Apart]:
    """Whatever is started ends with the block."""
    made = Apart(server, url)
    try:
        yield made
    finally:
        await made.stop()


async def ledger(admin: Bus, within: float = 30.0) -> LedgerView:
    """What the active spooler's ledger says, as soon as there is one."""

    async def said() -> LedgerView | None:
        try:
            view: LedgerView = await admin.ask(ReadLedger(region="local"))
        except (Unanswered, Refused):
            return None
        return view

    view = await until(said, within, "a spooler is active", every=0.2)
    assert view is not None
    return view


async def metric(server: Installation, name: str) -> float:
    """One of the gateway's metrics without labels."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{server.url}/metrics")).text
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not told"
    return float(found[1])
