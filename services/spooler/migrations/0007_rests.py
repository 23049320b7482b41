"""Tasks of which a part is on paper, so that only the rest is printed."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; 0: all of it is printed."""
    op.add_column("task", sa.Column("done_before", sa.BigInteger, nullable=False, server_default=sa.text("0")))
