"""Sharing, applications and rules: who may use which device, scopes of tokens, marks, and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what is new; what was there keeps its meaning."""
    op.add_column("tenants", sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("clients", sa.Column("marks", sa.Text, nullable=False, server_default="[]"))
    op.add_column("tokens", sa.Column("scopes", sa.Text, nullable=False, server_default="[]"))
    op.add_column("devices", sa.Column("marks", sa.Text, nullable=False, server_default="[]"))
    op.add_column("devices", sa.Column("virtual", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("ix_devices_tenant", "devices", ["tenant"])
    op.create_table(
        "shares",
        sa.Column("agent", sa.String(8), primary_key=True),
        sa.Column("device", sa.String(16), primary_key=True),
        sa.Column("client", sa.String(8), primary_key=True),
        sa.ForeignKeyConstraint(["agent", "device"], ["devices.agent", "devices.id"]),
    )
    op.create_index("ix_shares_client", "shares", ["client"])
    op.create_table(
        "grants",
        sa.Column("client", sa.String(8), sa.ForeignKey("clients.sn"), primary_key=True),
        sa.Column("agent", sa.String(8), primary_key=True),
        sa.Column("device", sa.String(16), primary_key=True),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False, index=True),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("tenant", sa.String(32), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
