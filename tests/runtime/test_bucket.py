"""A KV bucket for claims, on a real bus: the first one has the key."""

import asyncio

import pytest

from libs.contracts.streams import IDEMPOTENCY
from libs.runtime.bucket import Bucket, Kept, Taken
from tests.bus import running_bus


async def test_a_key_is_created_once_and_changed_by_who_saw_it_last(tmp_path):
    async with running_bus(tmp_path) as rig:
        bucket = Bucket(await rig.connect("gateway"), IDEMPOTENCY.name)
        assert await bucket.get("a") is None
        revision = await bucket.create("a", b"one")
        assert await bucket.get("a") == Kept(b"one", revision)
        with pytest.raises(Taken):
            await bucket.create("a", b"two")
        later = await bucket.update("a", b"two", revision)
        with pytest.raises(Taken):
            await bucket.update("a", b"three", revision)
        assert await bucket.get("a") == Kept(b"two", later)
        assert await bucket.get("b") is None

        tries = await asyncio.gather(*(bucket.create("c", b"%d" % n) for n in range(20)), return_exceptions=True)
        assert sum(isinstance(each, int) for each in tries) == 1
        assert sum(isinstance(each, Taken) for each in tries) == 19
