"""Holds, schedules, retries and pauses: what a task waits for beside its printer, and printers whose lines stand still."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("false"))


def upgrade() -> None:
    """Add the new columns, the list of held tasks, and the paused printers."""
    for column in (_number("start_at"), _flag("hold"), _text("retry_of"), _flag("rendering"), _flag("recalled")):
        op.add_column("task", column)
    held = sa.text("stage = 'release-wait'")
    op.create_index("task_held", "task", ["tenant", "sn", "created_at", "id"], sqlite_where=held, postgresql_where=held)
    op.create_table(
        "pause",
        sa.Column("printer", sa.String(64), primary_key=True),
        *(_text(name) for name in ("agent", "tenant")),
        _number("at"),
    )
