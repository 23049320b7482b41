"""Following a stream live and in order, by an ephemeral consumer that is made anew after every gap, silence or reconnect."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError

from libs.runtime.bus import Bus
from libs.runtime.reader import Incoming, incoming

log = structlog.get_logger()

#: The server says so often (in seconds) that it is there; after three times nothing the consumer is made anew.
HEARTBEAT = 1.0
#: The same of a server in no cluster, where a consumer is lost only together with its stream.
HEARTBEAT_ALONE = 3.0
#: The server forgets a consumer that nobody listens to after so many seconds.
FORGOTTEN_AFTER = 30.0
_CONTROL = "100"


class Follower:
    """Messages of a stream on these subjects after a sequence. It needs the rights that `permissions` calls following."""

    def __init__(self, bus: Bus, stream: str, subjects: Sequence[str], after: int) -> None:
        self._bus = bus
        self._stream = stream
        self._subjects = list(subjects)
        #: The sequence up to which everything was given.
        self.after = after
        #: Called with the stream's first and last sequence each time before anything is read.
        self.on_bound: Callable[[int, int], None] = lambda _first, _last: None

    async def messages(self) -> AsyncGenerator[Incoming, None]:
        """The messages, each once, for ever."""
        while True:
            try:
                async with aclosing(self._in_order()) as found:
                    async for message in found:
                        self.after = message.sequence
                        yield message
            except (NatsError, JetStreamError, TimeoutError) as error:
                log.warning("stream followed anew", stream=self._stream, error=type(error).__name__)
            await asyncio.sleep(0.3)

    async def _in_order(self) -> AsyncGenerator[Incoming, None]:
        """Messages as long as they come without a gap; the connection's break, a gap or a silence ends it."""
        state = (await self._bus.js.stream_info(self._stream)).state
        self.after = min(self.after, state.last_seq)  # a stream that was made anew counts from the beginning
        self.on_bound(state.first_seq, state.last_seq)
        client = self._bus.client
        coming: asyncio.Queue[Msg | None] = asyncio.Queue()
        subscription = await client.subscribe(client.new_inbox(), cb=coming.put)
        try:
            await self._bus.js.add_consumer(self._stream, self._config(subscription.subject))
            expected = 1
            async with aclosing(self._heard(coming)) as heard:
                async for message in heard:
                    if message.metadata.sequence.consumer != expected:
                        log.warning("gap while following", stream=self._stream, expected=expected)
                        return
                    expected += 1
                    yield incoming(message)
        finally:
            with suppress(NatsError):  # a line that is down forgets it all the same
                await subscription.unsubscribe()

    async def _heard(self, coming: "asyncio.Queue[Msg | None]") -> AsyncGenerator[Msg, None]:
        """Messages until there is none for three heartbeats, or the connection comes anew."""
        breaking = asyncio.create_task(_break(self._bus.reconnected, coming))
        try:
            while message := await self._next(coming):
                if (message.headers or {}).get("Status") != _CONTROL:
                    yield message
                elif reply := message.reply or (message.headers or {}).get("Nats-Consumer-Stalled"):
                    await self._bus.client.publish(reply)  # flow control: we have read so far
        finally:
            breaking.cancel()

    async def _next(self, coming: "asyncio.Queue[Msg | None]") -> Msg | None:
        if not coming.empty():
            return coming.get_nowait()
        try:
            async with asyncio.timeout(3 * self._heartbeat):
                return await coming.get()
        except TimeoutError:
            return None

    @property
    def _heartbeat(self) -> float:
        return HEARTBEAT_ALONE if self._bus.alone else HEARTBEAT

    def _config(self, inbox: str) -> ConsumerConfig:
        return ConsumerConfig(
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self.after + 1,
            ack_policy=AckPolicy.NONE,
            max_deliver=1,
            idle_heartbeat=self._heartbeat,
            flow_control=True,
            inactive_threshold=FORGOTTEN_AFTER,
            mem_storage=True,
            num_replicas=1,
            filter_subject=self._subjects[0] if len(self._subjects) == 1 else None,
            filter_subjects=self._subjects if len(self._subjects) > 1 else None,
        )


async def _break(reconnected: asyncio.Event, coming: "asyncio.Queue[Msg | None]") -> None:
    await reconnected.wait()
    coming.put_nowait(None)
