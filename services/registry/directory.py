"""The KV bucket `directory`: written so that an entry never gives way to an older one, whoever writes beside us."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from libs.contracts.directory import BUCKET, TICK, Entry
from libs.contracts.message import Undecodable, decode, encode
from libs.runtime.bus import Bus

Current = Callable[[str], Awaitable[Entry | None]]

#: How often a write is tried when another registry writes the same key at the same time.
TRIES = 8
#: JetStream's codes for "wrong last sequence".
WRITTEN_SINCE = (10071, 10164)


class Directory:
    """Reads and writes the bucket."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._bucket: KeyValue | None = None

    async def put(self, key: str, current: Current) -> None:
        """Make the bucket's value of `key` what `current` says, asked after the look at what is there.

        Raises NATS's errors when it cannot be written.
        """
        for attempt in range(TRIES):
            value, revision = await self._look(key)
            entry = await current(key)
            wanted = encode(entry) if entry else None
            if wanted == value:
                return
            if await self._write(key, wanted, revision):
                return
            await asyncio.sleep(0.02 * (attempt + 1))
        raise TimeoutError(f"the key {key} is written by others all the time")

    async def all(self) -> dict[str, Entry | None]:
        """Every entry that the bucket has; None for what cannot be read."""
        watcher: Any = await (await self._open()).watchall(ignore_deletes=True)
        found: dict[str, Entry | None] = {}
        try:
            while (change := await watcher.updates(timeout=10)) is not None:
                if change.key != TICK:
                    found[change.key] = _entry(change.value or b"")
        finally:
            await watcher.stop()
        return found

    async def tick(self, count: int) -> int:
        """Tell every reader that it is not blind; the bucket's revision now, which never goes back in the same bucket."""
        return int(await (await self._open()).put(TICK, str(count).encode()))

    async def _look(self, key: str) -> tuple[bytes | None, int]:
        """The value and the revision of a key; a deleted one has no value, but a revision."""
        try:
            found = await (await self._open()).get(key)
        except KeyNotFoundError as missing:
            return None, int(missing.entry.revision) if missing.entry else 0
        return found.value, int(found.revision or 0)

    async def _write(self, key: str, value: bytes | None, revision: int) -> bool:
        """Write unless somebody else has written since `revision`; whether it was written."""
        bucket = await self._open()
        try:
            if value is None:
                await bucket.delete(key, last=revision)
            else:
                await bucket.update(key, value, last=revision)
        except KeyWrongLastSequenceError:
            return False
        except APIError as error:
            if error.err_code in WRITTEN_SINCE:
                return False
            raise
        return True

    async def _open(self) -> KeyValue:
        if self._bucket is None:
            self._bucket = await self._bus.js.key_value(BUCKET)
        return self._bucket


def _entry(value: bytes) -> Entry | None:
    try:
        entry: Entry = decode(Entry, value)
    except Undecodable:
        return None
    return entry
