"""Applications show that they are themselves with a key of their own in the place of a secret (RFC 7523)."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """A few keys, read with their client whenever it is read: a column as its roles."""
    op.add_column("clients", sa.Column("app_keys", sa.Text, nullable=False, server_default="[]"))
