"""What a measure works with while it is taken: where to put things, how much to do, and where to write down what it sees."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from bench.findings import Comparison, Curve, Findings, Series
from bench.measure import Measure

N = TypeVar("N", int, float)
Turn = Callable[[int], Awaitable[float | Mapping[str, float] | None]]


class Run:
    """One taking of one measure or of some that are taken together; each thing seen is written down at once."""

    def __init__(self, measures: Iterable[Measure], folder: Path, written: Path, *, rounds: int = 5, quick: bool = False) -> None:
        self.folder = folder
        self.rounds = rounds
        self.quick = quick
        self._written = written
        self._findings = {measure.number: Findings(measure) for measure in measures}
        self._only = next(iter(self._findings))
        self._begun = time.perf_counter()

    def wants(self, number: str) -> bool:
        """Whether this measure is asked for."""
        return number in self._findings

    def scale(self, full: N, quick: N) -> N:
        """How much to do: the real thing, or what is enough to see that it works."""
        return quick if self.quick else full

    def say(self, text: str) -> None:
        """For whoever waits in front of the terminal."""
        print(f"    {time.perf_counter() - self._begun:6.1f} s  {text}", flush=True)

    def record(self, series: str, unit: str, value: float, *, of: str = "") -> None:
        """One more repeat of a side of measure `of` (by default the only one)."""
        self._of(of).series.setdefault(series, Series(unit)).values.append(value)
        self.say(f"{series}: {value:.4g} {unit}")
        self.keep()

    def compare(self, goal: str, ours: str, theirs: str = "", *, of: str = "") -> None:
        """Hold two series against a goal, by its name. Raises KeyError for a goal that the measure does not have."""
        found = self._of(of)
        named = {each.name: each for each in found.measure.goals}
        found.comparisons.append(Comparison(named[goal], ours, theirs))
        self.keep()

    def point(self, curve: str, x: tuple[str, float], y: tuple[str, float], *, of: str = "") -> None:
        """One more point of a curve; each axis with its name."""
        self._of(of).curves.setdefault(curve, Curve(curve, x[0], y[0])).points.append((x[1], y[1]))
        self.say(f"{curve}: {x[1]:g} {x[0]} -> {y[1]:.4g} {y[0]}")
        self.keep()

    def note(self, sentence: str, *, of: str = "") -> None:
        """What a reader must know beside the figures."""
        self._of(of).notes.append(sentence)
        self.keep()

    def complete(self, *, of: str = "") -> None:
        """Nothing more comes of a measure: if others that are taken together with it fail later, that is not its failure."""
        self._of(of).complete = True
        self.keep()

    def checked(self, sentence: str, wrong: Iterable[str], *, of: str = "") -> None:
        """What was looked through for lost, doubled and misplaced tasks, and what was found: whatever it is, it counts as zero."""
        found = self._of(of)
        found.checked.append(sentence)
        found.wrong += wrong
        self.say(f"checked: {sentence}" + (f" WRONG: {found.wrong}" if found.wrong else ""))
        self.keep()

    async def turns(self, units: Mapping[str, str], turn: Mapping[str, Turn], *, of: str = "", rounds: int = 0) -> None:
        """Ours, theirs, ours, theirs …: each side once per round, in the order given.

        A turn gets the number of its round and returns its figure, or several by the names of their series, or writes them down
        itself. `units`: series -> unit; `rounds`: as many as were asked for, unless a measure says fewer.
        """
        for number in range(rounds or self.rounds):
            for name, take in turn.items():
                seen = await take(number)
                for series, value in (seen if isinstance(seen, Mapping) else {} if seen is None else {name: seen}).items():
                    self.record(series, units[series], value, of=of)
                await asyncio.sleep(0)

    def _of(self, number: str) -> Findings:
        return self._findings[number or self._only]

    def keep(self) -> None:
        """Write down what there is, be it nothing."""
        temporary = self._written.with_suffix(".new")
        temporary.write_text(json.dumps({number: found.plain() for number, found in self._findings.items()}))
        temporary.replace(self._written)
