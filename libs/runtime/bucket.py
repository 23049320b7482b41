"""A KV bucket for claims: a value is created once, and changed only by whoever has seen its last revision."""

import asyncio
from dataclasses import dataclass

from nats.errors import Error as NatsError
from nats.js.errors import NotFoundError, ServiceUnavailableError

from libs.runtime.bus import Bus, NotStored, Outgoing, Unanswered

#: JetStream: the last sequence of this subject is another one.
WRONG_LAST_SEQUENCE = 10071
#: A cluster that chooses a leader is asked again, so many seconds after so many; nobody outside waits longer than five.
PATIENCE, AGAIN = 4.5, 0.25


class Taken(Exception):
    """Somebody was here before: the key has a value, or a newer one."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A value and its revision."""

    value: bytes
    revision: int


class Bucket:
    """One KV bucket. Keys are made of letters, digits, dots and dashes. All methods raise the bus's `Unanswered`."""

    def __init__(self, bus: Bus, name: str) -> None:
        self._bus = bus
        self._stream = f"KV_{name}"
        self._subject = f"$KV.{name}."

    async def create(self, key: str, value: bytes) -> int:
        """Store the first value of a key; returns its revision. Raises `Taken`, and the bus's `NotStored`."""
        return await self.update(key, value, 0)

    async def update(self, key: str, value: bytes, revision: int) -> int:
        """Store a new value in the place of the one of this revision; returns the new one. Raises as `create`."""
        expected = {"Nats-Expected-Last-Subject-Sequence": str(revision)}
        try:
            stored = await self._bus.publish_raw(Outgoing(self._subject + key, value, "", expected), stream=self._stream)
        except NotStored as refusal:
            if refusal.code == WRONG_LAST_SEQUENCE:
                raise Taken(key) from None
            raise
        return int(stored.seq)

    async def get(self, key: str) -> Kept | None:
        """What a key has, None when it has nothing (any more); asked of the leader, so it is the last word."""
        await self._bus.line()
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._patiently(key)
        except (NatsError, TimeoutError) as error:
            raise Unanswered(f"{self._stream} did not answer") from error

    async def _patiently(self, key: str) -> Kept | None:
        """As `get`, asked again as long as there is no leader to answer."""
        while True:
            try:
                found = await self._bus.js.get_last_msg(self._stream, self._subject + key)
            except NotFoundError:
                return None
            except ServiceUnavailableError:
                await asyncio.sleep(AGAIN)
            else:
                return Kept(found.data or b"", int(found.seq or 0))
