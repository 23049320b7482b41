"""One row of the catalogue of faults while its test runs: histories, scale, and what the report will say."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.rig.checker import INVARIANTS, violations
from tests.faults.rig.history import History, read


@dataclass
class Row:
    """What a test tells of its row. `full`: `make faults` runs it, not `make test`."""

    number: int
    test: str
    folder: Path
    full: bool
    done: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    checked: int = 0
    _histories: dict[str, History] = field(default_factory=dict)

    def scale(self, short: int, full: int) -> int:
        """How much: as much as a suite can wait for, or as the catalogue wants."""
        return full if self.full else short

    def did(self, sentence: str) -> None:
        """Say what was done, as the report is to tell it: with its numbers."""
        self.done.append(sentence)

    def saw(self, sentence: str, **figures: Any) -> None:
        """Say what came of it, after it was asserted; `figures` are kept beside it."""
        self.seen.append(sentence)
        self.figures.update(figures)

    def history(self, actor: str) -> History:
        """The history of an actor; the same one for the same name."""
        if actor not in self._histories:
            path = self.folder / "histories"
            path.mkdir(exist_ok=True)
            self._histories[actor] = History(path / f"{actor}.jsonl", actor)
        return self._histories[actor]

    def check(self) -> None:
        """Look for every invariant in all histories. Raises AssertionError with what is wrong."""
        self.close()
        history = read(self.folder / "histories")
        assert history, "nobody wrote a history"
        self.checked += len(history)
        wrong = violations(history)
        assert not wrong, f"{len(wrong)} violations:\n" + "\n".join(wrong[:40])

    def close(self) -> None:
        for history in self._histories.values():
            history.close()
        self._histories.clear()

    def write(self, folder: Path, outcome: str, why: str, *, took: float) -> None:
        """Leave for the report what this test did and saw in so many seconds; `why` it did not pass."""
        said = {"row": self.number, "test": self.test, "outcome": outcome, "why": why, "seconds": round(took, 1)}
        said |= {"did": self.done, "saw": self.seen, "figures": self.figures}
        said |= {"checked": self.checked, "invariants": sorted(INVARIANTS) if self.checked else []}
        name = f"{self.number:02}-{self.test.replace('/', '_')[:200]}.json"
        (folder / name).write_text(json.dumps(said, ensure_ascii=False))
