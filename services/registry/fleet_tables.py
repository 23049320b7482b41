"""The tables behind Graph's door: profiles of printers, offers to people, hooks, people; `migrations` makes them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    true,
)

from services.registry.tables import metadata


def _maps(*names: str) -> tuple[Column[str], ...]:
    """JSON objects as texts."""
    return tuple(Column(name, Text, nullable=False, server_default="{}") for name in names)


#: What people, or the application that serves it, say of a printer beside its device. No row: nothing.
profiles = Table(
    "profiles",
    metadata,
    Column("agent", String(8), primary_key=True),
    Column("device", String(16), primary_key=True),
    Column("manufacturer", Text, nullable=False, server_default=""),
    Column("model", Text, nullable=False, server_default=""),
    *_maps("location", "defaults", "capabilities", "ipp"),
    Column("physical", Boolean, nullable=False, server_default=true()),
    Column("device_id", Text, nullable=False, server_default=""),
    Column("connector", String(36), nullable=False, server_default=""),
    Column("seen_at", BigInteger, nullable=False, server_default="0"),
    ForeignKeyConstraint(["agent", "device"], ["devices.agent", "devices.id"]),
)

#: Registrations of printers, for a month; `printer` is a GUID, empty when it failed.
operations = Table(
    "operations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("description", Text, nullable=False),
    Column("certificate", Text, nullable=False),
    Column("printer", String(36), nullable=False),
)

#: Of tenants that changed them.
print_settings = Table(
    "print_settings",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("conversion", Boolean, nullable=False),
    Column("incompatible_printers", String(16), nullable=False),
    Column("alerts", Text, nullable=False, server_default="{}"),
)

#: A printer (GUID) offered to people: Graph's printerShare, and no sharing of devices among clients (`shares`).
offers = Table(
    "offers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("printer", String(36), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("allow_all", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_offers_name", "tenant", "name", unique=True),
)

#: Whom an offer is for; an issuer elsewhere may know users and groups that the registry does not.
offer_users = Table(
    "offer_users",
    metadata,
    Column("offer", String(36), ForeignKey("offers.id"), primary_key=True),
    Column("user_id", String(64), primary_key=True),
)

offer_groups = Table(
    "offer_groups",
    metadata,
    Column("offer", String(36), ForeignKey("offers.id"), primary_key=True),
    Column("group_id", String(64), primary_key=True),
)

#: When a user last printed through an offer.
offer_uses = Table(
    "offer_uses",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("offer", String(36), ForeignKey("offers.id"), primary_key=True, index=True),
    Column("used_at", BigInteger, nullable=False),
)

#: What an application does on tasks; `seconds`: for how long it may hold one.
definitions = Table(
    "definitions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("app", String(128), nullable=False),
    Column("principal", String(128), nullable=False),
    Column("name", Text, nullable=False),
    Column("app_name", Text, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("on_limit", String(16), nullable=False),
    Column("on_abort", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_definitions_app", "tenant", "app"),
)

#: Definitions bound to printers; those of one printer work in the order of their places.
triggers = Table(
    "triggers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("agent", String(8), nullable=False),
    Column("device", String(16), nullable=False),
    Column("definition", String(36), ForeignKey("definitions.id"), nullable=False, index=True),
    Column("place", Integer, nullable=False),
    ForeignKeyConstraint(["agent", "device"], ["devices.agent", "devices.id"]),
    Index("ix_triggers_printer", "agent", "device", "place", unique=True),
)

#: People; `login` is the name in small letters.
users = Table(
    "users",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("login", Text, nullable=False),
    Column("display", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("administrator", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_users_login", "tenant", "login", unique=True),
)

user_groups = Table(
    "user_groups",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_user_groups_name", "tenant", "name", unique=True),
)

memberships = Table(
    "memberships",
    metadata,
    Column("tenant", String(32), primary_key=True),
    Column("user_id", String(64), primary_key=True),
    Column("group_id", String(64), primary_key=True),
    ForeignKeyConstraint(["tenant", "user_id"], ["users.tenant", "users.id"]),
    ForeignKeyConstraint(["tenant", "group_id"], ["user_groups.tenant", "user_groups.id"]),
    Index("ix_memberships_group", "tenant", "group_id"),
)
