"""Streams and consumers that somebody deleted under a running server are made again; everybody goes on where the database is."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.contracts.directory import BUCKET, ClientEntry, ClientKind, Entry
from libs.contracts.message import Undecodable, decode
from libs.contracts.streams import BUCKETS, agent_consumer, consumers, streams
from libs.runtime import admin
from libs.runtime.bus import API_TIMEOUT, Bus, Unanswered
from libs.runtime.history import History
from libs.runtime.strokes import stroke

log = structlog.get_logger()

DELETED = "$JS.EVENT.ADVISORY.*.DELETED.>"
NAMES = "$JS.API.STREAM.NAMES"
#: Seconds in which deletions are taken together, and after which what could not be made is tried again.
TOGETHER = 1.0
AGAIN = 2.0
#: Seconds between two looks at the streams' names, one question each: a server under load may not tell that a stream was deleted
#: (nats-server 2.15.1 closes the stream's queue of messages right behind that one, and does not always read it once more).
LOOK = 5.0
#: Entries of one question to the directory.
PAGE = 1000


class Mending:
    """Hears the server's own word about deletions, and looks itself at what the streams are called, and when its line was down."""

    def __init__(self, bus: Bus, region: str, replicas: int, others: Sequence[str] = ()) -> None:
        self._bus = bus
        self._region = region
        self._replicas = replicas
        self._others = others
        self._streams = {spec.name for spec in streams(region, others)} | {f"KV_{spec.name}" for spec in BUCKETS}
        self._durables = {spec.durable for spec in consumers(region)}
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """For ever."""
        await self._bus.client.subscribe(DELETED, cb=self._heard)
        reconnected = self._bus.reconnected
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(stroke(LOOK)):
                    await self._wanted.wait()
            try:
                if self._wanted.is_set():
                    await asyncio.sleep(TOGETHER)
                elif not reconnected.is_set() and not await self._missing():
                    continue
                self._wanted.clear()
                reconnected = self._bus.reconnected
                await make_again(self._bus, self._region, self._replicas, self._others)
            except (NatsError, TimeoutError, Unanswered) as error:
                log.warning("streams not made again yet", error=str(error) or type(error).__name__)
                self._wanted.set()
                await asyncio.sleep(AGAIN)

    async def _missing(self) -> bool:
        """Whether a stream is gone of which nobody was told, as far as the server answers."""
        try:
            answer = json.loads((await self._bus.client.request(NAMES, b"", timeout=API_TIMEOUT)).data)
        except (NatsError, TimeoutError):
            return False
        missing = sorted(self._streams - set(answer.get("streams") or ())) if "total" in answer else []
        if missing:
            log.error("gone from a running server, they are made again", streams=missing)
        return bool(missing)

    async def _heard(self, message: Msg) -> None:
        try:
            told = json.loads(message.data)
            stream, consumer = str(told["stream"]), str(told.get("consumer", ""))
        except (ValueError, KeyError, TypeError):
            return
        ours = consumer in self._durables or consumer.startswith("agent_") if consumer else stream in self._streams
        if ours:
            log.error("deleted under a running server, it is made again", stream=stream, consumer=consumer)
            self._wanted.set()


async def make_again(bus: Bus, region: str, replicas: int, others: Sequence[str] = ()) -> None:
    """What is missing of streams, buckets and consumers, that of each agent of the directory too. Safe to repeat.

    Raises NATS's errors and `Unanswered`.
    """
    await admin.complete(bus, region, replicas, others=others)
    entries = await _clients(History(bus, f"KV_{BUCKET}"))
    agents = [entry for entry in entries if entry.role is ClientKind.AGENT]
    await admin.complete(bus, region, replicas, [agent_consumer(region, each.shard, each.tenant, each.sn) for each in agents])
    log.info("streams and consumers are there", region=region, agents=len(agents))


async def _clients(directory: History) -> list[ClientEntry]:
    found: list[ClientEntry] = []
    after = 0
    while page := await directory.after(after, f"$KV.{BUCKET}.client.>", PAGE):
        after = page[-1].sequence
        for message in page:
            try:
                entry: Entry = decode(Entry, message.data)
            except Undecodable:  # a mark of what was deleted
                continue
            if isinstance(entry, ClientEntry):
                found.append(entry)
    return found
