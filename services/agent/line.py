"""The agent's way to the bus: looked for until it is there, kept by itself from then on."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from libs.contracts.agents import AddressDocument, DocumentAddress
from libs.contracts.orders import PrintDocument
from libs.contracts.queries import Code
from libs.runtime.bus import Bus, Refused, Unanswered, connect
from libs.runtime.timings import Timings
from services.agent.documents import MissingError

log = structlog.get_logger()

#: How long to wait before looking for the bus again, in seconds.
AGAIN = 1.0


class Line:
    """One connection as the agent's own bus user. `gateway`: where it reaches the gateway, empty: where that says it is."""

    def __init__(self, url: str, sn: str, credentials: Path, gateway: str = "", timings: Timings | None = None) -> None:
        self._url = url
        self._gateway = gateway.rstrip("/")
        self._sn = sn
        self._credentials = credentials
        self._timings = timings
        self._bus: Bus | None = None
        self._up = asyncio.Event()
        self.problem = "the agent has no connection to the NATS server yet"

    async def look(self) -> None:
        """Connect, tried until it works; from then on the connection heals itself."""
        while True:
            try:
                self._bus = await connect(self._url, self._sn, self._credentials, revive=True, timings=self._timings)
            except (Unanswered, OSError) as error:
                if str(error) != self.problem:
                    log.warning("bus not reached", error=str(error))
                self.problem = str(error)
                await asyncio.sleep(AGAIN)
            else:
                self.problem = ""
                self._up.set()
                return

    async def bus(self) -> Bus:
        """The connection, as soon as there is one."""
        await self._up.wait()
        assert self._bus  # noqa: S101 - set together with the event
        return self._bus

    @property
    def now(self) -> Bus | None:
        """The connection if there is one now."""
        return self._bus if self._bus and self._bus.connected else None

    @property
    def reconnects(self) -> int:
        """How often it was lost and is there again."""
        return self._bus.reconnects if self._bus else 0

    async def close(self) -> None:
        """Close it, if there ever was one."""
        if self._bus:
            await self._bus.close()

    async def locate(self, order: PrintDocument) -> str:
        """The address of an order's document. Raises `MissingError` where there is none, OSError when nobody answers."""
        if self.now is None:
            raise ConnectionError("there is no connection to the NATS server")
        question = AddressDocument(region=order.region, tenant=order.tenant, agent=self._sn, task=order.task, attempt=order.attempt)
        try:
            answer: DocumentAddress = await self.now.ask(question)
        except Unanswered as error:
            raise ConnectionError(str(error)) from error
        except Refused as no:
            if no.code in (Code.BUSY, Code.FAULT):
                raise ConnectionError(no.message) from no
            raise MissingError(no.message) from no
        return self._reached(answer.url)

    def _reached(self, url: str) -> str:
        """The gateway's own address of a document where this agent reaches it; a store's signed one is good as it is."""
        parts = urlsplit(url)
        ours = self._gateway and parts.path.startswith("/documents/") and not parts.query
        return f"{self._gateway}{parts.path}" if ours else url
