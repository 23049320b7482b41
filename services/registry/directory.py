"""The KV bucket `directory`: written so that an entry never gives way to an older one, whoever writes beside us."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nats.js.api import StreamInfo
from nats.js.errors import APIError, KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from libs.contracts.directory import BUCKET, TICK, Entry, Tick
from libs.contracts.message import Undecodable, decode, encode
from libs.runtime.bus import Bus

Current = Callable[[str], Awaitable[Entry | None]]

#: How often a write is tried when another registry writes the same key at the same time.
TRIES = 8
#: JetStream's codes for "wrong last sequence".
WRITTEN_SINCE = (10071, 10164)


class BegunAnew(Exception):
    """The bucket is another one: somebody deleted it, or its server lost its end. What it should have is to be written again."""


class Directory:
    """Reads and writes the bucket."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._bucket: KeyValue | None = None
        self._known: StreamInfo | None = None
        self._ticked = 0

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

    async def tick(self, count: int) -> None:
        """Tell every reader that it is not blind.

        Raises `BegunAnew`, having told nobody: a copy in another region drops what it has of the former bucket when it hears of
        the new one, which must be whole by then.
        """
        begun = (self._known or await self._examine()).config.first_seq or 0
        value = encode(Tick(count=count, begun=begun))
        if revision := await self._write(TICK, value, self._ticked):
            self._ticked = revision
            return
        before, now = self._known, await self._examine()  # also after the tick of another registry
        if before and (before.created != now.created or now.state.last_seq < self._ticked):
            self._ticked = 0
            raise BegunAnew
        self._ticked = int(await (await self._open()).put(TICK, value))

    async def _examine(self) -> StreamInfo:
        self._known = await self._bus.js.stream_info(f"KV_{BUCKET}")
        return self._known

    async def _look(self, key: str) -> tuple[bytes | None, int]:
        """The value and the revision of a key; a deleted one has no value, but a revision."""
        try:
            found = await (await self._open()).get(key)
        except KeyNotFoundError as missing:
            return None, int(missing.entry.revision) if missing.entry else 0
        return found.value, int(found.revision or 0)

    async def _write(self, key: str, value: bytes | None, revision: int) -> int:
        """Write unless somebody else has written since `revision`; the revision now (of a deletion 1), 0: it was not written."""
        bucket = await self._open()
        try:
            return int(await bucket.delete(key, last=revision) if value is None else await bucket.update(key, value, last=revision))
        except KeyWrongLastSequenceError:
            return 0
        except APIError as error:
            if error.err_code in WRITTEN_SINCE:
                return 0
            raise

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
