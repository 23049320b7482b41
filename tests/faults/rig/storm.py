"""Kills at random: by kill -9, several at once, also while they start; whatever died is started again at once."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from libs.runtime.ending import end
from tests.faults.rig.history import History
from tests.integration.processes import Processes
from tests.waiting import until

#: How many die at the same moment.
BURSTS = (1, 1, 2, 2, 3)
#: Seconds between two bursts when nobody waits for work to be done in between: starts are killed, too.
SHORTEST, LONGEST = 0.1, 2.5
#: How often a burst comes before what the one before has broken works again.
HASTE = 0.4


@dataclass(slots=True)
class Storm:
    """Kills of the processes `names`. `killed` counts them; `ended` are those that ended otherwise, with their exit codes."""

    running: Processes
    names: Sequence[str]
    seed: int
    history: History
    killed: Counter[str] = field(default_factory=Counter)
    ended: list[tuple[str, int]] = field(default_factory=list)
    bursts: int = 0

    @property
    def kills(self) -> int:
        return self.killed.total()

    async def blow(self, kills: int, progress: Callable[[], int], enough: int = 20, patience: float = 15.0) -> None:
        """So many kills. Before most bursts there is work done: `progress` grew by `enough`, or `patience` seconds are over."""
        dice = random.Random(self.seed)
        self.history.note("seed", seed=self.seed)
        while self.kills < kills:
            wanted = dice.sample(list(self.names), min(dice.choice(BURSTS), kills - self.kills))
            self._burst(wanted)
            if dice.random() < HASTE:
                await asyncio.sleep(dice.uniform(SHORTEST, LONGEST))  # a storm does not wait for anybody
            else:
                await self._work(progress, enough, patience)

    def _burst(self, wanted: Sequence[str]) -> None:
        self.bursts += 1
        for name in wanted:
            if self.running.runs(name):
                self.running.signal(name, signal.SIGKILL)
                self.killed[name] += 1
                self.history.note("killed", process=name)

    async def _work(self, progress: Callable[[], int], enough: int, patience: float) -> None:
        goal = progress() + enough
        with suppress(AssertionError):
            await until(lambda: progress() >= goal, patience, every=0.1)

    async def revive(self) -> None:
        """Start what died, for ever: what an init system does, without its pauses."""
        while True:
            for name in self.names:
                if not self.running.runs(name):
                    code = await self.running.ended(name)
                    if code != -signal.SIGKILL:
                        self.ended.append((name, code))
                    self.running.start(name)
            await asyncio.sleep(0.05)  # how often it looks


@asynccontextmanager
async def storm(running: Processes, names: Sequence[str], seed: int, history: History) -> AsyncIterator[Storm]:
    """One whose dead are started again as long as the block runs."""
    made = Storm(running, names, seed, history)
    reviving = asyncio.create_task(made.revive())
    try:
        yield made
        assert not reviving.done(), reviving.exception()
    finally:
        await end(reviving)
