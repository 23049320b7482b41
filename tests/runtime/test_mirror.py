"""The mirror of a bucket, and that it knows when it is blind."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.js.api import StreamConfig, StreamSource, SubjectTransform

from libs.contracts.directory import BUCKET, TICK, PresenceEntry, Tick, TokenEntry
from libs.contracts.directory import Entry as AnyEntry
from libs.contracts.message import decode, encode
from libs.runtime import mirror as mirror_module
from libs.runtime.bus import Bus
from libs.runtime.ending import end
from libs.runtime.mirror import Mirror
from tests.waiting import until

TOKEN = TokenEntry(digest="d1", sn="agentAAA", tenant="main")


#: Seconds; the mirrors of services are blind after three.
BLIND_AFTER = 1.0


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What is not given to a mirror, but stands in its module."""
    monkeypatch.setattr(mirror_module, "BLIND_AFTER", BLIND_AFTER)


class Registry:
    """Who writes the bucket: puts, deletes, and ticks as long as it lives."""

    def __init__(self, bucket) -> None:
        self.bucket = bucket
        self._count = 0
        self._ticking: asyncio.Task[None] | None = None

    async def put(self, entry) -> None:
        await self.bucket.put(entry.key, encode(entry))

    async def delete(self, entry) -> None:
        await self.bucket.delete(entry.key)

    def live(self) -> None:
        self._ticking = asyncio.create_task(self._tick())

    async def die(self) -> None:
        if self._ticking:
            await end(self._ticking)

    async def _tick(self) -> None:
        while True:
            self._count += 1
            await self.bucket.put(TICK, str(self._count).encode())
            await asyncio.sleep(0.1)  # the pace of its ticks


@pytest.fixture
async def registry(rig) -> AsyncIterator[Registry]:
    bus = await rig.connect("registry")
    made = Registry(await bus.js.key_value(BUCKET))
    yield made
    await made.die()


@asynccontextmanager
async def mirroring(bus: Bus) -> AsyncIterator[Mirror]:
    mirror = Mirror(bus, BUCKET, lambda data: decode(AnyEntry, data), blind_after=BLIND_AFTER)
    task = asyncio.create_task(mirror.follow())
    try:
        yield mirror
    finally:
        await end(task)


async def test_it_holds_what_was_there_and_what_comes(rig, registry):
    await registry.put(TOKEN)
    registry.live()
    async with mirroring(await rig.connect("gateway")) as mirror:
        await until(lambda: mirror.fresh)
        assert mirror.get("token.d1") == TOKEN
        await registry.put(PresenceEntry(agent="agentAAA", online=True))
        await until(lambda: mirror.get("presence.agentAAA"))
        assert mirror.below("token.") == [TOKEN]
        assert mirror.get("token.d2") is None


async def test_a_deleted_entry_is_gone_and_told(rig, registry):
    await registry.put(TOKEN)
    registry.live()
    async with mirroring(await rig.connect("gateway")) as mirror:
        told: list[tuple[str, object]] = []
        mirror.on_change = lambda key, value: told.append((key, value))
        await until(lambda: mirror.get("token.d1"))
        await registry.delete(TOKEN)
        await until(lambda: mirror.get("token.d1") is None)
        assert told[-1] == ("token.d1", None)


async def test_it_is_blind_without_ticks_however_often_it_looks_and_sees_again_with_them(rig, registry):
    await registry.put(TOKEN)
    registry.live()
    async with mirroring(await rig.connect("gateway")) as mirror:
        await until(lambda: mirror.fresh)
        await registry.die()
        await until(lambda: not mirror.fresh)
        watch, watches, sights = mirror._watch, [], []

        async def counted() -> None:
            watches.append(1)
            await watch()

        def looked_again() -> bool:
            sights.append(mirror.fresh)
            return len(watches) >= 3  # two watches were over, each of which was told of the last tick

        mirror._watch = counted
        await until(looked_again)
        assert not any(sights)
        registry.live()
        await until(lambda: mirror.fresh)


