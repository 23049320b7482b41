"""What becomes of tasks that waited for a printer which was cut off."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; all are printed unless somebody says otherwise."""
    op.add_column("devices", sa.Column("resume", sa.String(16), nullable=False, server_default="all"))
