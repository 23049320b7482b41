"""Dead letters: what was given up, by reference and cause, never with its body."""

from dataclasses import dataclass
from typing import Literal

from libs.contracts.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter(Message, subject="dead.{region}.{stream}", message_id="{stream}:{sequence}:{reader}"):
    """A message that its reader gave up: where it lay, who gave up, after how many tries and why; `task` if it had one."""

    kind: Literal["DeadLetter"] = "DeadLetter"
    region: str
    stream: str
    sequence: int
    reader: str
    tries: int
    cause: str
    task: str = ""
    at: int = 0


def dead_letters(region: str, stream: str = "*") -> str:
    """The subjects of a region's dead letters, of one stream or of all."""
    return f"dead.{region}.{stream}"
