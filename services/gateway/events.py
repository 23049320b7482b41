"""Events of a client's tasks as the gateway tells them: a live feed per client, and what the stream TASKS still has."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, Literal

import structlog

from libs.contracts.events import TaskEvent, task_subjects
from libs.contracts.message import Undecodable, decode
from libs.contracts.streams import TASKS
from libs.contracts.webprinter import event_body
from libs.runtime.bus import Bus
from libs.runtime.ending import end
from libs.runtime.follower import Follower
from libs.runtime.history import Bounds, History
from libs.runtime.machine import ipv4_addresses
from libs.runtime.reader import Incoming

log = structlog.get_logger()

#: Events of one client that are kept in memory; older ones are read back from the stream.
RING = 1000
#: The machine's addresses are looked up again after so many seconds.
ADDRESSES_FOR = 10.0

Kind = Literal["new", "status", "end", "*"]


@dataclass(frozen=True, slots=True)
class Told:
    """One event: its place in the stream, its id on the bus, when it was stored (ms since 1970), and the protocol's body."""

    seq: int
    id: str
    at: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """Events in order, and the sequence up to which everything was told with them."""

    events: Sequence[Told]
    seq: int


def told(message: Incoming, sn: str, zone: tzinfo) -> Told | None:
    """An event of the bus as the client `sn` is told it; None for what this server does not understand."""
    try:
        event = decode(TaskEvent, message.data)
    except Undecodable as error:
        log.warning("event left out", sequence=message.sequence, why=str(error))
        return None
    body = event_body(event, sn, _addresses(int(time.monotonic() / ADDRESSES_FOR)), zone)
    return Told(message.sequence, message.headers.get("Nats-Msg-Id", event.id), message.at, body)


@lru_cache(1)
def _addresses(_when: int) -> tuple[str, ...]:
    return ipv4_addresses()


class Archive:
    """What the stream still has of one client: bound to tenant and client by the subject that is asked for."""

    def __init__(self, bus: Bus, region: str, tenant: str, sn: str, zone: tzinfo) -> None:
        self._history = History(bus, TASKS)
        self._names = (region, tenant, sn)
        self._sn = sn
        self._zone = zone

    async def bounds(self) -> Bounds:
        """What the stream has at all. Raises `Unanswered`."""
        return await self._history.bounds()

    async def after(self, seq: int, limit: int, *, task: str = ">", kind: Kind = "*", since: datetime | None = None) -> Page:
        """Events after a sequence (or since a time); an empty page says that there are no more. Raises `Unanswered`."""
        found = await self._history.after(seq, task_subjects(*self._names, task, kind), limit, since)
        events = [event for each in found if (event := told(each, self._sn, self._zone))]
        return Page(events, found[-1].sequence if found else seq)


class Feed:
    """The live events of one client: the last ones in a ring, older ones from the archive."""

    def __init__(self, archive: Archive, follower: Follower, sn: str, zone: tzinfo, ring: int = RING) -> None:
        self._archive = archive
        self._follower = follower
        self._sn = sn
        self._zone = zone
        self._ring: deque[Told] = deque()
        self._size = ring
        #: Everything after `_floor` and up to `seq` is in the ring.
        self._floor = self.seq = follower.after
        self._news = asyncio.Event()
        follower.on_bound = self._bound

    async def follow(self) -> None:
        """Take in events for ever; a fault is logged, and it goes on behind what was taken in."""
        while True:
            try:
                async for message in self._follower.messages():
                    self._take(message)
            except Exception:
                log.exception("feed failed", client=self._sn)
            await asyncio.sleep(1)

    def _take(self, message: Incoming) -> None:
        if event := told(message, self._sn, self._zone):
            self._ring.append(event)
        while len(self._ring) > self._size:
            self._floor = self._ring.popleft().seq
        self.seq = message.sequence
        self._tell()

    async def knows(self, seq: int) -> bool:
        """Whether nothing after `seq` is lost. Raises `Unanswered`."""
        if self._floor <= seq <= self.seq:
            return True
        bounds = await self._archive.bounds()
        return bounds.first - 1 <= seq <= bounds.last

    async def after(self, seq: int, limit: int) -> Page:
        """Up to `limit` events after a sequence, oldest first. Raises `Unanswered` when old ones cannot be read now."""
        while seq < self._floor:
            floor = self._floor
            page = await self._archive.after(seq, limit)
            old = [event for event in page.events if event.seq <= floor]
            if old:
                return Page(old, old[-1].seq)
            # What this server does not understand is passed over; without even that, nothing of this client lies between.
            seq = page.seq if seq < page.seq < floor else floor
        found: list[Told] = []
        for event in self._ring:
            if event.seq > seq:
                found.append(event)
                if len(found) == limit:
                    return Page(found, found[-1].seq)
        return Page(found, max(seq, self.seq))

    @property
    def news(self) -> asyncio.Event:
        """Set at the next event; look at it before reading, then wait for it."""
        return self._news

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _bound(self, first: int, last: int) -> None:
        """The stream as it is when it is followed (anew): what it lost meanwhile, we do not have either."""
        if last < self.seq:
            log.warning("the stream of events begins anew", last=last)
            self._ring.clear()
            self._floor = self.seq = last
            self._tell()
        elif first > self.seq + 1 and self.seq < last:
            self._ring.clear()
            self._floor = self.seq = first - 1
            self._tell()


class Feeds:
    """One feed for all channels of a client, as long as there is one."""

    def __init__(self, bus: Bus, region: str, zone: tzinfo, ring: int = RING) -> None:
        self._bus = bus
        self._region = region
        self._zone = zone
        self._ring = ring
        self._running: dict[tuple[str, str], _Shared] = {}

    def archive(self, tenant: str, sn: str) -> Archive:
        """What the stream has of a client."""
        return Archive(self._bus, self._region, tenant, sn, self._zone)

    @asynccontextmanager
    async def open(self, tenant: str, sn: str) -> AsyncIterator[Feed]:
        """The feed of a client while the block runs. Raises `Unanswered`."""
        key = (tenant, sn)
        shared = self._running.get(key)
        if shared is None:
            shared = self._running[key] = _Shared(asyncio.ensure_future(self._start(tenant, sn)))
        shared.users += 1
        try:
            yield await asyncio.shield(shared.feed)
        finally:
            shared.users -= 1
            if not shared.users:
                if self._running.get(key) is shared:
                    del self._running[key]
                await shared.end()

    async def _start(self, tenant: str, sn: str) -> Feed:
        archive = self.archive(tenant, sn)
        last = (await archive.bounds()).last
        follower = Follower(self._bus, TASKS, [task_subjects(self._region, tenant, sn)], last)
        return Feed(archive, follower, sn, self._zone, self._ring)


class _Shared:
    """A feed and who uses it."""

    def __init__(self, feed: "asyncio.Future[Feed]") -> None:
        self.feed = feed
        self.users = 0
        self._following: asyncio.Task[None] | None = None
        feed.add_done_callback(self._begin)

    def _begin(self, feed: "asyncio.Future[Feed]") -> None:
        if not feed.cancelled() and not feed.exception() and self.users:  # the last of them may have left in this very moment
            self._following = asyncio.ensure_future(feed.result().follow())

    async def end(self) -> None:
        self.feed.cancel()
        if self._following:
            await end(self._following)
