"""How far an input stream is applied also says when its last message was stored: by that the stream is known again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; 0: not known."""
    op.add_column("cursor", sa.Column("at", sa.BigInteger, nullable=False, server_default=sa.text("0")))
