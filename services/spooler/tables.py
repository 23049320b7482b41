"""The spooler's tables: what is hot (`task`), what is read once (`material`), and who was admitted (`journal`)."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

from libs.runtime.commit import cursor_table
from libs.runtime.lease import lease_table
from libs.runtime.outbox import outbox_table

metadata = MetaData()


def _text(name: str, size: int = 64) -> Column[str]:
    return Column(name, String(size), nullable=False, server_default="")


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


task = Table(
    "task",
    metadata,
    Column("id", String(64), primary_key=True),
    *(_text(name) for name in ("tenant", "sn", "source", "from_os")),
    Column("name", Text, nullable=False),
    *(_number(name) for name in ("seq", "idx")),
    *(_text(name) for name in ("agent", "printer")),
    Column("device", Text, nullable=False),
    *(_number(name) for name in ("shard", "priority", "created_at", "expires_at")),
    _text("traceparent", 128),
    _number("version"),
    _text("stage", 32),
    _text("reason"),
    Column("message", Text, nullable=False, server_default=""),
    Column("place", Integer, nullable=False, server_default=text("1")),
    _flag("lined"),
    _text("step", 16),
    *(_number(name) for name in ("attempt", "conversions")),
    *(_flag(name) for name in ("taken", "sent", "canceling")),
    _number("failures"),
    _text("unknown", 16),
    *(_number(name) for name in ("pages", "pages_done", "retry_at", "ordered_at", "valid_until", "due_at")),
    _text("told", 32),
    _number("ended_at"),
    _number("start_at"),
    _flag("hold"),
    _text("retry_of"),
    *(_flag(name) for name in ("rendering", "recalled")),
    Index("task_newest", "tenant", "sn", "created_at", "id"),
    Index("task_status", "tenant", "sn", "told", "created_at", "id"),
)
#: The line of a printer, in its order.
Index(
    "task_line",
    task.c.printer,
    task.c.place,
    task.c.priority.desc(),
    task.c.seq,
    task.c.idx,
    sqlite_where=task.c.lined,
    postgresql_where=task.c.lined,
)
Index("task_sent", task.c.printer, task.c.agent, sqlite_where=task.c.step == "print", postgresql_where=task.c.step == "print")
Index("task_due", task.c.due_at, sqlite_where=task.c.due_at > 0, postgresql_where=task.c.due_at > 0)
Index("task_ended", task.c.ended_at, sqlite_where=task.c.ended_at > 0, postgresql_where=task.c.ended_at > 0)

#: Tasks that somebody has to release, as their client lists them.
HELD = text("stage = 'release-wait'")
Index("task_held", task.c.tenant, task.c.sn, task.c.created_at, task.c.id, sqlite_where=HELD, postgresql_where=HELD)

#: What a task is made of: the request as it came, and the conversion as it came back; each written once.
material = Table(
    "material",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("converted", LargeBinary, nullable=True),
)

#: The journal that was admitted for each agent, and the sequence up to which it acknowledges unread.
journal = Table(
    "journal",
    metadata,
    Column("agent", String(64), primary_key=True),
    Column("id", String(64), nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

#: How far a stream went at what time (ms since 1970): what lies before a mark may be purged when nobody needs it any more.
mark = Table(
    "mark",
    metadata,
    Column("stream", String(64), primary_key=True),
    Column("at", BigInteger, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)

#: Printers whose lines are paused, since when (ms since 1970).
pause = Table(
    "pause",
    metadata,
    Column("printer", String(64), primary_key=True),
    _text("agent"),
    _text("tenant"),
    _number("at"),
)

lease = lease_table(metadata)
outbox = outbox_table(metadata)
cursors = cursor_table(metadata)
