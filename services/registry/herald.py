"""Tells the world what changed: news of the database to the directory and to the stream DEVICES, presence, and the tick."""

import asyncio
from contextlib import suppress

import structlog
from nats.errors import Error as NatsError

from libs.contracts.directory import ClientEntry, ClientKind, Entry, PresenceEntry
from libs.contracts.events import DeviceChanged
from libs.contracts.message import decode
from libs.contracts.streams import DEVICES, agent_consumer
from libs.runtime.admin import ensure_consumer
from libs.runtime.bus import Bus, outgoing
from libs.runtime.crashpoint import crashpoint
from libs.runtime.strokes import stroke
from services.registry.directory import BegunAnew, Directory
from services.registry.presence import Presence
from services.registry.store import News, Store

log = structlog.get_logger()

#: News told in one go: what is urgent overtakes between two of them.
BATCH = 32
#: Seconds that news of another process may wait to be seen.
LOOK = 0.5
#: The same as long as nobody commits anything.
REST = 1.0
#: Entries of the directory that are written at the same time.
TOGETHER = 16


class Herald:
    """Reads the news in their order and deletes them when they are told; repeats are harmless."""

    def __init__(self, store: Store, directory: Directory, presence: Presence, bus: Bus, region: str) -> None:
        self._store = store
        self._directory = directory
        self._presence = presence
        self._bus = bus
        self._region = region
        self._wanted = asyncio.Event()
        self._consumers: set[str] = set()
        self.reconciled = asyncio.Event()
        self._anew = False

    def wake(self) -> None:
        """There is news."""
        self._wanted.set()

    async def current(self, key: str) -> Entry | None:
        """The entry of the directory as it should be now."""
        kind, _, name = key.partition(".")
        if kind == "presence":
            known = await self._store.client(name)
            return PresenceEntry(agent=name, online=self._presence.online(name)) if known else None
        return await self._store.entry(key)

    async def run(self) -> None:
        """Reconcile the directory with the database, then tell news for ever; a body for `Service.loop`."""
        await self._reconcile()
        still = self._store.stillness()
        while True:
            if self._wanted.is_set() or not still.holds:
                self._wanted.clear()
                begun = still.begin()
                if told := await self._store.news(BATCH):
                    await self._tell(told)
                    continue
                still.settle(begun)
                pause = LOOK
            else:
                pause = stroke(REST)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wanted.wait()

    async def tick(self) -> None:
        """Write the tick once a second, as soon as the directory says what is true; a body for `Service.loop`."""
        await self.reconciled.wait()
        count = 0
        while True:
            try:
                await self._tick(count := count + 1)
            except (NatsError, TimeoutError) as error:
                log.warning("tick not written", error=type(error).__name__)
            await asyncio.sleep(stroke(1.0))

    async def _tick(self, count: int) -> None:
        if self._anew:
            await self._begin_anew()
            self._anew = False
        try:
            await self._directory.tick(count)
        except BegunAnew:
            self._anew = True
            await self._tick(count)

    async def _begin_anew(self) -> None:
        """All of the directory is written once more."""
        log.error("directory began anew, it is filled from the database")
        self._consumers.clear()
        online = [agent for agent in await self._agents() if self._presence.online(agent)]
        await self._reconcile()
        for agent in online:
            await self._directory.put(PresenceEntry(agent=agent, online=True).key, self.current)

    async def _agents(self) -> list[str]:
        entries = await self._store.entries()
        return [entry.sn for entry in entries if isinstance(entry, ClientEntry) and entry.role is ClientKind.AGENT]

    async def watch_presence(self) -> None:
        """Tell who came and went, for ever; a body for `Service.loop`."""
        while True:
            changes = self._presence.changes()
            for agent, online in changes:
                log.info("agent came" if online else "agent went", agent=agent)
            try:
                for agent, online in changes:
                    await self._directory.put(PresenceEntry(agent=agent, online=online).key, self.current)
            except Exception as error:
                self._presence.again(agent for agent, _ in changes)  # whatever it is, nobody else tells of them
                if not isinstance(error, NatsError | TimeoutError):
                    raise
                log.warning("presence not written", error=type(error).__name__)
                await asyncio.sleep(LOOK)
            await self._presence.stirred()

    async def _tell(self, told: list[News]) -> None:
        keys = list(dict.fromkeys(one.key for one in told if one.key))
        for start in range(0, len(keys), TOGETHER):
            await asyncio.gather(*(self._put(key) for key in keys[start : start + TOGETHER]))
        events = [outgoing(decode(DeviceChanged, one.event)) for one in told if one.event is not None]
        if events:
            await self._bus.publish_batch(DEVICES, events)
        crashpoint("registry-after-told")
        await self._store.forget([one.id for one in told])

    async def _put(self, key: str) -> None:
        await self._enrol(await self._store.entry(key))
        await self._directory.put(key, self.current)

    async def _enrol(self, entry: Entry | None) -> None:
        """An agent's consumer is there before anybody can address it."""
        if not isinstance(entry, ClientEntry) or entry.role is not ClientKind.AGENT or entry.sn in self._consumers:
            return
        await ensure_consumer(self._bus.js, agent_consumer(self._region, entry.shard, entry.tenant, entry.sn))
        self._consumers.add(entry.sn)

    async def _reconcile(self) -> None:
        has = await self._directory.all()
        self._presence.restore(entry.agent for entry in has.values() if isinstance(entry, PresenceEntry) and entry.online)
        should = {entry.key: entry for entry in await self._store.entries()}
        wrong = [key for key in has if key not in should and not key.startswith("presence")]
        wrong += [key for key, entry in should.items() if has.get(key) != entry or isinstance(entry, ClientEntry)]
        for start in range(0, len(wrong), TOGETHER):
            await asyncio.gather(*(self._put(key) for key in wrong[start : start + TOGETHER]))
        self.reconciled.set()
        log.info("directory reconciled", entries=len(should), looked_at=len(wrong))
