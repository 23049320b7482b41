"""What was printed, by day and by month, of printers and of users: from the spooler's own records (graph-print.md 1.11, 2.13)."""

from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.message import Message
from libs.contracts.people import Person
from libs.contracts.states import Stage


class UsageBy(StrEnum):
    """Whose usage."""

    PRINTER = "printer"
    USER = "user"


class Span(StrEnum):
    """How long one row is."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageView:
    """One printer or user in one day or month (`date`: its first day, UTC, `YYYY-MM-DD`). Of printers `agent`, `printer` and
    `printer_name` are set, of users `user`.
    """

    date: str
    agent: str = ""
    printer: str = ""
    printer_name: str = ""
    user: Person | None = None
    completed_black: int = 0
    completed_color: int = 0
    incomplete: int = 0
    pages: int = 0
    sheets: int = 0
    black_pages: int = 0
    color_pages: int = 0
    single_sided_sheets: int = 0
    double_sided_sheets: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUsage(Message, subject="query.{region}.spooler.list-usage"):
    """Rows by date, oldest first, then by printer or user; dates inclusive, empty: from the first, up to the last there are.

    `printer` (with `agent`) or `user` (an id) not empty: only of this one. What nobody printed as a user is of no user.
    """

    region: str
    tenant: str
    by: UsageBy
    span: Span
    start: str = ""
    end: str = ""
    agent: str = ""
    printer: str = ""
    user: str = ""
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageList:
    rows: tuple[UsageView, ...]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedJob:
    """A job that is over, as accounting wants it (graph-print.md 2.13, 7.1). It stays when its task is forgotten,
    and does not tell what was printed.

    `pages` are printed sides, `sheets` paper, both with all copies; 0 where nobody counted them. `media` is a name, or a size in
    1/100 mm such as 21000x29700. `redirected_from` is the GUID of the printer that it was sent on from. Of `user` the id and the
    name (small letters) are known.
    """

    task: str
    leg: int
    stage: Stage
    agent: str
    printer: str
    printer_name: str
    user: Person | None = None
    sn: str = ""
    created_at: int = 0
    fetchable_at: int = 0
    acknowledged_at: int = 0
    ended_at: int = 0
    copies: int = 1
    pages: int = 0
    sheets: int = 0
    color: bool = False
    two_sided: bool = False
    media: str = ""
    size: int = 0
    redirected_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListArchivedJobs(Message, subject="query.{region}.spooler.list-archived-jobs"):
    """By when they ended, ms since 1970, both ends inclusive. One of `printer` (with `agent`) and `users` (ids) says whose."""

    region: str
    tenant: str
    agent: str = ""
    printer: str = ""
    users: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    offset: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedJobs:
    jobs: tuple[ArchivedJob, ...]
    more: bool = False


#: Question -> the record that answers it (or a `Refusal`).
USAGE_ANSWER: dict[type[Message], type] = {ListUsage: UsageList, ListArchivedJobs: ArchivedJobs}
