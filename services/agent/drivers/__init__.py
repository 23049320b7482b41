"""Printer drivers: how an attempt gets onto the paper of one kind of printer.

One file is one kind, and its name is the scheme of the URIs that it serves. It provides `connect(uri) -> Driver`, which
looks at the URI only and raises ValueError with what to write instead. A driver runs until it is canceled and says which
printers it has; a printer that cannot be reached yet is one of them. `prepare` may run for several attempts at once;
`put` is called in order of the line, one after the other, and brings an attempt over its point of no return
(`attempt.reach(Step.RELEASING)`) and everything to the printer; `follow` waits for the end. A `Fault` before the point of no return
is retried in place, after it the attempt is settled by what the printer's own list shows (`look`). A `Declined` ends it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.contracts.devices import Capabilities, PartialPolicy, PrinterState, ResumePolicy, UnknownPolicy
from services.agent.attempt import Attempt
from services.agent.domain import Means, Outcome, Sight
from services.agent.printer_uri import PrinterUri

#: The reason of a printer that stopped reading in the middle of a document: the next one need not wait for this one.
STUCK = "timed-out"


class Fault(Exception):
    """The printer cannot do it now: `reason` is a printer-state-reason, the text one sentence for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Declined(Exception):
    """The printer will not print this; nothing of it is on paper."""

    def __init__(self, reason: str, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.transient = transient


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a printer now. `rated`: pages per minute that it says it can make, 0: it does not say."""

    state: PrinterState = PrinterState.IDLE
    reasons: tuple[str, ...] = ()
    accepting: bool = True
    system_default: bool = False
    capabilities: Capabilities = Capabilities()
    rated: int = 0


class Printer(Protocol):
    """One printer. `window` is how many attempts may be on their way at once."""

    name: str
    unknown: UnknownPolicy
    resume: ResumePolicy
    partial: PartialPolicy
    means: Means
    window: int
    seen: Seen

    async def prepare(self, attempt: Attempt) -> None:
        """Whatever can be done before the attempt's turn."""

    async def put(self, attempt: Attempt) -> None:
        """Bring it to the printer, past RELEASING; in order. Returns when the next one may come."""

    async def follow(self, attempt: Attempt) -> Outcome:
        """Wait for its end, and tell what happens meanwhile."""

    async def look(self, attempt: Attempt) -> Sight:
        """What the printer's list shows under its name. Raises `Fault` when the printer does not answer."""

    async def release(self, attempt: Attempt) -> None:
        """Let go on what is held with all its data (only where `look` can say HELD of our own)."""

    async def discard(self, attempt: Attempt) -> None:
        """Remove what stands there under its name and cannot have printed. Raises `Fault`."""


Found = Callable[[Sequence[Printer] | None], None]
"""Called with all printers of a driver: at once when they are known, and whenever one of them changed.

With None when nobody can say yet, as its print server does not answer: what was known of them stays.
"""


class Driver(Protocol):
    """What one URI stands for: a printer, or all queues of a print server."""

    async def run(self, found: Found) -> None:
        """Runs until canceled."""


class Variant(Protocol):
    """What a driver's file provides."""

    def connect(self, uri: PrinterUri) -> Driver: ...
