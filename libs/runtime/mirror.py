"""A KV bucket mirrored in memory, that knows when it is blind (design.md section 3, the directory)."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError

from libs.contracts.directory import TICK, Tick
from libs.contracts.message import Undecodable, decode
from libs.runtime.bus import Bus
from libs.runtime.ending import end

log = structlog.get_logger()

#: Without a tick for so many seconds the mirror is blind and makes its watch anew.
BLIND_AFTER = 3.0
#: A watch that has not told all that was there within so many seconds is made anew, and one that tells nothing for so long, also
#: where what is known stays good: nothing says whether the watch itself was lost.
LOADED_WITHIN = 30.0
#: Until all is told it is looked so often, in seconds, whether it is: then less patience is due.
LOADING = 0.5
#: Seconds without news after which the server says that it is there: never, where there are ticks. Nobody waits for it here.
HEARTBEAT = 5.0
#: The server forgets a consumer that nobody listens to after so many seconds.
FORGOTTEN_AFTER = 30.0
_CONTROL = "100"
#: What a key that is no more says of itself: somebody deleted it, or its time was over (`Nats-Marker-Reason`, nats-server 2.11).
_OPERATION, _MARKER = "KV-Operation", "Nats-Marker-Reason"
_GONE = frozenset(("DEL", "PURGE"))
#: Where a copy has a message from: the stream, its number there, and more (nats-server 2.10).
_SOURCE = "Nats-Stream-Source"


class Mirror:
    """The last value of every key of one bucket, decoded once."""

    def __init__(self, bus: Bus, bucket: str, decode: Callable[[bytes], Any], *, blind_after: float = BLIND_AFTER) -> None:
        self._bus = bus
        self._bucket = bucket
        self._decode = decode
        self._blind_after = blind_after
        self._values: dict[str, Any] = {}
        self._seen = 0.0
        self._coming: dict[str, Any] = {}
        self._numbers: dict[str, int] = {}
        self._begun = 0
        self._news = False
        self.loaded = asyncio.Event()
        self.on_change: Callable[[str, Any], None] = lambda _key, _value: None

    @property
    def fresh(self) -> bool:
        """Whether it may be believed: a tick was seen within `blind_after` seconds of our own monotonic clock."""
        return self.loaded.is_set() and time.monotonic() - self._seen < self._blind_after

    @property
    def heard(self) -> bool:
        """Whether a tick was seen within `BLIND_AFTER` seconds."""
        return time.monotonic() - self._seen < BLIND_AFTER

    def get(self, key: str) -> Any:
        """The value of a key, None when there is none."""
        return self._values.get(key)

    def below(self, prefix: str) -> list[Any]:
        """The values of all keys that begin with `prefix`."""
        return [value for key, value in self._values.items() if key.startswith(prefix)]

    async def follow(self) -> None:
        """Watch for ever, anew whenever it goes blind; a body for `Service.loop`."""
        while True:
            try:
                await self._watch()
            except (NatsError, JetStreamError, TimeoutError) as error:
                log.warning("directory watched anew", bucket=self._bucket, error=type(error).__name__)
            await asyncio.sleep(0.2)

    async def _watch(self) -> None:
        """Hear of one consumer until it is silent for too long, a message is missing, or the connection is another one.

        It is one of our own instead of the client's watch, which looks four times a second whether the server waits for an answer.
        """
        watch = _Watch(self._bus, self._bucket, self._told)
        self._coming, self._numbers, self._begun, self._news = {}, {}, 0, False
        begun = time.monotonic()
        listening = asyncio.create_task(watch.listen(), name=f"watch {self._bucket}")
        try:
            while (left := max(begun, self._seen) + self._patience - time.monotonic()) > 0:
                await asyncio.wait({listening}, timeout=left if self._news else min(left, LOADING))
                if listening.done():
                    return listening.result()
        finally:
            await end(listening)

    @property
    def _patience(self) -> float:
        return min(self._blind_after, LOADED_WITHIN) if self._news else LOADED_WITHIN

    def _told(self, key: str, value: bytes | None, *, copied: int, last: bool) -> None:
        """A key's value, None: it is gone, and whether that is all there is now. An empty key: there is nothing at all.

        `copied` is the number of what was copied from another region's bucket there, else 0.
        """
        if key == TICK:  # a tick among what was there before says nothing about now
            self._seen = time.monotonic() if self._news else self._seen
            if copied:
                self._outlive(_begun(value))
        elif key:
            self._take(self._coming, key, value)
            self._numbers |= {key: copied} if copied else {}
        if last and not self._news:  # from now on it is news
            self._replace(self._coming)
            self._news = True

    def _replace(self, values: dict[str, Any]) -> None:
        """What was deleted while nobody watched is told now."""
        gone = self._values.keys() - values.keys()
        self._values = values
        self.loaded.set()
        for key in gone:
            self.on_change(key, None)

    def _outlive(self, begun: int) -> None:
        """What was copied of a bucket that is no more is gone: nobody has deleted it, for the new one never had it."""
        if begun <= self._begun:
            return
        self._begun = begun
        for key in [key for key, number in self._numbers.items() if number < begun]:
            del self._numbers[key]
            self._take(self._coming, key, None)

    def _take(self, values: dict[str, Any], key: str, value: bytes | None) -> None:
        if value is None:
            values.pop(key, None)
            self.on_change(key, None)
            return
        try:
            values[key] = self._decode(value)
        except ValueError:  # one bad entry must not hide all the others
            log.warning("entry left out", bucket=self._bucket, kind=key.partition(".")[0])
            values.pop(key, None)
        self.on_change(key, values.get(key))


def _begun(tick: bytes | None) -> int:
    """Where a bucket begins, as its tick says; 0: it does not, as those of earlier versions."""
    try:
        told: Tick = decode(Tick, tick or b"")
    except Undecodable:
        return 0
    return told.begun


def _number(source: str) -> int:
    """The number that a message had where it was copied from, 0: it was not."""
    words = source.split(" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


class _Told(Protocol):
    """Who hears what a watch has to tell."""

    def __call__(self, key: str, value: bytes | None, *, copied: int, last: bool) -> None: ...


class _Watch:
    """One ephemeral consumer of a bucket's stream: the last value of each key, then what changes."""

    def __init__(self, bus: Bus, bucket: str, told: _Told) -> None:
        self._bus = bus
        self._stream = f"KV_{bucket}"
        self._prefix = f"$KV.{bucket}."
        self._told = told
        self._expected = 1
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def listen(self) -> None:
        """Tell until a message is missing or the connection comes anew. Raises NATS's errors."""
        reconnected = self._bus.reconnected
        client = self._bus.client
        subscription = await client.subscribe(client.new_inbox(), cb=self._heard)
        breaking = asyncio.create_task(self._break(reconnected))
        try:
            made = await self._bus.js.add_consumer(self._stream, self._config(subscription.subject))
            if not made.num_pending and not (made.delivered and made.delivered.consumer_seq):
                self._told("", None, copied=0, last=True)
            await self._over
        finally:
            self._end()
            breaking.cancel()
            with suppress(NatsError):  # a line that is down forgets it all the same
                await subscription.unsubscribe()

    async def _break(self, reconnected: asyncio.Event) -> None:
        await reconnected.wait()
        self._end()

    async def _heard(self, message: Msg) -> None:
        headers = message.headers or {}
        if headers.get("Status") == _CONTROL:
            if reply := message.reply or headers.get("Nats-Consumer-Stalled"):
                await self._bus.client.publish(reply)  # flow control: we have read so far
            return
        if self._over.done():
            return
        about = message.metadata
        if about.sequence.consumer != self._expected:
            log.warning("gap while watching", stream=self._stream, expected=self._expected)
            self._end()
            return
        self._expected += 1
        gone = headers.get(_OPERATION) in _GONE or _MARKER in headers
        copied = _number(headers.get(_SOURCE, ""))
        value = None if gone else message.data
        try:
            self._told(message.subject.removeprefix(self._prefix), value, copied=copied, last=about.num_pending == 0)
        except Exception as error:  # noqa: BLE001 - who follows hears of it, the client would only log it
            self._end(error)

    def _end(self, error: Exception | None = None) -> None:
        if not self._over.done():
            self._over.set_exception(error) if error else self._over.set_result(None)

    def _config(self, inbox: str) -> ConsumerConfig:
        return ConsumerConfig(
            deliver_subject=inbox,
            deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
            ack_policy=AckPolicy.NONE,
            max_deliver=1,
            idle_heartbeat=HEARTBEAT,
            flow_control=True,
            inactive_threshold=FORGOTTEN_AFTER,
            mem_storage=True,
            num_replicas=1,
            filter_subject=f"{self._prefix}>",
        )
