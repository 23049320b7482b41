"""Reading one stream and applying it: each message's consequences saved exactly once (design.md rules 3 and 8)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import APIError
from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.dead import DeadLetter
from libs.contracts.message import Undecodable
from libs.contracts.streams import DEAD
from libs.runtime.bus import outgoing
from libs.runtime.commit import Commit, Staged
from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import Database
from libs.runtime.lease import LeaseLost
from libs.runtime.reader import Batch, Incoming, OrderedReader

log = structlog.get_logger()

Apply = Callable[[AsyncConnection, Sequence[Incoming]], Awaitable[Staged]]
GiveUp = Callable[[AsyncConnection, Incoming, str], Awaitable[tuple[str, Staged]]]
Nobody = Callable[[], Awaitable[bool]]

#: How often a message that fails alone is tried before it becomes a dead letter.
TRIES = 5
#: Bytes of messages that are applied in one transaction: a message may hold hundreds of tasks, and all others wait meanwhile.
PORTION = 256 * 1024
#: Seconds for which messages gather that concern nobody, and how many have to be there to be passed over unread.
GATHERING, MANY = 0.25, 50


def portions(messages: Sequence[Incoming]) -> Iterator[list[Incoming]]:
    """Messages in their order, in lists of at most `PORTION` bytes (or of one message that is larger)."""
    portion: list[Incoming] = []
    size = 0
    for message in messages:
        if portion and size + len(message.data) > PORTION:
            yield portion
            portion, size = [], 0
        portion.append(message)
        size += len(message.data)
    if portion:
        yield portion


class Input:
    """One input stream, applied in order, each message's consequences saved exactly once."""

    def __init__(self, commit: Commit, database: Database, cursors: Table, reader: OrderedReader, name: str) -> None:
        self._commit = commit
        self._database = database
        self._cursors = cursors
        self._reader = reader
        self._name = name
        place: dict[str, Any] = {"sequence": bindparam("to"), "at": bindparam("stored")}
        self._place = update(cursors).where(cursors.c.stream == bindparam("row")).values(place)
        self.applied = 0
        self._at = 0
        self._moved = asyncio.Event()

    def stop(self) -> None:
        """End after the batch that is being applied."""
        self._reader.stop()

    @property
    def bound(self) -> bool:
        """Whether the reader has its consumer."""
        return self._reader.bound

    async def run(self, apply: Apply, give_up: GiveUp, *, region: str, maximum: int = 200, nobody: Nobody | None = None) -> None:
        """Read for ever: `apply` many at once; one that fails alone `TRIES` times goes to `give_up` and to DEAD.

        `nobody`: whether what is stored by now concerns nobody, whoever comes later; then it is not even read.
        """
        self.applied, self._at = await self._saved(self._name)
        self._reader.on_bound = self._compare
        async with aclosing(self._reader.batches(maximum)) as batches:
            async for batch in batches:
                await self._take(batch, apply, give_up, region)
                if nobody and await nobody():
                    await self._pass_over(nobody)

    async def _pass_over(self, nobody: Nobody) -> None:
        """Go on behind what has gathered after a moment, should it still be nobody's: who comes after that look, came after it."""
        await asyncio.sleep(GATHERING)
        try:
            last = await self._reader.last_sequence()
        except (NatsError, APIError, TimeoutError) as error:
            log.debug("end of the stream not known", stream=self._name, error=type(error).__name__)
            return
        if last - self.applied < MANY or not await nobody():
            return

        async def change(connection: AsyncConnection) -> Staged:
            await self._put(connection, self._name, last, 0)
            return ()

        await self._commit(change)
        self._move(last, 0)
        self._reader.rebind()

    async def _compare(self) -> int:
        """Behind which sequence to read. A stream that has another message where we stopped, or ends before it, is another one.

        It was made anew, or lost its end with its server's power: its messages are not the ones that we have seen.
        """
        if self.applied and not await self._same():
            log.error("stream is another one, it is read from its beginning", stream=self._name, applied=self.applied)
            self._move(0, 0)
        return self.applied

    async def _same(self) -> bool:
        if await self._reader.last_sequence() < self.applied:
            return False
        found = await self._reader.stored_at(self.applied) if self._at else 0
        return not found or abs(found - self._at) <= 1  # purged, or not known: nothing speaks against it

    async def wait_for(self, sequence: int, within: float, subject: str = "") -> bool:
        """Whether everything up to `sequence` is applied within so many seconds; with `subject`, all of that subject."""
        deadline = time.monotonic() + within
        while not self._past(sequence, subject):
            moved = self._moved
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            try:
                await asyncio.wait_for(moved.wait(), left)
            except TimeoutError:
                return False
        return True

    def _past(self, sequence: int, _subject: str) -> bool:
        return self.applied >= sequence

    async def _take(self, batch: Batch, apply: Apply, give_up: GiveUp, region: str) -> None:
        for fresh in portions([message for message in batch.messages if message.sequence > self.applied]):
            await self._apply(fresh, apply, give_up, region)
        crashpoint("commit-before-acknowledged")
        await batch.ack()

    async def _apply(self, fresh: Sequence[Incoming], apply: Apply, give_up: GiveUp, region: str) -> None:
        """Messages of one transaction, or one transaction each if that fails."""
        try:
            await self._save(fresh, apply)
        except LeaseLost:
            raise
        except Exception:
            log.exception("batch failed, its messages are applied one at a time", stream=self._name, messages=len(fresh))
            for message in fresh:
                await self._alone(message, apply, give_up, region)

    async def _alone(self, message: Incoming, apply: Apply, give_up: GiveUp, region: str) -> None:
        cause = ""
        tries = 0
        while tries < TRIES:
            try:
                await self._save([message], apply)
            except LeaseLost:
                raise
            except Undecodable as error:  # it will not become readable, and whoever may write could keep us busy with more
                log.error("message is not readable", stream=self._name, sequence=message.sequence, problem=str(error))  # noqa: TRY400
                cause, tries = f"Undecodable in {self._name}", 1
                break
            except Exception as error:
                if not await self._database.healthy():  # then it is not the message's fault: wait as long as it takes
                    await asyncio.sleep(1.0)
                    continue
                tries += 1
                cause = f"{type(error).__name__} in {self._name}"
                log.exception("message failed alone", stream=self._name, sequence=message.sequence, tries=tries)
                await asyncio.sleep(0.1 * tries)
            else:
                return
        letter = DeadLetter(
            region=region, stream=self._name, sequence=message.sequence, reader=self._name.lower(), tries=tries, cause=cause
        )
        try:
            await self._bury(message, letter, give_up)
        except LeaseLost:
            raise
        except Exception:
            if not await self._database.healthy():
                raise
            log.exception("message could not even be given up", stream=self._name, sequence=message.sequence)
            await self._bury(message, letter, _nobodys)

    async def _bury(self, message: Incoming, letter: DeadLetter, give_up: GiveUp) -> None:
        async def change(connection: AsyncConnection) -> Staged:
            task, staged = await give_up(connection, message, letter.cause)
            await self._advance(connection, [message])
            return [*staged, (DEAD, outgoing(replace(letter, task=task)))]

        await self._commit(change)
        self._done([message])

    async def _save(self, messages: Sequence[Incoming], apply: Apply) -> None:
        async def change(connection: AsyncConnection) -> Staged:
            staged = await apply(connection, messages)
            await self._advance(connection, messages)
            return staged

        with self._reader.timings.processing(self._name):
            await self._commit(change)
        self._done(messages)

    def _reach(self, messages: Sequence[Incoming]) -> tuple[int, int]:
        """Where the cursor stands, and when that was stored, once these are applied."""
        return messages[-1].sequence, messages[-1].at

    def _done(self, messages: Sequence[Incoming]) -> None:
        """These are applied and saved."""
        self._move(*self._reach(messages))

    async def _advance(self, connection: AsyncConnection, messages: Sequence[Incoming]) -> None:
        await self._put(connection, self._name, *self._reach(messages))

    async def _put(self, connection: AsyncConnection, row: str, sequence: int, at: int) -> None:
        moved = await connection.execute(self._place, {"row": row, "to": sequence, "stored": at})
        if not moved.rowcount:
            await connection.execute(insert(self._cursors).values({"stream": row, "sequence": sequence, "at": at}))

    def _move(self, sequence: int, at: int) -> None:
        self.applied, self._at = sequence, at
        self._moved.set()
        self._moved = asyncio.Event()

    async def _saved(self, row: str) -> tuple[int, int]:
        async with self._database.reading() as connection:
            found = (await connection.execute(select(self._cursors).where(self._cursors.c.stream == row))).first()
        return (int(found.sequence), int(found.at)) if found else (0, 0)


async def _nobodys(_connection: AsyncConnection, _message: Incoming, _cause: str) -> tuple[str, Staged]:
    """Nothing follows from a message but its dead letter."""
    return "", ()
