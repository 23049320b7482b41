"""Orders as tests need them, and a shop without a bus that tells its reports."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from libs.contracts.documents import Inline, Printable
from libs.contracts.ids import device_id
from libs.contracts.message import decode
from libs.contracts.orders import PrintDocument, WithdrawTask
from libs.contracts.reports import Report
from libs.contracts.tickets import Ticket
from libs.runtime.traces import Tracing
from services.agent.documents import Documents
from services.agent.journal import Journal
from services.agent.printers import connect_all
from services.agent.shop import Shop
from tests.waiting import until

SN = "AGENT001"

#: One page of A4 with a line of text; every reader takes it.
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj\n"
    b"4 0 obj<</Length 44>>stream\nBT /F1 24 Tf 72 700 Td (One real page) Tj ET\nendstream endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R/Size 6>>\n%%EOF\n"
)


def task(number: int) -> str:
    return f"CLIENT01-{number:012d}"


def order(number: int = 1, attempt: int = 1, printer: str = "Paper", data: bytes = PDF, **given) -> PrintDocument:
    content = given.pop("content", Inline(data))
    return PrintDocument(
        region="local",
        shard=0,
        tenant="acme",
        agent=SN,
        printer=device_id(SN, printer),
        task=task(number),
        attempt=attempt,
        name="a task",
        document=Printable(content, given.pop("media_type", "application/pdf"), given.pop("pages", 1)),
        ticket=given.pop("ticket", Ticket()),
        **given,
    )


def withdrawal(number: int = 1, attempt: int = 1) -> WithdrawTask:
    return WithdrawTask(region="local", shard=0, tenant="acme", agent=SN, task=task(number), attempt=attempt)


class Desk:
    """A shop and what it told, read from its journal's outbox."""

    def __init__(self, shop: Shop, journal: Journal) -> None:
        self.shop = shop
        self.journal = journal
        self._sequence = 0

    async def give(self, *messages) -> None:
        received = []
        for message in messages:
            self._sequence += 1
            received.append((self._sequence, message))
        await self.shop.receive(received)

    async def reports(self, number: int | None = None) -> list:
        rows = await self.journal.outbox(1_000_000)
        found = [decode(Report, row.data) for row in rows]
        return found if number is None else [each for each in found if each.task == task(number)]

    async def kinds(self, number: int = 1) -> list[str]:
        return [each.kind for each in await self.reports(number)]

    async def told(self, kind: str, number: int = 1, within: float = 60.0, **fields):
        """Wait for a report and return it."""

        async def there():
            for each in await self.reports(number):
                if each.kind == kind and all(getattr(each, name) == value for name, value in fields.items()):
                    return each
            return None

        try:
            return await until(there, within, f"{kind} {fields}")
        except AssertionError as error:
            raise AssertionError(f"{error}; told was {await self.reports(number)}") from None

    async def ended(self, within: float = 60.0) -> None:
        await until(lambda: not self.shop.open_attempts, within, "all attempts ended")

    async def device(self, name: str, within: float = 60.0):
        def found():
            return next((each for each in self.shop.devices if each.name == name), None)

        return await until(found, within, f"device {name}")


@asynccontextmanager
async def desk(
    folder: Path, *uris: str, locate=None, opened: bool = True, budget: int = 10_000_000, peripherals=None, stall: float = 600.0
) -> AsyncIterator[Desk]:
    """A shop over the journal in `folder` with these printers."""

    async def nobody(order: PrintDocument) -> str:
        raise OSError("nobody answers")

    journal = await Journal.open(folder / "agent")
    async with httpx.AsyncClient() as client:
        documents = Documents(folder / "agent" / "documents", locate or nobody, budget, client)
        shop = Shop(SN, journal, documents, connect_all(uris, stall=stall), tracing=Tracing("agent"), peripherals=peripherals)
        await shop.start()
        if opened:
            shop.open()
        try:
            yield Desk(shop, journal)
        finally:
            await shop.close()
            await journal.close()


def spoken(path: Path) -> list[dict]:
    """Lines of JSON."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def free_port() -> int:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
