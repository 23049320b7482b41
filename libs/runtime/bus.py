"""The bus for plain use: publishing with acknowledgement always, atomic batches, questions (design.md section 6)."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError, NoRespondersError
from nats.js.api import PubAck
from nats.js.client import JetStreamContext
from nats.js.errors import APIError

from libs.contracts.message import Message, decode, encode
from libs.contracts.permissions import inbox
from libs.contracts.queries import ANSWER, Code, Refusal
from libs.runtime import traces
from libs.runtime.closing import arrived, closed
from libs.runtime.timings import Timings
from libs.runtime.trust import bus_options, bus_servers
from libs.runtime.versions import tell_age

log = structlog.get_logger()
T = TypeVar("T")

#: One question to JetStream itself, in seconds: less than anybody outside waits for us.
API_TIMEOUT = 4.0
#: One try of a publish, and how long it is tried again: a leader change takes about 5 s (design.md rule 1).
PUBLISH_TIMEOUT = 2.0
PUBLISH_PATIENCE = 15.0
RETRY = 0.25
#: Seconds that a line may be down before whoever publishes or asks is told: a restart is over by then, and nobody hangs.
AWAY = 2.5
#: Seconds without a line after which whoever decides leaves that to another.
GONE = 5.0
#: The server is asked so often (in seconds) whether it is there, and given up when it has missed two: it may be frozen, or behind
#: a line that swallows everything.
PING = 3
PINGS = 2
#: One on this machine that is alone can only be frozen, and there is no other to turn to: it is asked so often.
PING_BESIDE = 10
#: A client that was closed for good asks to be let in again after so many seconds, at first and at most, and tries for so many.
REVIVE = 2.0
REVIVE_LAST = 10.0
TRY = 4.0
#: Seconds between two tries to get a broken line back, at first and at most. Each takes up to half more or less of it: whoever
#: lost its line in the same moment shall not come back in the same moment.
AGAIN = 0.25
AGAIN_LAST = 2.0
#: Bytes per second that a server under load stores at least.
SLOWEST = 5_000_000
#: A batch in which at least one message was stored before (JetStream: duplicate within an atomic batch).
DUPLICATE_IN_BATCH = 10201
#: Refusals that are over in a moment: the server was restarted under a batch, or is busy with too many of them.
INCOMPLETE_BATCH = 10176
TOO_MANY_BATCHES = 10210
#: Refusals with the status "unavailable" that stay: the stream or the server's store is full.
STORE_FULL = 10047
FULL = (STORE_FULL, 10077, 10122)


class Unanswered(Exception):
    """Nobody answered in time: nothing is known about what was asked."""


class Away(Unanswered):
    """There is no line: nothing was said, nothing is done."""


class Refused(Exception):
    """The answer was no: `code` for programs, the text for people."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class NotStored(Exception):
    """The stream said no, and saying it again would not help (full, or too large); `code` is JetStream's, 0: none."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as bytes: what an outbox row holds."""

    subject: str
    data: bytes
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


def outgoing(message: Message, message_id: str = "") -> Outgoing:
    """A message ready to be stored in an outbox, its own `traceparent` or the current one in its headers."""
    traceparent = getattr(message, "traceparent", "") or traces.current()
    headers = {"traceparent": traceparent} if traceparent else {}
    return Outgoing(message.subject, encode(message), message_id or message.id, headers)