async def test_a_tick_of_long_ago_does_not_make_it_fresh(rig, registry):
    await registry.bucket.put(TICK, b"1")
    async with mirroring(await rig.connect("gateway")) as mirror:
        await until(mirror.loaded.is_set)
        assert not mirror.fresh


async def test_it_sees_again_after_the_server_was_away_and_what_went_meanwhile_is_gone(rig, registry):
    await registry.put(TOKEN)
    await registry.put(PresenceEntry(agent="agentAAA", online=True))
    registry.live()
    async with mirroring(await rig.connect("gateway")) as mirror:
        await until(lambda: mirror.fresh)
        told: list[str] = []
        mirror.on_change = lambda key, value: told.append(key) if value is None else None
        await registry.die()
        await rig.server.stop()
        await until(lambda: not mirror.fresh)
        mirror._values["token.d9"] = TOKEN  # as if it had been deleted while nobody watched
        await rig.server.start()
        registry.live()
        await until(lambda: mirror.fresh)
        assert mirror.get("token.d9") is None
        assert mirror.get("token.d1") == TOKEN
        assert "token.d9" in told


async def test_an_entry_that_cannot_be_read_is_as_little_there_as_one_that_is_not(rig, registry):
    await registry.put(TOKEN)
    await registry.bucket.put("token.d2", b'{"kind":"of tomorrow"}')
    registry.live()
    async with mirroring(await rig.connect("gateway")) as mirror:
        await until(lambda: mirror.fresh)
        assert mirror.get("token.d1") == TOKEN
        await registry.bucket.put("token.d1", b"garbage")
        await until(lambda: mirror.get("token.d1") is None)
        await until(lambda: mirror.fresh, what="one bad entry makes it blind for no others")


async def test_it_sees_again_after_its_consumer_was_taken_away(rig, registry):
    registry.live()
    admin = await rig.connect("admin")
    async with mirroring(await rig.connect("gateway")) as mirror:
        await until(lambda: mirror.fresh)
        for each in await admin.js.consumers_info(f"KV_{BUCKET}"):
            await admin.js.delete_consumer(f"KV_{BUCKET}", each.name)
        await registry.put(TOKEN)
        await until(lambda: mirror.get("token.d1") == TOKEN and mirror.fresh)


async def test_a_copy_drops_what_only_the_former_bucket_had_when_the_new_one_ticks(rig):
    there = f"$KV.{BUCKET}.>"
    admin, gone = await rig.connect("admin"), TokenEntry(digest="d2", sn="agentAAA", tenant="main")
    source = StreamSource(name=f"KV_{BUCKET}", subject_transforms=[SubjectTransform(there, "$KV.copy.>")])
    await admin.js.add_stream(StreamConfig(name="KV_copy", sources=[source], max_msgs_per_subject=1, allow_direct=True))
    mirror = Mirror(await rig.connect("admin"), "copy", lambda data: decode(AnyEntry, data))
    following = asyncio.create_task(mirror.follow())
    try:
        former = Registry(await admin.js.key_value(BUCKET))
        for entry in (TOKEN, gone):
            await former.put(entry)
        await former.bucket.put(TICK, b"1")
        await until(lambda: mirror.get("token.d1") and mirror.get("token.d2"))

        begun = await former.bucket.put(TOKEN.key, encode(TOKEN))
        await former.bucket.put(TICK, encode(Tick(count=1, begun=begun)))
        await until(lambda: mirror.get("token.d2") is None)
        assert mirror.get("token.d1") == TOKEN
    finally:
        await end(following)


async def test_who_cannot_take_what_it_tells_ends_it(rig, registry):
    mirror = Mirror(await rig.connect("gateway"), BUCKET, lambda data: decode(AnyEntry, data))
    mirror.on_change = lambda _key, _value: 1 / 0
    following = asyncio.create_task(mirror.follow())
    await registry.put(TOKEN)
    await until(following.done)
    assert isinstance(following.exception(), ZeroDivisionError)
