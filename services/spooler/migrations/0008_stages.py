"""Since when each task has been in its stage, so that whoever looks sees what stands still."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; 0: since it was made, as far as is known."""
    op.add_column("task", sa.Column("stage_at", sa.BigInteger, nullable=False, server_default=sa.text("0")))
