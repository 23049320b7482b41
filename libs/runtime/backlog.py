"""What was read of a stream and is not applied yet, and whose turn it is: nobody waits behind what another flow piled up."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from heapq import heappop, heappush

from libs.runtime.reader import Incoming

#: Bytes and messages that wait here at most; what a stream holds beyond them is not looked at yet.
MOST_BYTES = 16 * 1024 * 1024
MOST = 4000
#: Bytes of one portion as long as one flow is alone, and while there are others: each waits for the portion before its own.
ALONE, SHARED = 256 * 1024, 16 * 1024
#: Flows that come within so many seconds of each other are there together.
TOGETHER = 1.0
#: Flows that are remembered before those are forgotten that wait for nothing.
REMEMBERED = 10_000

#: The flows that a message belongs to. Those that share one are applied in their order.
Flows = Callable[[Incoming], Collection[str]]


class Backlog:
    """Self-clocked fair queueing (Golestani, 1994) by bytes: a message's turn is when its flows have had what they sent before.

    A message of several flows has its turn after all that any of them sent before it.
    """

    def __init__(self, flows: Flows) -> None:
        self._flows = flows
        self._turns: list[tuple[int, int, Incoming]] = []
        self._now = 0
        self._finish: dict[str, int] = {}
        self._open: deque[Incoming] = deque()
        self._ahead: set[int] = set()
        self._subjects: Counter[str] = Counter()
        self._size = 0
        self._known = 0
        self._last: frozenset[str] = frozenset()
        self._shared_at = float("-inf")
        self._closed = False
        self._changed = asyncio.Event()

    def add(self, messages: Sequence[Incoming]) -> None:
        """Messages in the stream's order; those that are here already change nothing."""
        for message in messages:
            if message.sequence <= self._known:
                continue
            self._known = message.sequence
            flows = frozenset(self._flows(message))
            if flows != self._last:
                self._last, self._shared_at = flows, time.monotonic()
            size = max(len(message.data), 1)
            turn = max((self._now, *(self._finish.get(flow, 0) for flow in flows))) + size
            self._finish.update(dict.fromkeys(flows, turn))
            self._open.append(message)
            self._subjects[message.subject] += 1
            heappush(self._turns, (turn, message.sequence, message))
            self._size += size
        if len(self._finish) > REMEMBERED:
            self._finish = {flow: turn for flow, turn in self._finish.items() if turn > self._now}
        self._wake()

    async def room(self) -> None:
        """Wait until there is room for more."""
        while not self._closed and (self._size > MOST_BYTES or len(self._open) > MOST):
            await self._changed.wait()

    async def drained(self) -> None:
        """Wait until all that came was applied; then what comes may be of another stream, and count anew."""
        while self._open and not self._closed:
            await self._changed.wait()
        self._known = 0

    async def next(self) -> list[Incoming]:
        """What is to be applied now, in one transaction; nothing at the end."""
        while not (self._turns or self._closed):
            await self._changed.wait()
        portion: list[Incoming] = []
        size, most = 0, SHARED if time.monotonic() - self._shared_at < TOGETHER else ALONE
        while self._turns and not self._closed and (not portion or size + len(self._turns[0][2].data) <= most):
            self._now, _, message = heappop(self._turns)
            portion.append(message)
            size += len(message.data)
        return portion

    def clear_of(self, subject: str, sequence: int) -> bool:
        """Whether everything up to `sequence` has come, and nothing of this subject among it is still to be applied."""
        return self._known >= sequence and not self._subjects[subject]

    def reach(self, messages: Sequence[Incoming]) -> Incoming | None:
        """The last message up to which all are applied once these are; None: an earlier one is still open."""
        these, reached = {message.sequence for message in messages}, None
        for message in self._open:
            if message.sequence not in these and message.sequence not in self._ahead:
                break
            reached = message
        return reached

    def done(self, messages: Sequence[Incoming]) -> None:
        """These are applied."""
        self._ahead.update(message.sequence for message in messages)
        self._subjects.subtract(message.subject for message in messages)
        self._size -= sum(max(len(message.data), 1) for message in messages)
        while self._open and self._open[0].sequence in self._ahead:
            self._ahead.discard(self._open.popleft().sequence)
        if not self._open:
            self._now, self._finish = 0, {}
            self._subjects.clear()
        self._wake()

    def close(self) -> None:
        """Give out nothing more."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
