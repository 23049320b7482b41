"""A KV bucket mirrored in memory, that knows when it is blind (design.md section 3, the directory)."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from libs.contracts.directory import TICK
from libs.runtime.bus import Bus

log = structlog.get_logger()

#: Without a tick for so many seconds the mirror is blind and makes its watch anew.
BLIND_AFTER = 3.0
#: A watch that has not told all that was there within so many seconds is made anew, and one that tells nothing for so long, also
#: where what is known stays good: nothing says whether the watch itself was lost.
LOADED_WITHIN = 30.0


class Mirror:
    """The last value of every key of one bucket, decoded once."""

    def __init__(self, bus: Bus, bucket: str, decode: Callable[[bytes], Any], *, blind_after: float = BLIND_AFTER) -> None:
        self._bus = bus
        self._bucket = bucket
        self._decode = decode
        self._blind_after = blind_after
        self._values: dict[str, Any] = {}
        self._seen = 0.0
        self.loaded = asyncio.Event()
        self.on_change: Callable[[str, Any], None] = lambda _key, _value: None

    @property
    def fresh(self) -> bool:
        """Whether it may be believed: a tick was seen within `blind_after` seconds of our own monotonic clock."""
        return self.loaded.is_set() and time.monotonic() - self._seen < self._blind_after

    @property
    def heard(self) -> bool:
        """Whether a tick was seen within `BLIND_AFTER` seconds."""
        return time.monotonic() - self._seen < BLIND_AFTER

    def get(self, key: str) -> Any:
        """The value of a key, None when there is none."""
        return self._values.get(key)

    def below(self, prefix: str) -> list[Any]:
        """The values of all keys that begin with `prefix`."""
        return [value for key, value in self._values.items() if key.startswith(prefix)]

    async def follow(self) -> None:
        """Watch for ever, anew whenever it goes blind; a body for `Service.loop`."""
        while True:
            try:
                await self._watch()
            except (NatsError, JetStreamError, TimeoutError) as error:
                log.warning("directory watched anew", bucket=self._bucket, error=type(error).__name__)
            await asyncio.sleep(0.2)

    async def _watch(self) -> None:
        watcher = await (await self._bus.js.key_value(self._bucket)).watchall(include_history=False)
        values: dict[str, Any] = {}
        reconnected = self._bus.reconnected
        begun = time.monotonic()
        news = False  # a tick among what was there before says nothing about now
        try:
            while time.monotonic() - max(begun, self._seen) < (min(self._blind_after, LOADED_WITHIN) if news else LOADED_WITHIN):
                if reconnected.is_set():
                    return
                try:
                    entry = await watcher.updates(timeout=0.5)
                except TimeoutError:
                    continue
                if entry is None:  # all that was there has been told: from now on it is news
                    self._replace(values)
                    news = True
                    continue
                if entry.key == TICK:
                    self._seen = time.monotonic() if news else self._seen
                    continue
                self._take(values, entry.key, entry.value if entry.operation not in ("DEL", "PURGE") else None)
        finally:
            await watcher.stop()

    def _replace(self, values: dict[str, Any]) -> None:
        """What was deleted while nobody watched is told now."""
        gone = self._values.keys() - values.keys()
        self._values = values
        self.loaded.set()
        for key in gone:
            self.on_change(key, None)

    def _take(self, values: dict[str, Any], key: str, value: bytes | None) -> None:
        if value is None:
            values.pop(key, None)
            self.on_change(key, None)
            return
        try:
            values[key] = self._decode(value)
        except ValueError:  # one bad entry must not hide all the others
            log.warning("entry left out", bucket=self._bucket, kind=key.partition(".")[0])
            values.pop(key, None)
        self.on_change(key, values.get(key))
