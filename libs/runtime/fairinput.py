"""An input whose messages are applied in fair turns: of each flow in their order, of all flows alike (ADR 0058)."""

from collections import deque
from collections.abc import Sequence
from contextlib import aclosing

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.runtime.backlog import Backlog, Flows
from libs.runtime.commit import Commit
from libs.runtime.crashpoint import crashpoint
from libs.runtime.database import Database
from libs.runtime.ending import together
from libs.runtime.inputs import Apply, GiveUp, Input, Nobody
from libs.runtime.reader import Batch, Incoming, OrderedReader


def ahead(stream: str) -> str:
    """The name of the row, beside the cursors, of the last message of a stream that was ever applied."""
    return f"{stream}.ahead"


class FairInput(Input):
    """Reads on while it applies. The cursor stands before the first message that is not applied yet.

    What was applied behind it comes again after a restart: who applies has to know what it has seen, by ids.
    """

    def __init__(
        self, commit: Commit, database: Database, cursors: Table, reader: OrderedReader, name: str, *, flows: Flows
    ) -> None:
        super().__init__(commit, database, cursors, reader, name)
        self._backlog = Backlog(flows)
        self._unacknowledged: deque[Batch] = deque()
        self._furthest = 0

    def stop(self) -> None:
        """End after the portion that is being applied."""
        super().stop()
        self._backlog.close()

    async def run(self, apply: Apply, give_up: GiveUp, *, region: str, maximum: int = 200, nobody: Nobody | None = None) -> None:
        """As `Input.run`, without `nobody`. Raises a `BaseExceptionGroup` of what it raises."""
        assert nobody is None, "fair turns are for what concerns somebody"  # noqa: S101 - a mistake of ours
        self.applied, self._at = await self._saved(self._name)
        self._furthest, _ = await self._saved(ahead(self._name))
        self._reader.on_bound = self._compare

        async def work() -> None:
            while portion := await self._backlog.next():
                await self._apply(portion, apply, give_up, region)
                await self._acknowledge()

        await together([lambda: self._read(maximum), work])

    async def _read(self, maximum: int) -> None:
        async with aclosing(self._reader.batches(maximum)) as batches:
            async for batch in batches:
                self._unacknowledged.append(batch)
                self._backlog.add([message for message in batch.messages if message.sequence > self.applied])
                await self._acknowledge()
                await self._backlog.room()
        self._backlog.close()

    async def _acknowledge(self) -> None:
        crashpoint("commit-before-acknowledged")
        while self._unacknowledged and self._unacknowledged[0].messages[-1].sequence <= self.applied:
            await self._unacknowledged.popleft().ack()

    async def _compare(self) -> int:
        """As `Input._compare`, once everything that was read is applied."""
        await self._backlog.drained()
        self._unacknowledged.clear()
        before = self.applied
        if await super()._compare() < before:
            self._furthest = -1
        return self.applied

    def _past(self, sequence: int, subject: str) -> bool:
        return super()._past(sequence, subject) or (bool(subject) and self._backlog.clear_of(subject, sequence))

    def _reach(self, messages: Sequence[Incoming]) -> tuple[int, int]:
        reached = self._backlog.reach(messages)
        return (reached.sequence, reached.at) if reached else (self.applied, self._at)

    def _done(self, messages: Sequence[Incoming]) -> None:
        self._furthest = max(self._furthest, *(message.sequence for message in messages), 0)
        super()._done(messages)
        self._backlog.done(messages)

    async def _advance(self, connection: AsyncConnection, messages: Sequence[Incoming]) -> None:
        await super()._advance(connection, messages)
        furthest = max(self._furthest, *(message.sequence for message in messages))
        if self._furthest < 0 or furthest > self._reach(messages)[0]:
            await self._put(connection, ahead(self._name), furthest, 0)
