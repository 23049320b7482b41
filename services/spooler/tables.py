"""The spooler's tables: what is hot (`task`), what is read once (`material`), what partners do (`hook`, `leg`), and the rest."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

from libs.runtime.commit import cursor_table
from libs.runtime.lease import lease_table
from libs.runtime.outbox import outbox_table

metadata = MetaData()


def _text(name: str, size: int = 64) -> Column[str]:
    return Column(name, String(size), nullable=False, server_default="")


def _number(name: str, default: str = "0") -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text(default))


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
    _text("user_id"),
    _text("user_name", 320),
    _text("served"),
    _number("leg", "1"),
    *(_number(name) for name in ("fetchable_at", "acknowledged_at")),
    _text("engine", 16),
    _number("done_before"),
    _number("stage_at"),
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
#: Conversions that are open, those that wait for their turn (`ordered_at` 0) in the order in which they get it.
CONVERTING = text("step = 'convert'")
Index(
    "task_converting",
    task.c.engine,
    task.c.tenant,
    task.c.printer,
    task.c.ordered_at,
    task.c.priority.desc(),
    task.c.seq,
    task.c.idx,
    sqlite_where=CONVERTING,
    postgresql_where=CONVERTING,
)
Index("task_due", task.c.due_at, sqlite_where=task.c.due_at > 0, postgresql_where=task.c.due_at > 0)
Index("task_ended", task.c.ended_at, sqlite_where=task.c.ended_at > 0, postgresql_where=task.c.ended_at > 0)

#: Tasks that somebody has to release, as their client lists them.
HELD = text("stage = 'release-wait'")
Index("task_held", task.c.tenant, task.c.sn, task.c.created_at, task.c.id, sqlite_where=HELD, postgresql_where=HELD)

#: Tasks as jobs of their printer. A task is in one of the first two, so that both together cost as much as one.
FETCHABLE, UNFETCHABLE = text("fetchable_at > 0"), text("fetchable_at = 0")
OF_USER, OF_USER_NAME = text("user_id <> ''"), text("user_name <> ''")
_JOB = (task.c.printer, task.c.created_at, task.c.id)
Index("task_fetchable", *_JOB, sqlite_where=FETCHABLE, postgresql_where=FETCHABLE)
Index("task_unfetchable", *_JOB, sqlite_where=UNFETCHABLE, postgresql_where=UNFETCHABLE)
Index("task_user", task.c.user_id, *_JOB, sqlite_where=OF_USER, postgresql_where=OF_USER)
Index("task_user_name", task.c.user_name, *_JOB, sqlite_where=OF_USER_NAME, postgresql_where=OF_USER_NAME)

#: What a task is made of: the request as it came, and the conversion as it came back. What Graph's door knows of the document
#: beside that: its media type as it was told, when it was uploaded, when it was downloaded by whoever serves the printer. The rest
#: is what its archived job tells, read out of them once: the document's bytes, copies, colour, sides and sheet as asked for, empty:
#: the printer's own; and the copies that were left to the printer to make.
material = Table(
    "material",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("converted", LargeBinary, nullable=True),
    _text("media_type", 128),
    *(_number(name) for name in ("uploaded_at", "downloaded_at", "size")),
    _number("copies", "1"),
    *(_text(name, 32) for name in ("color", "sides")),
    _text("media"),
    _number("left_copies", "1"),
)

#: Legs of tasks that are over because the task was redirected; `shown` is the job as it is to be shown (`JobView`).
leg = Table(
    "leg",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("leg", BigInteger, primary_key=True),
    *(_text(name) for name in ("tenant", "agent", "printer", "user_id")),
    _text("user_name", 320),
    *(_number(name) for name in ("created_at", "ended_at")),
    Column("shown", LargeBinary, nullable=False),
    Index("leg_newest", "printer", "created_at", "task", "leg"),
    Index("leg_user", "user_id", "printer", "created_at", "task", "leg"),
    Index("leg_user_name", "user_name", "printer", "created_at", "task", "leg"),
)

#: Work of partners on legs of tasks, in the order of `place`; `limit` in seconds.
hook = Table(
    "hook",
    metadata,
    Column("id", String(64), primary_key=True),
    *(_text(name) for name in ("tenant", "task")),
    *(_number(name) for name in ("leg", "place")),
    *(_text(name) for name in ("agent", "printer", "definition", "trigger", "app")),
    Column("name", Text, nullable=False, server_default=""),
    _number("limit"),
    *(_text(name, 16) for name in ("on_limit", "on_abort", "state")),
    Column("description", Text, nullable=False, server_default=""),
    *(_number(name) for name in ("created_at", "until", "ended_at")),
    Index("hook_task", "task", "leg", "place"),
    Index("hook_definition", "definition", "created_at", "id"),
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

#: Upload sessions (graph-print.md 1.7). `until`: when it is over and swept, 0: it was ended; `app`: whose hook opened it, empty:
#: its user did. Once `complete`, `object` and `sha256` say where its bytes are; `former` is the object that they took the place of.
upload = Table(
    "upload",
    metadata,
    Column("id", String(64), primary_key=True),
    *(_text(name) for name in ("tenant", "task")),
    _number("leg", "1"),
    _text("app"),
    _number("size"),
    Column("name", Text, nullable=False),
    _text("media_type", 128),
    _text("format", 16),
    _number("until"),
    _flag("complete"),
    *(_text(name, 512) for name in ("object", "sha256", "former")),
    _number("uploaded_at"),
    Index("upload_task", "task"),
    Index("upload_until", "until"),
)

#: What of an upload is stored: positions of the first and the last byte, and the object.
piece = Table(
    "piece",
    metadata,
    Column("upload", String(64), primary_key=True),
    *(Column(name, BigInteger, primary_key=True) for name in ("first", "last")),
    _text("object", 512),
)

#: Jobs that are over, for accounting; they stay when their tasks are forgotten, and do not tell what was printed. `day` is the day
#: (UTC) of their end, as 20260131; `redirected_from` the printer of the leg before, as `<agent>/<device>`. Nothing is asked of them
#: by task.
archived = Table(
    "archived",
    metadata,
    Column("ended_at", BigInteger, primary_key=True),
    Column("task", String(64), primary_key=True),
    Column("leg", BigInteger, primary_key=True),
    _number("day"),
    *(_text(name) for name in ("tenant", "sn")),
    _text("stage", 32),
    *(_text(name) for name in ("agent", "printer")),
    Column("printer_name", Text, nullable=False),
    _text("user_id"),
    _text("user_name", 320),
    *(_number(name) for name in ("created_at", "fetchable_at", "acknowledged_at", "copies", "pages", "sheets", "size")),
    *(_flag(name) for name in ("color", "two_sided")),
    _text("media"),
    _text("redirected_from", 130),
    Index("archived_printer", "printer", "ended_at"),
)
Index(
    "archived_user", archived.c.user_id, archived.c.ended_at, sqlite_where=OF_USER, postgresql_where=OF_USER
)  # most tasks of the other doors have none, and pay nothing

#: What a printer printed of a user in a day that is over: sums of `archived`.
COUNTS = (
    "completed_black", "completed_color", "incomplete", "pages", "sheets", "black_pages", "color_pages", "single_sided_sheets",
    "double_sided_sheets",
)  # fmt: skip
usage_day = Table(
    "usage_day",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("day", BigInteger, primary_key=True),
    *(Column(name, String(64), primary_key=True) for name in ("agent", "printer", "user_id")),
    Column("printer_name", Text, nullable=False),
    _text("user_name", 320),
    *(_number(name) for name in COUNTS),
    Index("usage_day_day", "day"),
)

lease = lease_table(metadata)
outbox = outbox_table(metadata)
cursors = cursor_table(metadata)
