"""Hooks and legs: who prints, which printers a task was sent to, what partners do with it, and lists by printer."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _text(name: str, size: int = 64) -> sa.Column[str]:
    return sa.Column(name, sa.String(size), nullable=False, server_default="")


def _number(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text(default))


def _partial(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "task", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Add the new columns, the indexes of lists by printer, and the tables of hooks and old legs."""
    for column in (
        _text("user_id"),
        _text("user_name", 320),
        _text("served"),
        _number("leg", "1"),
        _number("fetchable_at"),
        _number("acknowledged_at"),
    ):
        op.add_column("task", column)
    for column in (_text("media_type", 128), _number("uploaded_at"), _number("downloaded_at")):
        op.add_column("material", column)
    # A task is in one of the two, so that both together cost as much as one.
    _partial("task_fetchable", ["printer", "created_at", "id"], "fetchable_at > 0")
    _partial("task_unfetchable", ["printer", "created_at", "id"], "fetchable_at = 0")
    _partial("task_user", ["user_id", "printer", "created_at", "id"], "user_id <> ''")
    _partial("task_user_name", ["user_name", "printer", "created_at", "id"], "user_name <> ''")
    _legs()
    _hooks()


def _legs() -> None:
    op.create_table(
        "leg",
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("leg", sa.BigInteger, primary_key=True),
        *(_text(name) for name in ("tenant", "agent", "printer", "user_id")),
        _text("user_name", 320),
        *(_number(name) for name in ("created_at", "ended_at")),
        sa.Column("shown", sa.LargeBinary, nullable=False),
    )
    op.create_index("leg_newest", "leg", ["printer", "created_at", "task", "leg"])
    op.create_index("leg_user", "leg", ["user_id", "printer", "created_at", "task", "leg"])
    op.create_index("leg_user_name", "leg", ["user_name", "printer", "created_at", "task", "leg"])


def _hooks() -> None:
    op.create_table(
        "hook",
        sa.Column("id", sa.String(64), primary_key=True),
        *(_text(name) for name in ("tenant", "task")),
        *(_number(name) for name in ("leg", "place")),
        *(_text(name) for name in ("agent", "printer", "definition", "trigger", "app")),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        _number("limit"),
        *(_text(name, 16) for name in ("on_limit", "on_abort", "state")),
        sa.Column("description", sa.Text, nullable=False, server_default=""),
        *(_number(name) for name in ("created_at", "until", "ended_at")),
    )
    op.create_index("hook_task", "hook", ["task", "leg", "place"])
    op.create_index("hook_definition", "hook", ["definition", "created_at", "id"])
