"""Who is there: the agents' heartbeats, kept in memory, told to the directory only when something changes."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from libs.contracts.agents import Heartbeat

#: Who falls silent one after the other is told together, within so many seconds.
SOON = 0.1


class Presence:
    """Online agents by serial number. Times are of the monotonic clock."""

    def __init__(self, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._timeout = timeout
        self._clock = clock
        self._heard: dict[str, float] = {}
        self._changed: set[str] = set()
        self._said: dict[str, Heartbeat] = {}
        self._stirred = asyncio.Event()
        #: How often one of them was not heard any more, or said goodbye.
        self.left = 0

    def restore(self, agents: Iterable[str]) -> None:
        """Believe the directory that these were online, until the timeout says otherwise."""
        for agent in agents:
            self._heard.setdefault(agent, self._clock())
            self._stirred.set()

    def hear(self, beat: Heartbeat) -> None:
        """Take a heartbeat; one that says goodbye makes its agent offline at once."""
        if beat.leaving:
            if self._heard.pop(beat.agent, None) is not None:
                self.left += 1
                self._change(beat.agent)
            return
        self._said[beat.agent] = beat
        if beat.agent not in self._heard:
            self._change(beat.agent)
        self._heard[beat.agent] = self._clock()

    def _change(self, agent: str) -> None:
        self._changed.add(agent)
        self._stirred.set()

    async def stirred(self) -> None:
        """Wait until somebody comes, says goodbye, or may have been silent for too long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience()):
                await self._stirred.wait()
        self._stirred.clear()

    def _patience(self) -> float | None:
        """Seconds until the first of those who are online would be silent for too long; None: nobody is."""
        if not self._heard:
            return None
        return max(min(self._heard.values()) + self._timeout - self._clock(), SOON)

    def online(self, agent: str) -> bool:
        """Whether an agent was heard within the timeout."""
        heard = self._heard.get(agent)
        return heard is not None and self._clock() - heard < self._timeout

    def said(self, agent: str) -> Heartbeat | None:
        """The last heartbeat that was no goodbye; None: it was not heard since this registry began."""
        return self._said.get(agent)

    def count(self) -> int:
        """How many agents are online."""
        return len(self._heard)

    def changes(self) -> list[tuple[str, bool]]:
        """(agent, online) of every agent whose presence changed since the last call."""
        now = self._clock()
        silent = [agent for agent, heard in self._heard.items() if now - heard >= self._timeout]
        for agent in silent:
            del self._heard[agent]
        self.left += len(silent)
        changed = self._changed.union(silent)
        self._changed = set()
        return [(agent, agent in self._heard) for agent in sorted(changed)]

    def again(self, agents: Iterable[str]) -> None:
        """Tell the presence of these once more at the next look: it could not be told."""
        self._changed.update(agents)
        self._stirred.set()
