"""Upload sessions and the pieces that came; archived jobs, and what was printed by day."""

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


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("false"))


def upgrade() -> None:
    """Add the tables, and to materials what archived jobs tell of them."""
    _uploads()
    for column in (_number("size"), _number("copies", "1"), _number("left_copies", "1")):
        op.add_column("material", column)
    for said in (_text("color", 32), _text("sides", 32), _text("media")):
        op.add_column("material", said)
    _archive()
    _usage()


def _uploads() -> None:
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
        _flag("complete"),
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


def _archive() -> None:
    op.create_table(
        "archived",
        sa.Column("ended_at", sa.BigInteger, primary_key=True),
        sa.Column("task", sa.String(64), primary_key=True),
        sa.Column("leg", sa.BigInteger, primary_key=True),
        _number("day"),
        *(_text(name) for name in ("tenant", "sn")),
        _text("stage", 32),
        *(_text(name) for name in ("agent", "printer")),
        sa.Column("printer_name", sa.Text, nullable=False),
        _text("user_id"),
        _text("user_name", 320),
        *(_number(name) for name in ("created_at", "fetchable_at", "acknowledged_at", "copies", "pages", "sheets", "size")),
        *(_flag(name) for name in ("color", "two_sided")),
        _text("media"),
        _text("redirected_from", 130),
    )
    op.create_index("archived_printer", "archived", ["printer", "ended_at"])
    of_user = sa.text("user_id <> ''")
    op.create_index("archived_user", "archived", ["user_id", "ended_at"], sqlite_where=of_user, postgresql_where=of_user)


def _usage() -> None:
    counts = ("completed_black", "completed_color", "incomplete", "pages", "sheets", "black_pages", "color_pages")
    op.create_table(
        "usage_day",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.String(64), primary_key=True) for name in ("agent", "printer", "user_id")),
        sa.Column("printer_name", sa.Text, nullable=False),
        _text("user_name", 320),
        *(_number(name) for name in (*counts, "single_sided_sheets", "double_sided_sheets")),
    )
    op.create_index("usage_day_day", "usage_day", ["day"])
