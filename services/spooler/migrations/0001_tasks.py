"""Tasks, their material, journals, marks, and what commits are made of: lease, outbox, cursors."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str, size: int = 64) -> sa.Column[str]:
    return sa.Column(name, sa.String(size), nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("false"))


def upgrade() -> None:
    """Make everything."""
    _tasks()
    _indexes()
    _material_and_journals()
    _plumbing()


def _tasks() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.String(64), primary_key=True),
        *(_text(name) for name in ("tenant", "sn", "source", "from_os")),
        sa.Column("name", sa.Text, nullable=False),
        *(_number(name) for name in ("seq", "idx")),
        *(_text(name) for name in ("agent", "printer")),
        sa.Column("device", sa.Text, nullable=False),
        *(_number(name) for name in ("shard", "priority", "created_at", "expires_at")),
        _text("traceparent", 128),
        _number("version"),
        _text("stage", 32),
        _text("reason"),
        sa.Column("message", sa.Text, nullable=False, server_default=""),
        sa.Column("place", sa.Integer, nullable=False, server_default=sa.text("1")),
        _flag("lined"),
        _text("step", 16),
        *(_number(name) for name in ("attempt", "conversions")),
        *(_flag(name) for name in ("taken", "sent", "canceling")),
        _number("failures"),
        _text("unknown", 16),
        *(_number(name) for name in ("pages", "pages_done", "retry_at", "ordered_at", "valid_until", "due_at")),
        _text("told", 32),
        _number("ended_at"),
    )


def _indexes() -> None:
    op.create_index("task_newest", "task", ["tenant", "sn", "created_at", "id"])
    op.create_index("task_status", "task", ["tenant", "sn", "told", "created_at", "id"])
    _partial("task_line", ["printer", "place", sa.text("priority DESC"), "seq", "idx"], "lined")
    _partial("task_sent", ["printer", "agent"], "step = 'print'")
    _partial("task_due", ["due_at"], "due_at > 0")
    _partial("task_ended", ["ended_at"], "ended_at > 0")


def _partial(name: str, columns: list[str | sa.TextClause], where: str) -> None:
    op.create_index(name, "task", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _material_and_journals() -> None:
    op.create_table(
        "material",
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("converted", sa.LargeBinary, nullable=True),
    )
    op.create_table(
        "journal",
        sa.Column("agent", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "mark",
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )


def _plumbing() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("stream", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(512), nullable=False),
        sa.Column("message_id", sa.String(256), nullable=False),
        sa.Column("headers", sa.String(1024), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cursor",
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
