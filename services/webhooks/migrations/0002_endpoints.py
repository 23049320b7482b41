"""Endpoints of clients and tenants, the log of attempts, replays."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Widen the tables; endpoints that are there were given by the settings, which write them anew at every start."""
    for column in _columns():
        op.add_column("endpoint", column)
    op.create_index("ix_endpoint_tenant", "endpoint", ["tenant"])
    op.add_column("delivery", sa.Column("replay", sa.Integer, nullable=False, server_default="0"))
    waiting = sa.text("state = 'waiting'")
    due = ["endpoint", "due_at", "sequence"]
    op.drop_index("delivery_newest", "delivery")
    op.create_index("delivery_log", "delivery", ["endpoint", "at"])
    op.create_index("delivery_due", "delivery", due, sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "attempt",
        sa.Column("event", sa.String(256), primary_key=True),
        sa.Column("endpoint", sa.String(64), primary_key=True),
        sa.Column("replay", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("took", sa.Integer, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("excerpt", sa.Text, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )


def _columns() -> tuple[sa.Column[Any], ...]:
    texts = ("name", "kinds", "devices", "old_secret", "reason")
    times = ("created_at", "changed_at", "disabled_at", "failing_since", "old_until")
    return (
        sa.Column("tenant", sa.String(64), nullable=False, server_default=""),
        *(sa.Column(name, sa.Text, nullable=False, server_default="") for name in texts),
        *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in times),
        sa.Column("binary", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("trusted", sa.Boolean, nullable=False, server_default=sa.false()),
    )
