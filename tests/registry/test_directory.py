"""The bucket on a real bus: an entry never gives way to an older one, whoever writes beside us."""

import asyncio

from libs.contracts.directory import BUCKET, PresenceEntry, TokenEntry, presence_key
from libs.contracts.message import decode
from services.registry.directory import Directory
from tests.bus import running_bus

KEY = presence_key("jueKiUEE")


def entry(online):
    return PresenceEntry(agent="jueKiUEE", online=online)


async def test_a_slow_writer_does_not_bring_back_what_is_over(tmp_path):
    async with running_bus(tmp_path) as rig:
        slow, quick = Directory(await rig.connect("registry")), Directory(await rig.connect("registry"))
        truth = [entry(online=True)]
        looked, go = asyncio.Event(), asyncio.Event()

        async def slowly(_key):
            seen = truth[0]
            looked.set()
            await go.wait()
            return seen

        async def now(_key):
            return truth[0]

        writing = asyncio.create_task(slow.put(KEY, slowly))
        await looked.wait()
        truth[0] = entry(online=False)
        await quick.put(KEY, now)
        go.set()
        await writing
        bucket = await (await rig.connect("admin")).js.key_value(BUCKET)
        assert decode(PresenceEntry, (await bucket.get(KEY)).value) == entry(online=False)


async def test_what_should_not_be_is_deleted_and_may_come_back(tmp_path):
    async with running_bus(tmp_path) as rig:
        directory = Directory(await rig.connect("registry"))
        truth = [entry(online=True)]

        async def now(_key):
            return truth[0]

        await directory.put(KEY, now)
        assert await directory.all() == {KEY: truth[0]}
        truth[0] = None
        await directory.put(KEY, now)
        await directory.put(KEY, now)
        await directory.tick(1)
        assert await directory.all() == {}
        truth[0] = entry(online=False)
        await directory.put(KEY, now)
        assert await directory.all() == {KEY: truth[0]}


async def test_what_is_as_it_should_be_is_not_written_again(tmp_path):
    async with running_bus(tmp_path) as rig:
        directory = Directory(await rig.connect("registry"))

        async def now(_key):
            return TokenEntry(digest="d", sn="jueKiUEE", tenant="main")

        for _ in range(3):
            await directory.put("token.d", now)
        info = await (await rig.connect("admin")).js.stream_info(f"KV_{BUCKET}")
        assert (info.state.messages, info.state.last_seq) == (1, info.state.first_seq)
