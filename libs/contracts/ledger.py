"""The acceptance ledger: whether what was accepted became a task, and each task an end; what was given up, and doing it again."""

from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.message import Message


class Mismatch(StrEnum):
    """What does not add up."""

    LOST = "lost"  # a door was promised that it is stored, and the stream does not have it
    MISSING = "missing"  # the stream has it, and there never was such a task
    GAP = "gap"  # the stream lacks sequences that nobody purged
    OVERDUE = "overdue"  # a task is past the limit of what it waits for


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmTasks(Message, subject="query.{region}.spooler.confirm-tasks"):
    """Are these tasks, whose storing the stream acknowledged, saved? Only a door asks, of what it accepted itself.

    `kept`: whoever asks has them still, so that those that are missing are on their way and not lost.
    """

    region: str
    tasks: tuple[str, ...]
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """Those that are not, and will not be: everything that the stream had when it was asked is applied."""

    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLedger(Message, subject="query.{region}.spooler.read-ledger"):
    """What does not add up now, the oldest first."""

    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One mismatch: of a task (or of sequences, `INTAKE 17-19`), in a sentence, since when (ms since 1970)."""

    kind: Mismatch
    what: str
    message: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """`checked_at` is when everything that had come by then was looked at (ms since 1970), `checked` how many tasks so far.

    `entries` are at most 1000 of `mismatches`.
    """

    checked_at: int
    checked: int
    mismatches: int
    entries: tuple[LedgerEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLetter(Message, subject="query.{region}.spooler.replay-letter"):
    """Do once more what was given up: a message of INTAKE or REPORTS is applied again, a task's order is made anew.

    Refused (NOT_FOUND, BAD_REQUEST, CONFLICT) with the reason why it cannot be.
    """

    region: str
    stream: str
    sequence: int
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterReplayed:
    """The tasks that it was about; a new one where the old one has ended."""

    tasks: tuple[str, ...] = ()


#: Question -> the record that answers it (or a `Refusal`).
LEDGER_ANSWER: dict[type[Message], type] = {
    ConfirmTasks: Confirmed,
    ReadLedger: LedgerView,
    ReplayLetter: LetterReplayed,
}
