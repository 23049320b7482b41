"""What becomes of tasks that a printer gave up in the middle."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; they end unless somebody says otherwise."""
    op.add_column("devices", sa.Column("partial", sa.String(16), nullable=False, server_default="give-up"))
