"""Endpoints that have said that they want to be told; those that are there are asked when they have to wait."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("endpoint", sa.Column("proven_at", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("endpoint", sa.Column("allowed_rate", sa.Integer, nullable=False, server_default="0"))
    op.add_column("endpoint", sa.Column("unproven", sa.Text, nullable=False, server_default=""))
