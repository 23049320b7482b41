"""One life of an agent without a bus, in a process of its own that can be killed.

Orders are read from a file of JSON lines, reports are appended to `reports` in its folder, in the place of the bus.
"""

import asyncio
import json
import os
from pathlib import Path

from libs.runtime import crashpoint
from libs.runtime.bus import Outgoing
from services.agent import handlers, stall
from tests.agent.orders import desk
from tests.waiting import until


class Paper:
    """What stands in for the bus: a file that gets each report once it is published."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def publish_batch(self, _stream: str, batch: list[Outgoing]) -> None:
        with self._path.open("a") as file:
            for out in batch:
                file.write(json.dumps({"id": out.message_id, "report": json.loads(out.data)}) + "\n")


class Delivery:
    """One fetch of orders, as the reader gives it."""

    def __init__(self, orders: list[bytes]) -> None:
        self.messages = [_Message(sequence, data) for sequence, data in enumerate(orders, 1)]

    async def ack(self) -> None:
        """Nothing is redelivered but by the next run, which is given all orders again."""


class _Message:
    subject = "order.print"

    def __init__(self, sequence: int, data: bytes) -> None:
        self.sequence = sequence
        self.data = data


class _Standing:
    sequence = 0


def live(folder: Path, point: str, orders: Path, uri: str) -> None:
    """Print all orders and end, or die at a crash point."""
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    asyncio.run(_live(folder, point, orders.read_bytes().splitlines(), uri))


async def _live(folder: Path, point: str, orders: list[bytes], uri: str) -> None:
    crashpoint.arm(point)
    stall.NOT_READING = 1.0
    async with desk(folder, uri) as at:
        telling = asyncio.create_task(handlers.tell_reports(Paper(folder / "reports"), at.journal))
        await handlers.on_orders(Delivery(orders), at.shop, _Standing())
        await at.ended(60)

        async def told() -> bool:
            return not await at.journal.outbox(1)

        await until(told)
        telling.cancel()
