"""The dead-letter mover: an order that its worker gave up goes to DEAD by reference, and its task ends (design.md rule 13)."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from libs.contracts.dead import DeadLetter
from libs.contracts.message import Undecodable, decode
from libs.contracts.orders import ConvertDocument, Order, PrintDocument, WithdrawTask
from libs.contracts.streams import CONVERT, DEAD, PRINT
from libs.runtime.bus import Bus, Outgoing, outgoing
from libs.runtime.reader import Incoming, OrderedReader
from services.spooler.task import GivenUp, Step

log = structlog.get_logger()

OnGivenUp = Callable[[str, GivenUp, list[tuple[str, Outgoing]]], Awaitable[None]]


class DeadLetters:
    """Reads the server's advisories about messages that reached their last delivery or were terminated by their reader."""

    def __init__(self, bus: Bus, reader: OrderedReader, region: str, on_given_up: OnGivenUp) -> None:
        self._bus = bus
        self._reader = reader
        self._region = region
        self._on_given_up = on_given_up

    async def run(self) -> None:
        """For ever: tell, save, delete from a work queue, acknowledge; each step may be repeated."""
        async for batch in self._reader.batches(20):
            for message in batch.messages:
                await self._surely(message)
            await batch.ack()

    async def _surely(self, message: Incoming) -> None:
        """Tried again for as long as the bus does not answer: nothing else depends on it."""
        while True:
            try:
                await self._move(message)
            except (NatsError, JetStreamError, TimeoutError) as error:
                log.warning("dead letter waits", error=type(error).__name__)
                await asyncio.sleep(1.0)
            else:
                return

    async def _move(self, message: Incoming) -> None:
        advisory = json.loads(message.data)
        stream, sequence = str(advisory["stream"]), int(advisory["stream_seq"])
        order = await self._order(stream, sequence)
        letter = DeadLetter(
            region=self._region,
            stream=stream,
            sequence=sequence,
            reader=str(advisory["consumer"]),
            tries=int(advisory["deliveries"]),
            cause=_cause(advisory),
            task=order.task if order else "",
            at=int(time.time() * 1000),
        )
        sentence = f"It was given up after {letter.tries} tries: the service that had to work on it failed each time."
        which = (Step.CONVERT if isinstance(order, ConvertDocument) else Step.PRINT, order.attempt) if order else None
        await self._on_given_up(letter.task, GivenUp(sentence, which), [(DEAD, outgoing(letter))])
        log.error("order given up", stream=stream, sequence=sequence, task=letter.task, reader=letter.reader)
        if stream == CONVERT:  # a work queue keeps what was never acknowledged
            await self._forget(stream, sequence)

    async def _order(self, stream: str, sequence: int) -> ConvertDocument | PrintDocument | WithdrawTask | None:
        if stream not in (CONVERT, PRINT):
            return None  # reports and events are nobody's order
        try:
            found = await self._bus.js.get_msg(stream, sequence)
            order: ConvertDocument | PrintDocument | WithdrawTask = decode(Order, found.data or b"")
        except (NotFoundError, Undecodable):
            return None
        return order

    async def _forget(self, stream: str, sequence: int) -> None:
        try:
            await self._bus.js.delete_msg(stream, sequence)
        except NotFoundError:
            return


def _cause(advisory: dict[str, Any]) -> str:
    if "terminated" in str(advisory.get("type", "")):
        return str(advisory.get("reason") or "its reader could not read it")
    return "its reader failed each time"
