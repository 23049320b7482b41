"""What an actor of the rig did and saw, as lines of JSON: the only thing that the checker believes."""

import json
import time
from pathlib import Path
from typing import Any, TextIO

Event = dict[str, Any]


class History:
    """One actor's lines, each with the actor and the wall clock in seconds; `note` is safe from one thread at a time."""

    def __init__(self, path: Path, actor: str) -> None:
        self.path = path
        self.actor = actor
        self._file: TextIO | None = None

    def note(self, what: str, **facts: Any) -> None:
        """Write one line; the words of `what` and their facts stand in `checker.py`."""
        if self._file is None:
            self._file = self.path.open("a", buffering=1)
        self._file.write(json.dumps({"at": time.time(), "actor": self.actor, "what": what, **facts}, ensure_ascii=False) + "\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def read(folder: Path) -> list[Event]:
    """The events of all actors in the order of their clocks; equal times stay in the order of the lines."""
    events = [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
    return sorted(events, key=lambda event: event["at"])
