"""Conversions wait for their turn in the database: what converts them, and when they were ordered."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the index; whatever is open was ordered already, by engines that nobody counts."""
    op.add_column("task", sa.Column("engine", sa.String(16), nullable=False, server_default=""))
    op.execute("UPDATE task SET ordered_at = created_at WHERE step = 'convert'")
    where = sa.text("step = 'convert'")
    columns: list[str | sa.TextClause] = ["engine", "tenant", "printer", "ordered_at", sa.text("priority DESC"), "seq", "idx"]
    op.create_index("task_converting", "task", columns, sqlite_where=where, postgresql_where=where)
