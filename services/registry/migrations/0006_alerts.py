"""What a tenant wants to be told of its printers (graph-print.md 1.13, print/alertSettings)."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Members as JSON; nothing was said before."""
    op.add_column("print_settings", sa.Column("alerts", sa.Text, nullable=False, server_default="{}"))
