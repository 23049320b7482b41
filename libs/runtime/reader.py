"""Reading a durable consumer strictly in order by a reader that keeps its own account (design.md rule 8)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy
from nats.js.errors import APIError, NotFoundError

from libs.runtime.bus import Bus
from libs.runtime.pull import Puller
from libs.runtime.timings import Timings

log = structlog.get_logger()

#: Words of a subject for acknowledgements on a server without a domain: $JS.ACK.<stream>.<consumer>.<deliveries>.<sequence in the
#: stream>.<in the consumer>.<time>.<pending>.
_SHORT = 9


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as read: where it lay and what it holds. `at` is when the stream stored it, in ms since 1970."""

    sequence: int
    subject: str
    data: bytes
    headers: Mapping[str, str]
    at: int


class Batch:
    """Messages that are read together and acknowledged together; `by_last`: the last acknowledgement stands for all."""

    def __init__(self, messages: list[Msg], *, by_last: bool = False) -> None:
        self._acknowledged = messages[-1:] if by_last else messages
        self.messages = [incoming(message) for message in messages]

    async def ack(self) -> None:
        """Acknowledge all. A lost acknowledgement brings messages again, never an error."""
        try:
            for message in self._acknowledged:
                await message.ack()
        except NatsError as error:
            log.warning("batch not acknowledged, it comes again", messages=len(self.messages), error=type(error).__name__)


def incoming(message: Msg) -> Incoming:
    """A message that a consumer brought."""
    sequence, _, at = _place(message)
    return Incoming(sequence, message.subject, message.data, message.headers or {}, at // 1_000_000)


def _place(message: Msg) -> tuple[int, int, int]:
    """Its sequences in the stream and in the consumer, and when it was stored, in ns since 1970.

    The client's own `metadata` makes three objects and a calendar's date of it, for every message that a task consists of.
    """
    fields = message.reply.split(".")
    first = 5 if len(fields) == _SHORT else 7  # the longer form names domain and account before all that
    return int(fields[first]), int(fields[first + 1]), int(fields[first + 2])


class OrderedReader:
    """Batches in stream order. On every (re)connect and on every gap it binds with a fresh inbox and resets its consumer.

    What was read and not acknowledged comes again after a reset: the caller drops what it has (its own account of sequences).
    """

    def __init__(self, bus: Bus, stream: str, durable: str) -> None:
        self._bus = bus
        self._stream = stream
        self._durable = durable
        self._stopped = asyncio.Event()
        self._again = False
        self._puller: Puller | None = None
        self.bound = False
        #: Asked each time before the consumer is bound behind which sequence to read; without it, behind what is acknowledged.
        self.on_bound: Callable[[], Awaitable[int]] | None = None

    @property
    def timings(self) -> Timings:
        """Who tells how long messages are worked on."""
        return self._bus.timings

    def stop(self) -> None:
        """End `batches` after the batch that is out now."""
        self._stopped.set()
        if self._puller:
            self._puller.interrupt()

    def rebind(self) -> None:
        """Ask `on_bound` once more where to read on, after the batch that is out now."""
        self._again = True

    async def last_sequence(self) -> int:
        """The sequence of the last message that the stream ever took; needs the right to ask for the stream's state."""
        return int((await self._bus.js.stream_info(self._stream)).state.last_seq)

    async def stored_at(self, sequence: int) -> int:
        """When the stream stored a message, in ms since 1970, 0: it has none; needs the right to read single ones."""
        try:
            found = await self._bus.js.get_msg(self._stream, sequence)
        except NotFoundError:
            return 0
        return int(found.time.timestamp() * 1000) if found.time else 0

    async def batches(self, maximum: int = 200, wait: float = 0.0) -> AsyncGenerator[Batch, None]:
        """Batches of 1 to `maximum` messages, as soon as there are any; ends when stopped. `wait` as in `Puller.fetch`."""
        while not self._stopped.is_set():
            try:
                async with aclosing(self._in_order(maximum, wait)) as batches:
                    async for batch in batches:
                        yield batch
                if not self._stopped.is_set() and self._bus.connected:
                    await self._pause(0.1)  # two readers of one consumer must not chase each other at full speed
            except (NatsError, APIError, TimeoutError) as error:
                self.bound = False
                log.warning("reader bound anew", stream=self._stream, durable=self._durable, error=type(error).__name__)
                await self._rest()

    async def _in_order(self, maximum: int, wait: float) -> AsyncGenerator[Batch, None]:
        self._again = False
        puller = self._puller = Puller(self._bus, self._stream, self._durable)
        reconnected = self._bus.reconnected
        await puller.open()
        try:
            # The server's own account may be older, or of another stream.
            begin = await self.on_bound() + 1 if self.on_bound else None
            reset = await self._bus.js.reset_consumer(self._stream, self._durable, begin)
            by_last = reset.info.config.ack_policy == AckPolicy.ALL
            self.bound = True
            expected = 1
            while not (self._stopped.is_set() or reconnected.is_set() or self._again):
                messages = await puller.fetch(maximum, wait)
                for message in messages:
                    if _place(message)[1] != expected:
                        log.warning("gap in a consumer's sequence", stream=self._stream, durable=self._durable, expected=expected)
                        return
                    expected += 1
                if messages:
                    yield Batch(messages, by_last=by_last)
        finally:
            self.bound = False
            with suppress(NatsError):  # a line that is down forgets it all the same
                await puller.close()

    async def _rest(self) -> None:
        """Half a second, or as long as there is no connection: it may have been closed for good and be opened anew one day."""
        reconnected = self._bus.reconnected
        await self._pause(0.5)
        while not (self._bus.connected or reconnected.is_set() or self._stopped.is_set()):
            await self._pause(0.5)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopped.wait(), seconds)
        except TimeoutError:
            return
