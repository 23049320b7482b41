"""The dead-letter mover: an order that its worker gave up goes to DEAD by reference, and its task ends (design.md rule 13)."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from nats.js.errors import NotFoundError

from libs.contracts.dead import DeadLetter
from libs.contracts.message import Undecodable, decode
from libs.contracts.orders import Order
from libs.contracts.streams import CONVERT, DEAD, PRINT
from libs.runtime.bus import Bus, Outgoing, outgoing
from libs.runtime.reader import Incoming, OrderedReader

log = structlog.get_logger()

GivenUp = Callable[[str, str, list[tuple[str, Outgoing]]], Awaitable[None]]


class DeadLetters:
    """Reads the server's advisories about messages that reached their last delivery or were terminated by their reader."""

    def __init__(self, bus: Bus, reader: OrderedReader, region: str, on_given_up: GivenUp) -> None:
        self._bus = bus
        self._reader = reader
        self._region = region
        self._on_given_up = on_given_up

    async def run(self) -> None:
        """For ever: tell, save, delete from a work queue, acknowledge; each step may be repeated."""
        async for batch in self._reader.batches(20):
            for message in batch.messages:
                await self._move(message)
            await batch.ack()

    async def _move(self, message: Incoming) -> None:
        advisory = json.loads(message.data)
        stream, sequence = str(advisory["stream"]), int(advisory["stream_seq"])
        letter = DeadLetter(
            region=self._region,
            stream=stream,
            sequence=sequence,
            reader=str(advisory["consumer"]),
            tries=int(advisory["deliveries"]),
            cause=_cause(advisory),
            task=await self._task(stream, sequence),
            at=int(time.time() * 1000),
        )
        sentence = f"It was given up after {letter.tries} tries: the service that had to work on it failed each time."
        await self._on_given_up(letter.task, sentence, [(DEAD, outgoing(letter))])
        log.error("order given up", stream=stream, sequence=sequence, task=letter.task, reader=letter.reader)
        if stream == CONVERT:  # a work queue keeps what was never acknowledged
            await self._forget(stream, sequence)

    async def _task(self, stream: str, sequence: int) -> str:
        if stream not in (CONVERT, PRINT):
            return ""  # reports and events are nobody's order
        try:
            found = await self._bus.js.get_msg(stream, sequence)
            return str(decode(Order, found.data or b"").task)
        except (NotFoundError, Undecodable):
            return ""

    async def _forget(self, stream: str, sequence: int) -> None:
        try:
            await self._bus.js.delete_msg(stream, sequence)
        except NotFoundError:
            return


def _cause(advisory: dict[str, Any]) -> str:
    if "terminated" in str(advisory.get("type", "")):
        return str(advisory.get("reason") or "its reader could not read it")
    return "its reader failed each time"
