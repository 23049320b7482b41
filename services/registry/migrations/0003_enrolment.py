"""Agents that join from outside: enrolment tokens, and the keys that they were given credentials for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "enrolments",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("tenant", sa.String(32), sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sn", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
    )
    op.create_table(
        "credentials",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("sn", sa.String(8), sa.ForeignKey("clients.sn"), nullable=False, index=True),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("replaced_at", sa.BigInteger, nullable=False),
    )
