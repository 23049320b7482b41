"""Printers as Graph has them, offers of printers to people, hooks, people and groups (graph-print.md 1.2 to 1.9)."""

import sqlalchemy as sa
from alembic import op

from libs.contracts.ids import guid

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add what is new; what was there gets the names that Graph's programs call it by."""
    _clients()
    _devices()
    _printers()
    _offers()
    _hooks()
    _people()


def _clients() -> None:
    op.add_column("clients", sa.Column("app_id", sa.String(128), nullable=False, server_default=""))
    op.add_column("clients", sa.Column("guid", sa.String(36), nullable=False, server_default=""))
    op.add_column("clients", sa.Column("roles", sa.Text, nullable=False, server_default="[]"))
    for name in ("host", "system", "version"):
        op.add_column("clients", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("clients", sa.Column("location", sa.Text, nullable=False, server_default="{}"))
    table = sa.table("clients", *(sa.column(name) for name in ("sn", "app_id", "guid")))
    connection = op.get_bind()
    for (sn,) in connection.execute(sa.select(table.c.sn)).all():
        named = {"app_id": guid("application", sn), "guid": guid("client", sn)}
        connection.execute(sa.update(table).where(table.c.sn == sn).values(**named))
    op.create_index("ix_clients_tenant_app_id", "clients", ["tenant", "app_id"], unique=True)
    op.create_index("ix_clients_guid", "clients", ["guid"], unique=True)


def _devices() -> None:
    op.add_column("devices", sa.Column("guid", sa.String(36), nullable=False, server_default=""))
    op.add_column("devices", sa.Column("display", sa.Text, nullable=False, server_default=""))
    op.add_column("devices", sa.Column("served_by", sa.String(128), nullable=False, server_default=""))
    op.add_column("devices", sa.Column("added_at", sa.BigInteger, nullable=False, server_default="0"))
    table = sa.table("devices", *(sa.column(name) for name in ("agent", "id", "name", "guid", "display", "added_at")))
    clients = sa.table("clients", *(sa.column(name) for name in ("sn", "created_at")))
    connection = op.get_bind()
    for agent, device in connection.execute(sa.select(table.c.agent, table.c.id)).all():
        mine = (table.c.agent == agent) & (table.c.id == device)
        connection.execute(sa.update(table).where(mine).values(guid=guid("printer", agent, device)))
    since = sa.select(clients.c.created_at).where(clients.c.sn == table.c.agent).scalar_subquery()
    connection.execute(sa.update(table).values(display=table.c.name, added_at=since))
    op.create_index("ix_devices_guid", "devices", ["guid"], unique=True)
    op.create_index("ix_devices_fleet", "devices", ["tenant", "display", "guid"])
    op.drop_index("ix_devices_tenant", "devices")
    op.create_index("ix_devices_there", "devices", ["tenant", "gone", "virtual", "type", "agent"])


def _printers() -> None:
    op.create_table(
        "profiles",
        sa.Column("agent", sa.String(8), primary_key=True),
        sa.Column("device", sa.String(16), primary_key=True),
        sa.Column("manufacturer", sa.Text, nullable=False, server_default=""),
        sa.Column("model", sa.Text, nullable=False, server_default=""),
        *(
            sa.Column(name, sa.Text, nullable=False, server_default="{}")
            for name in ("location", "defaults", "capabilities", "ipp")
        ),
        sa.Column("physical", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("device_id", sa.Text, nullable=False, server_default=""),
        sa.Column("connector", sa.String(36), nullable=False, server_default=""),
        sa.Column("seen_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["agent", "device"], ["devices.agent", "devices.id"]),
    )
    op.create_table(
        "operations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("tenant", sa.String(32), nullable=False, index=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("printer", sa.String(36), nullable=False),
    )
    op.create_table(
        "print_settings",
        sa.Column("tenant", sa.String(32), primary_key=True),
        sa.Column("conversion", sa.Boolean, nullable=False),
        sa.Column("incompatible_printers", sa.String(16), nullable=False),
    )


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("tenant", sa.String(32), nullable=False),
        sa.Column("printer", sa.String(36), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("allow_all", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_offers_name", "offers", ["tenant", "name"], unique=True)
    for table, column in (("offer_users", "user"), ("offer_groups", "group")):
        op.create_table(
            table,
            sa.Column("offer", sa.String(36), sa.ForeignKey("offers.id"), primary_key=True),
            sa.Column(f"{column}_id", sa.String(64), primary_key=True),
        )
    op.create_table(
        "offer_uses",
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("offer", sa.String(36), sa.ForeignKey("offers.id"), primary_key=True, index=True),
        sa.Column("used_at", sa.BigInteger, nullable=False),
    )


def _hooks() -> None:
    op.create_table(
        "definitions",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("tenant", sa.String(32), nullable=False),
        sa.Column("app", sa.String(128), nullable=False),
        sa.Column("principal", sa.String(128), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("app_name", sa.Text, nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("on_limit", sa.String(16), nullable=False),
        sa.Column("on_abort", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_definitions_app", "definitions", ["tenant", "app"])
    op.create_table(
        "triggers",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("agent", sa.String(8), nullable=False),
        sa.Column("device", sa.String(16), nullable=False),
        sa.Column("definition", sa.String(36), sa.ForeignKey("definitions.id"), nullable=False, index=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["agent", "device"], ["devices.agent", "devices.id"]),
    )
    op.create_index("ix_triggers_printer", "triggers", ["agent", "device", "place"], unique=True)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("tenant", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("login", sa.Text, nullable=False),
        sa.Column("display", sa.Text, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("administrator", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_users_login", "users", ["tenant", "login"], unique=True)
    op.create_table(
        "user_groups",
        sa.Column("tenant", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_user_groups_name", "user_groups", ["tenant", "name"], unique=True)
    op.create_table(
        "memberships",
        sa.Column("tenant", sa.String(32), primary_key=True),
        sa.Column("user_id", sa.String(64), primary_key=True),
        sa.Column("group_id", sa.String(64), primary_key=True),
        sa.ForeignKeyConstraint(["tenant", "user_id"], ["users.tenant", "users.id"]),
        sa.ForeignKeyConstraint(["tenant", "group_id"], ["user_groups.tenant", "user_groups.id"]),
    )
    op.create_index("ix_memberships_group", "memberships", ["tenant", "group_id"])
