"""Tasks, their material, journals, lease, outbox and cursors."""

from alembic import op

from services.spooler.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
