"""Streams and consumers that somebody deleted under a running server are made again; everybody goes on where the database is."""

import asyncio
import json
from collections.abc import Sequence

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.contracts.directory import BUCKET, ClientEntry, ClientKind, Entry
from libs.contracts.message import Undecodable, decode
from libs.contracts.streams import BUCKETS, agent_consumer, consumers, streams
from libs.runtime import admin
from libs.runtime.bus import Bus, Unanswered
from libs.runtime.history import History

log = structlog.get_logger()

DELETED = "$JS.EVENT.ADVISORY.*.DELETED.>"
#: Seconds in which deletions are taken together, and after which what could not be made is tried again.
TOGETHER = 1.0
AGAIN = 2.0
#: Entries of one question to the directory.
PAGE = 1000


class Mending:
    """Hears the server's own word about deletions; nothing is asked as long as there are none."""

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
        while True:
            await self._wanted.wait()
            await asyncio.sleep(TOGETHER)
            self._wanted.clear()
            try:
                await make_again(self._bus, self._region, self._replicas, self._others)
            except (NatsError, TimeoutError, Unanswered) as error:
                log.warning("streams not made again yet", error=str(error) or type(error).__name__)
                self._wanted.set()
                await asyncio.sleep(AGAIN)

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
    log.info("what was deleted is there again", region=region, agents=len(agents))


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
