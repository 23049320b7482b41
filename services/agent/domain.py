"""The agent's rules: which orders it takes, what it makes of an attempt after a crash, when a withdrawal is in time."""

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from libs.contracts.orders import PrintDocument

#: A task's id becomes the name of files and of printers' jobs.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")


class Step(IntEnum):
    """How far an attempt is, as the journal holds it. From RELEASING on, ink cannot be ruled out."""

    TAKEN = 10
    INTENT = 20  # its job may stand in the printer's list from now on
    CREATED = 30  # its job has a number (held-job protocol)
    SENT = 40  # its held job has all data
    RELEASING = 50  # the point of no return
    RELEASED = 60  # the printer has everything it needs
    DONE = 90
    WITHDRAWN = 91  # a tombstone: this attempt never will be on paper

    @property
    def word(self) -> str:
        """The step in crash points and logs, as `releasing`."""
        return self.name.lower()

    @property
    def ended(self) -> bool:
        """Whether nothing more is done for an attempt at this step."""
        return self >= Step.DONE


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal knows of a task: its highest attempt, and that attempt's step.

    `said`: the report of its end, encoded. `sequence`: that of its order in the stream, 0: it never came.
    """

    attempt: int
    step: Step
    said: bytes = b""
    sequence: int = 0


class Verdict(StrEnum):
    """What becomes of an order that came in: it is taken, refused, told to be stale, acknowledged unread, or known.

    One that is known is not taken twice. If it was sent anew, what the journal knows is told again: that report may be lost.
    """

    TAKE = "take"
    REFUSE = "refuse"
    STALE = "stale"
    DROP = "drop"
    KNOWN = "known"


def judge(order: PrintDocument, known: Known | None, now: int) -> Verdict:
    """Whether to take an order (design.md rule 5); `now` in ms since 1970."""
    if known and order.attempt == known.attempt:
        return Verdict.KNOWN
    if known and (order.attempt < known.attempt or not known.step.ended):
        return Verdict.DROP
    if not _NAME.fullmatch(order.task):
        return Verdict.REFUSE
    if order.valid_until and now > order.valid_until:
        return Verdict.STALE
    return Verdict.TAKE


def expired(order: PrintDocument, now: int) -> bool:
    """Whether an attempt may not be begun any more; `now` in ms since 1970."""
    return bool(order.expires) and now > order.expires


def withdrawable(attempt: int, known: Known | None) -> bool:
    """Whether attempt number `attempt` can be kept off the paper for ever (design.md rule 11).

    An attempt that never came can: its tombstone stands before it. One that is withdrawn already is so again.
    """
    if known is None or attempt > known.attempt:
        return True
    return attempt == known.attempt and (known.step < Step.RELEASING or known.step is Step.WITHDRAWN)


class Means(StrEnum):
    """What a printer gives us to be exact with (design.md rule 9)."""

    HOLD = "hold"  # jobs are held with their data and released: cupsd
    LIST = "list"  # jobs have names and are listed, and begin as soon as they have data: most IPP printers
    NAME = "name"  # the result itself has a name and is made at once or not at all: a folder
    BLIND = "blind"  # bytes go in, nothing comes out: port 9100


class Sight(StrEnum):
    """What the printer's own list shows under an attempt's name."""

    ABSENT = "absent"
    EMPTY = "empty"  # a job without its document
    HELD = "held"  # a job with its document, held
    LIVE = "live"  # it waits, prints or is stopped
    ENDED = "ended"


class Deed(StrEnum):
    """What to do with an attempt of which one cannot be sure."""

    PRINT = "print"
    CANCEL = "cancel"  # cancel what stands there without ink, then print
    RELEASE = "release"
    FOLLOW = "follow"
    UNKNOWN = "unknown"


#: (means, past RELEASING, sight) -> deed. A combination that no row names cannot be seen.
SETTLEMENT: dict[tuple[Means, bool, Sight], Deed] = {
    (Means.HOLD, False, Sight.ABSENT): Deed.PRINT,
    (Means.HOLD, False, Sight.EMPTY): Deed.CANCEL,
    (Means.HOLD, False, Sight.HELD): Deed.RELEASE,
    (Means.HOLD, False, Sight.LIVE): Deed.FOLLOW,
    (Means.HOLD, False, Sight.ENDED): Deed.FOLLOW,
    (Means.HOLD, True, Sight.ABSENT): Deed.UNKNOWN,
    (Means.HOLD, True, Sight.EMPTY): Deed.CANCEL,
    (Means.HOLD, True, Sight.HELD): Deed.RELEASE,
    (Means.HOLD, True, Sight.LIVE): Deed.FOLLOW,
    (Means.HOLD, True, Sight.ENDED): Deed.FOLLOW,
    (Means.LIST, False, Sight.ABSENT): Deed.PRINT,
    (Means.LIST, False, Sight.EMPTY): Deed.CANCEL,
    (Means.LIST, False, Sight.HELD): Deed.FOLLOW,
    (Means.LIST, False, Sight.LIVE): Deed.FOLLOW,
    (Means.LIST, False, Sight.ENDED): Deed.FOLLOW,
    (Means.LIST, True, Sight.ABSENT): Deed.UNKNOWN,
    (Means.LIST, True, Sight.EMPTY): Deed.CANCEL,
    (Means.LIST, True, Sight.HELD): Deed.FOLLOW,
    (Means.LIST, True, Sight.LIVE): Deed.FOLLOW,
    (Means.LIST, True, Sight.ENDED): Deed.FOLLOW,
    (Means.NAME, False, Sight.ABSENT): Deed.PRINT,
    (Means.NAME, False, Sight.ENDED): Deed.FOLLOW,
    (Means.NAME, True, Sight.ABSENT): Deed.PRINT,
    (Means.NAME, True, Sight.ENDED): Deed.FOLLOW,
    (Means.BLIND, False, Sight.ABSENT): Deed.PRINT,
    (Means.BLIND, True, Sight.ABSENT): Deed.UNKNOWN,
    (Means.BLIND, True, Sight.ENDED): Deed.FOLLOW,
}


def settle(means: Means, step: Step, sight: Sight) -> Deed:
    """What to do with an open attempt after a crash or a lost connection."""
    return SETTLEMENT[means, step >= Step.RELEASING, sight]


@dataclass(frozen=True, slots=True)
class Printed:
    """On paper; `confirmed` False: nobody can confirm it, and the grace time is over."""

    pages: int = 0
    confirmed: bool = True
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Not on paper, or not all of it (`pages`), and the printer will not go on.

    `sure`: of those, the sides that are there for certain, on whole sheets, so that the rest is known; 0: nobody can say.
    """

    reason: str
    message: str
    transient: bool = False
    canceled: bool = False
    pages: int = 0
    sure: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say whether it is on paper."""

    message: str
    pages: int = 0


Outcome = Printed | Failed | Unknown
