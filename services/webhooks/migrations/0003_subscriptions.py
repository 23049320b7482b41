"""Subscriptions of Graph's applications."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table; each subscription's queue is an endpoint of the same id."""
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(64), primary_key=True),
        *(_text(name) for name in ("tenant", "tenant_id", "app", "creator", "definition")),
        sa.Column("sn", sa.String(8), nullable=False),
        sa.Column("topic", sa.String(16), nullable=False),
        sa.Column("agent", sa.String(8), nullable=False),
        sa.Column("printer", sa.String(64), nullable=False),
        sa.Column("changes", sa.String(64), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("resource", "url", "base")),
        *(sa.Column(name, sa.Text) for name in ("state", "query", "lifecycle_url", "certificate", "certificate_id")),
        sa.Column("token_audience", sa.Text),
        sa.Column("tls_version", sa.String(8), nullable=False),
        sa.Column("data", sa.Boolean),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("expires", "created_at")),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("ended_at", "reminded_at", "paused_at", "granted_at")),
    )
    alive = sa.text("ended_at = 0")
    op.create_index("subscription_owner", "subscription", ["tenant", "app"])
    for name in ("expires", "definition", "printer"):
        op.create_index(f"subscription_{name}", "subscription", [name], sqlite_where=alive, postgresql_where=alive)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(64), nullable=False)
