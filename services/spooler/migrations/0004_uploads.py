"""Upload sessions and the pieces that came."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _text(name: str, size: int = 64) -> sa.Column[str]:
    return sa.Column(name, sa.String(size), nullable=False, server_default="")


def _number(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text(default))


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "upload",
        sa.Column("id", sa.String(64), primary_key=True),
        *(_text(name) for name in ("tenant", "task")),
        _number("leg", "1"),
        _text("app"),
        _number("size"),
        sa.Column("name", sa.Text, nullable=False),
        _text("media_type", 128),
        _text("format", 16),
        _number("until"),
        sa.Column("complete", sa.Boolean, nullable=False, server_default=sa.text("false")),
        *(_text(name, 512) for name in ("object", "sha256", "former")),
        _number("uploaded_at"),
    )
    op.create_index("upload_task", "upload", ["task"])
    op.create_index("upload_until", "upload", ["until"])
    op.create_table(
        "piece",
        sa.Column("upload", sa.String(64), primary_key=True),
        *(sa.Column(name, sa.BigInteger, primary_key=True) for name in ("first", "last")),
        _text("object", 512),
    )