class Bus:
    """One NATS connection of one user. Reconnects for ever; `reconnected` is set and replaced at each of `reconnects`."""

    def __init__(self, client: Client, user: str, timings: Timings | None = None) -> None:
        self.client = client
        self.user = user
        self.timings = timings or Timings(user)
        self.js: JetStreamContext = client.jetstream(timeout=API_TIMEOUT)
        self.reconnected = asyncio.Event()
        self.reconnects = 0
        self.lost_at: float | None = None
        self.closing = False
        self.reviving: asyncio.Task[None] | None = None

    def renew(self, client: Client) -> None:
        """Go on over another connection of the same user."""
        self.client = client
        self.js = client.jetstream(timeout=API_TIMEOUT)

    @property
    def gone(self) -> bool:
        """Whether the line is down for so long that others should do our work, if theirs is not."""
        return self.lost_at is not None and time.monotonic() - self.lost_at > GONE

    @property
    def connected(self) -> bool:
        """Whether the line is up now."""
        return bool(self.client.is_connected)

    @property
    def alone(self) -> bool:
        """Whether our server is in no cluster: then nothing that it holds for us is lost as long as the line is up."""
        return not self.client._server_info.get("cluster")  # noqa: SLF001 - what the server says of itself is shown nowhere

    async def close(self) -> None:
        """Flush what is buffered and close."""
        self.closing = True
        if self.reviving:
            self.reviving.cancel()
        if self.client.is_closed:
            return
        try:
            await asyncio.wait_for(arrived(self.client), 2)
        except (NatsError, TimeoutError):
            log.warning("bus closed unflushed", user=self.user)
        await closed(self.client)

    async def publish(self, message: Message, *, stream: str, message_id: str = "", patience: float = PUBLISH_PATIENCE) -> PubAck:
        """Store one message; returns JetStream's acknowledgement. Raises as `publish_raw`."""
        return await self.publish_raw(outgoing(message, message_id), stream=stream, patience=patience)

    async def publish_raw(self, out: Outgoing, *, stream: str, patience: float = PUBLISH_PATIENCE) -> PubAck:
        """Store one message, tried again with the same id until `patience` seconds are over, or as long as there is a line.

        Raises `NotStored` when the stream refuses it, `Unanswered` when nobody acknowledged in time, `Away` before the first try.
        """
        headers = {**out.headers, "Nats-Msg-Id": out.message_id} if out.message_id else dict(out.headers)

        async def store() -> PubAck:
            return await self.js.publish(out.subject, out.data, timeout=PUBLISH_TIMEOUT, stream=stream, headers=headers)

        with self.timings.publishing(stream):
            return await self._patiently(stream, patience, store)

    async def publish_batch(self, stream: str, batch: Sequence[Outgoing], *, patience: float = PUBLISH_PATIENCE) -> None:
        """Store all or nothing, in order, as one atomic batch (or one message); a batch stored before counts as success.

        Raises `NotStored` and `Unanswered` as `publish_raw`.
        """
        if len(batch) == 1:
            await self.publish_raw(batch[0], stream=stream, patience=patience)
            return
        try:
            with self.timings.publishing(stream):
                await self._patiently(stream, patience, partial(self._atomic, stream, batch))
        except NotStored as refusal:
            if refusal.code != DUPLICATE_IN_BATCH:
                raise
            for out in batch:  # row by row; what is a duplicate is stored already
                await self.publish_raw(out, stream=stream, patience=patience)

    async def _atomic(self, stream: str, batch: Sequence[Outgoing]) -> None:
        """One atomic batch: the first message is answered at once (so that a refusal stops us), the last commits."""
        batch_id = uuid4().hex
        last = len(batch)
        timeout = PUBLISH_TIMEOUT + last / 2000 + sum(len(out.data) for out in batch) / SLOWEST
        for sequence, out in enumerate(batch, 1):
            headers = {**out.headers, "Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(sequence)}
            if out.message_id:
                headers["Nats-Msg-Id"] = out.message_id
            if sequence == last:
                headers["Nats-Batch-Commit"] = "1"
            if sequence in (1, last):
                headers["Nats-Expected-Stream"] = stream  # the others are of the same batch, and every header is read by everybody
                answer = await self.client.request(out.subject, out.data, timeout=timeout, headers=headers)
                _raise_error(answer.data)
            else:
                await self.client.publish(out.subject, out.data, headers=headers)

    async def ask(self, query: Message, *, timeout: float = 2.0) -> Any:  # noqa: ASYNC109 - NATS counts the time itself
        """Ask and return the record that `libs.contracts.queries.ANSWER` names.

        Raises `Refused` when the answer is no, `Unanswered` when there is none in time, `Away` when there is no line.
        """
        with self.timings.asking(type(query).__name__, Refused):
            await self.line()
            headers = {"traceparent": traceparent} if (traceparent := traces.current()) else None
            try:
                answer = await self.client.request(query.subject, encode(query), timeout=timeout, headers=headers)
            except NoRespondersError:
                raise Unanswered(f"nobody is there to answer {type(query).__name__}") from None
            except (NatsError, TimeoutError) as error:
                raise Unanswered(f"no answer to {type(query).__name__} within {timeout:.0f} s") from error
            if answer.data.startswith(b'{"kind":"Refusal"'):
                refusal: Refusal = decode(Refusal, answer.data)
                raise Refused(refusal.code, refusal.message)
            return decode(ANSWER[type(query)], answer.data)

    async def line(self) -> None:
        """Wait until the line is up. Raises `Away` once it is down for `AWAY` seconds."""
        reconnected = self.reconnected
        if self.connected:
            return
        down = time.monotonic() - self.lost_at if self.lost_at else 0.0
        try:
            await asyncio.wait_for(reconnected.wait(), max(0.0, AWAY - down))
        except TimeoutError:
            raise Away(f"there is no connection to the NATS server for {AWAY} s") from None

    async def _patiently(self, stream: str, patience: float, store: Callable[[], Awaitable[T]]) -> T:
        """`store`, tried again until `patience` seconds are over: what was stored unseen is a duplicate next time."""
        await self.line()
        deadline = time.monotonic() + patience
        while True:
            try:
                return await store()
            except MaxPayloadError:
                raise NotStored(f"{stream} cannot take a message that is larger than the server takes") from None
            except APIError as error:
                if not _passing(error):
                    raise NotStored(f"{stream} refused a message: {error.description}", error.err_code or 0) from error
            except (NatsError, TimeoutError) as error:
                log.debug("not acknowledged yet", stream=stream, error=type(error).__name__)
            if time.monotonic() + RETRY > deadline:
                raise Unanswered(f"{stream} did not acknowledge within {patience:.0f} s")
            await asyncio.sleep(RETRY)
            try:
                await self.line()
            except Away as away:
                raise Unanswered(f"{stream} did not acknowledge: {away}") from None

    async def tell(self, message: Message) -> None:
        """Core NATS, no acknowledgement: for what may be lost (heartbeats)."""
        await self.client.publish(message.subject, encode(message))


def rest(client: Client) -> None:
    """Ask the server that a client is connected to less often whether it is there, where that tells nothing."""
    url = client.connected_url
    beside = url is not None and url.hostname in ("127.0.0.1", "::1", "localhost") and not client._server_info.get("cluster")  # noqa: SLF001 - as above
    client.options["ping_interval"] = PING_BESIDE if beside else PING


def _raise_error(data: bytes) -> None:
    """A stream's refusal of one message of a batch; the answers in between are empty."""
    if data and b'"error"' in data:
        raise APIError.from_error(json.loads(data)["error"])


def _passing(error: APIError) -> bool:
    """Whether the server's refusal may be over in a moment (no leader, restarting), unlike a full stream."""
    if error.err_code in (INCOMPLETE_BATCH, TOO_MANY_BATCHES):
        return True
    return (error.code or 0) == 503 and error.err_code not in FULL


async def connect(
    url: str, user: str, credentials: Path, *, within: float = 10.0, revive: bool = False, timings: Timings | None = None
) -> Bus:
    """Connect as `user` with its private inbox. Raises `Unanswered` when no server lets us in within so many seconds.

    `revive`: after a no that closes the client for good (expired, revoked) it is tried again for ever, as credentials may
    become good again; to users of the bus that is a reconnect. `timings`: who tells how long what is done over it takes.
    """
    caller = _Caller(Bus(Client(), user, timings), url, credentials, within, revive=revive)
    try:
        await caller.call(caller.bus.client)
    except (OSError, NatsError, TimeoutError) as error:
        await caller.bus.close()
        why = str(error) or caller.problem or type(error).__name__
        raise Unanswered(f"no NATS server lets us in at {url} as {user}: {why}") from error
    return caller.bus


class _Caller:
    """Who opens a bus's connection, and hears what becomes of it."""

    def __init__(self, bus: Bus, url: str, credentials: Path, within: float, *, revive: bool) -> None:
        self.bus = bus
        self._url = url
        self._credentials = credentials
        self._within = within
        self._revive = revive
        self._pause = AGAIN
        self.problem = ""

    async def call(self, client: Client, within: float | None = None) -> None:
        """Open one connection. Raises NATS's errors, `OSError` and `TimeoutError`."""
        connecting = client.connect(
            bus_servers(self._url),
            name=self.bus.user,
            user_credentials=str(self._credentials),
            inbox_prefix=inbox(self.bus.user).encode(),
            max_reconnect_attempts=-1,
            reconnect_time_wait=AGAIN if within is None else TRY,  # type: ignore[arg-type]
            connect_timeout=2 if self._url.startswith("nats://") else 5,
            ping_interval=PING,
            max_outstanding_pings=PINGS,
            reconnected_cb=self._reconnected,
            error_cb=self._erred,
            disconnected_cb=self._lost,
            closed_cb=self._closed,
            **bus_options(self._url, self._credentials),
        )
        await asyncio.wait_for(connecting, within or self._within)
        rest(client)
        tell_age(client, self.bus.user)
        self._wait(client, AGAIN)  # a line that breaks is another matter than a server that says no

    def _wait(self, client: Client, pause: float) -> None:
        self._pause = min(pause, AGAIN_LAST)
        client.options["reconnect_time_wait"] = self._pause * random.uniform(0.5, 1.5)  # noqa: S311 - no secret

    async def _reconnected(self) -> None:
        rest(self.bus.client)
        tell_age(self.bus.client, self.bus.user)
        self.bus.lost_at = None
        self.bus.reconnects += 1
        self.bus.reconnected.set()
        self.bus.reconnected = asyncio.Event()
        log.info("bus reconnected", user=self.bus.user)

    async def _erred(self, error: Exception) -> None:
        self.problem = str(error)[:200]
        if self.bus.lost_at and not self.bus.connected:
            self._wait(self.bus.client, self._pause * 1.5)
        tell = log.debug if self.bus.reviving else log.warning
        tell("bus error", user=self.bus.user, error=self.problem)

    async def _lost(self) -> None:
        self.bus.lost_at = self.bus.lost_at or time.monotonic()
        if not self.bus.client.is_closed:
            log.warning("bus disconnected", user=self.bus.user)
            self._wait(self.bus.client, AGAIN)
            await asyncio.sleep(random.uniform(0, AGAIN))  # noqa: S311 - the client waits for this before it calls again

    async def _closed(self) -> None:
        if self.bus.closing or self.bus.reviving:
            return
        if self._revive:
            log.warning("bus closed by the server, which is asked again", user=self.bus.user)
            self.bus.reviving = asyncio.create_task(self._again(), name=f"revive {self.bus.user}")
        else:  # the server said no to something in a way after which the client never comes back by itself
            log.error("bus closed for good: this process has to be started again", user=self.bus.user)

    async def _again(self) -> None:
        pause = REVIVE
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, REVIVE_LAST)
            client = Client()
            try:
                await self.call(client, within=TRY)
            except (OSError, NatsError, TimeoutError) as error:
                log.debug("bus not revived", user=self.bus.user, error=str(error)[:200])
                await client.close()
                continue
            self.bus.reviving = None
            self.bus.renew(client)
            await self._reconnected()
            return
