"""What every round of one term shares."""

from prometheus_client import CollectorRegistry

from libs.runtime.traces import Tracing
from services.spooler.line import Heads
from services.spooler.meters import Meters
from services.spooler.printers import Printers
from services.spooler.shares import Shares
from services.spooler.spans import Spans

#: Seconds that a task waits to be released, or fetched by an application, unless somebody says otherwise.
HOLD_LIMIT = 3 * 86_400.0


class Desk:
    """The region, the printers, who holds which line, whose conversion goes next, three limits, what is counted and traced."""

    def __init__(
        self,
        region: str,
        printers: Printers,
        print_ahead: int,
        head_wait: float,
        hold_limit: float = HOLD_LIMIT,
        *,
        shares: Shares | None = None,
        meters: Meters | None = None,
        spans: Spans | None = None,
    ) -> None:
        self.region = region
        self.printers = printers
        self.print_ahead = print_ahead
        self.head_wait = head_wait
        #: In ms.
        self.hold_limit = int(hold_limit * 1000)
        self.heads = Heads()
        self.shares = shares or Shares()
        self.meters = meters or Meters(CollectorRegistry())
        self.spans = spans or Spans(Tracing("spooler"))
        #: Printers whose lines are paused, for sentences; what is sent is decided by the table.
        self.paused: set[str] = set()
        #: Printers whose agent is cut off and whose owner wants a say in what is printed afterwards: nothing is sent to them.
        self.withheld: set[str] = set()
        #: When the database was brought back from a backup, in ms since 1970, 0: never. What came before may be on paper.
        self.restored = 0
        #: The same of what other regions accepted, and this one has from them since: until when it may have been printed before.
        self.lost = 0

    def expiry(self, since: int, expires_at: int, *, hold: bool, served: str = "") -> int:
        """When a task expires, 0: never; all in ms since 1970. Nothing waits for ever until somebody comes for it.

        Once it is released, it has all the time that it was given; `served` is the application that has to fetch it.
        """
        held_until = since + self.hold_limit if hold or served else 0
        return min((each for each in (expires_at, held_until) if each), default=0)
