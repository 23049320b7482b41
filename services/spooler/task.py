"""A task as the spooler keeps it, and what may happen to it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Any

from libs.contracts.devices import PartialPolicy, UnknownPolicy
from libs.contracts.jobs import Service
from libs.contracts.queries import Outcome
from libs.contracts.reports import TaskFailed
from libs.contracts.states import Stage
from libs.contracts.tasks import PrinterRef


class Step(StrEnum):
    """Which worker holds the open order of a task."""

    NONE = ""
    CONVERT = "convert"
    PRINT = "print"


class Ask(StrEnum):
    """What a transition asks for besides its new state."""

    CONVERT = "convert"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, kw_only=True)  # without slots, as one is made of another by copying a dictionary
class Task:
    """Every field is a column. Times are ms since 1970, 0: none. (`seq`, `idx`) is its position, never a clock.

    `step`, `attempt` (print) and `conversions` (convert) name the open order; `place` 0 goes before 1 in the line; `lined`
    says that it stands in its printer's line, not yet sent; `recalled` that a paused line wants its order back;
    `hold` that it waits to be released to a real printer, `rendering` that its open conversion does no more than render;
    `ordered_at` is when the open order was made, 0 with an open conversion: it waits for its turn at its `engine`; `valid_until`
    is until when it may be taken, and of a hooked task when its hook is reminded, and then until when it may work; `told` is the
    Webprinter status that was last told.

    `user_id` and `user_name` (small letters) say who prints, where a door knows; `served` is the application that fetches it, no
    order is made then; `leg` counts its printers. `idx` below 0: not started, so that nobody was told of it.

    `pages` are the sides of its document as it was made for its printer, `done_before` so many of them, the first ones, that are
    left out of it now, as they are on paper; while the rest is asked for, `pages_done` says how many will be.

    `stage_at` is when it came into its stage, 0: it was made in it, or came there before that was written down.
    """

    id: str
    tenant: str
    sn: str
    source: str
    from_os: str
    name: str
    seq: int
    idx: int
    agent: str
    printer: str
    device: str
    shard: int
    priority: int
    created_at: int
    expires_at: int
    traceparent: str
    version: int = 0
    stage: Stage = Stage.INCOMING
    reason: str = ""
    message: str = ""
    place: int = 1
    lined: bool = True
    step: Step = Step.NONE
    attempt: int = 0
    conversions: int = 0
    taken: bool = False
    sent: bool = False
    canceling: bool = False
    failures: int = 0
    unknown: UnknownPolicy = UnknownPolicy.ASK
    pages: int = 0
    pages_done: int = 0
    retry_at: int = 0
    ordered_at: int = 0
    valid_until: int = 0
    due_at: int = 0
    told: str = ""
    ended_at: int = 0
    start_at: int = 0
    hold: bool = False
    retry_of: str = ""
    rendering: bool = False
    recalled: bool = False
    user_id: str = ""
    user_name: str = ""
    served: str = ""
    leg: int = 1
    fetchable_at: int = 0
    acknowledged_at: int = 0
    engine: str = ""
    done_before: int = 0
    stage_at: int = 0

    @property
    def started(self) -> bool:
        """Whether it is meant to be printed already, so that it may be told and listed."""
        return self.idx >= 0


#: The fields of a task, and what reads all of them at once.
FIELDS = tuple(field.name for field in fields(Task))
values_of = attrgetter(*FIELDS)


def altered(task: Task, **changes: Any) -> Task:
    """`dataclasses.replace` of a task in a tenth of its time: the spooler makes a dozen for each one that is printed.

    Raises `KeyError` for what is no field.
    """
    made = object.__new__(Task)
    values = made.__dict__
    values.update(task.__dict__, **changes)
    if len(values) != len(FIELDS):
        raise KeyError(*(changes.keys() - set(FIELDS)))
    return made


def made_of(row: Iterable[Any]) -> Task:
    """A task of the values of all its `FIELDS`, in their order. Raises `ValueError` for more or less of them."""
    made = object.__new__(Task)
    made.__dict__.update(zip(FIELDS, row, strict=True))
    return made


@dataclass(frozen=True, slots=True)
class Holding:
    """A hook that begins to work on a task: when to look at it again (ms since 1970), and the sentence that says it begins."""

    until: int
    message: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The task is in the database: it may go on. `raw`: its document passes through untouched; `ready`: whoever serves its
    printer takes the document as it came; `hook`: a partner works on it first.
    """

    raw: bool = False
    ready: bool = False
    hook: Holding | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Reminded:
    """Whose hook works on the task was told once more that it is waited for; its time is over at `until` (ms since 1970)."""

    until: int


@dataclass(frozen=True, slots=True)
class Unhooked:
    """A hook has ended, and the task goes on: to the next `hook`, or as one that was `Accepted`. `message` says what is special."""

    raw: bool = False
    ready: bool = False
    hook: Holding | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Begin:
    """Who made the task says that its document is there; (`seq`, `idx`) is its place from now on. Times are ms since 1970."""

    seq: int
    idx: int
    expires_at: int = 0
    unknown: UnknownPolicy = UnknownPolicy.ASK
    served: str = ""


@dataclass(frozen=True, slots=True)
class Amended:
    """Its ticket or its document is another one now."""


@dataclass(frozen=True, slots=True)
class Abort:
    """A partner ended it, or what its definition says about hooks that fail did."""

    message: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """A partner sends it to another printer, which may be one that holds it. Times are ms since 1970, 0: none."""

    printer: PrinterRef
    unknown: UnknownPolicy = UnknownPolicy.ASK
    served: str = ""
    hold: bool = False
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Served:
    """What the application that serves its printer says of it."""

    state: Service
    description: str = ""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """Its printer's line sends it: a print order is made."""

    now: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Its printer gave it up in the middle and says how much is on paper (`report.pages_sure`); what its owner wants done then."""

    report: TaskFailed
    policy: PartialPolicy


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody wants it not to be printed."""


@dataclass(frozen=True, slots=True)
class Resolve:
    """Somebody says what became of a task whose outcome is unknown.

    For one that is to be printed again: `ready` is whether its document is as its printer wants it, and `room` how many attempts
    its agent may have seen of which a database that was brought back does not know.
    """

    outcome: Outcome
    ready: bool = True
    room: int = 0


@dataclass(frozen=True, slots=True)
class Release:
    """Somebody sends a held task to a real printer, where a `hook` may work on it first; times are ms since 1970, 0: none."""

    printer: PrinterRef
    unknown: UnknownPolicy = UnknownPolicy.ASK
    expires_at: int = 0
    served: str = ""
    hook: Holding | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """Its printer's line was paused: what is not begun is wanted back."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Its printer was cut off while it waited: nobody prints it before somebody resumes the line."""

    message: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """Its printer was cut off while it waited, and there is a newer one of its name."""

    message: str


@dataclass(frozen=True, slots=True)
class Due:
    """A time that the task waited for has come."""

    now: int


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An order of the task, (step, attempt), or a message about it was given up and lies in DEAD."""

    message: str
    order: tuple[Step, int] | None = None


@dataclass(frozen=True, slots=True)
class Restored:
    """The database was brought back from a backup: what was to come may have happened since. `now` in ms since 1970."""

    now: int


@dataclass(frozen=True, slots=True)
class JournalReplaced:
    """The agent came back with another journal: what it held is not known any more (rule 8)."""
