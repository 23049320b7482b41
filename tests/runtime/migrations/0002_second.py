"""A second revision, so that there is an order."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("fact", sa.Column("shade", sa.Text, nullable=False, server_default="grey"))
