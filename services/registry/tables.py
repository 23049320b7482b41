"""The registry's tables; `migrations` makes them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    true,
)

metadata = MetaData()

tenants = Table(
    "tenants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default=true()),
)

#: `marks` here and in `devices` are JSON texts: what is printed by rule on every page. `app_id` is what tokens of it say, by
#: default `guid("application", sn)`; `guid` is its connector's; `roles`, `app_keys` and `location` are JSON texts.
clients = Table(
    "clients",
    metadata,
    Column("sn", String(8), primary_key=True),
    Column("tenant", String(32), ForeignKey("tenants.id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("shard", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("reported_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("marks", Text, nullable=False, server_default="[]"),
    Column("app_id", String(128), nullable=False, server_default=""),
    Column("guid", String(36), nullable=False, server_default="", index=True, unique=True),
    Column("roles", Text, nullable=False, server_default="[]"),
    Column("app_keys", Text, nullable=False, server_default="[]"),
    *(Column(name, Text, nullable=False, server_default="") for name in ("host", "system", "version")),
    Column("location", Text, nullable=False, server_default="{}"),
    Index("ix_clients_tenant_app_id", "tenant", "app_id", unique=True),
)

#: Only digests: what a token is, only its owner knows. `revoked_at` 0: it is valid until `expires_at` (0: for ever).
#: `scopes` is a JSON text; none: everything.
tokens = Table(
    "tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("sn", String(8), ForeignKey("clients.sn"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=False),
    Column("scopes", Text, nullable=False, server_default="[]"),
)

#: `capabilities` and `reasons` are JSON texts as the agent reported them; no agent reports a `virtual` one, or one that is
#: `served_by` an application (its id). `guid` is the printer's, `display` what people call it, at first its name.
devices = Table(
    "devices",
    metadata,
    Column("agent", String(8), ForeignKey("clients.sn"), primary_key=True),
    Column("id", String(16), primary_key=True),
    Column("tenant", String(32), nullable=False),
    Column("name", Text, nullable=False),
    Column("type", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reasons", Text, nullable=False),
    Column("accepting", Boolean, nullable=False),
    Column("system_default", Boolean, nullable=False),
    Column("unknown", String(16), nullable=False),
    Column("capabilities", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("marks", Text, nullable=False, server_default="[]"),
    Column("virtual", Boolean, nullable=False, server_default=false()),
    Column("guid", String(36), nullable=False, server_default="", index=True, unique=True),
    Column("display", Text, nullable=False, server_default=""),
    Column("served_by", String(128), nullable=False, server_default=""),
    Column("added_at", BigInteger, nullable=False, server_default="0"),
    Column("resume", String(16), nullable=False, server_default="all"),
    Column("partial", String(16), nullable=False, server_default="give-up"),
    Index("ix_devices_fleet", "tenant", "display", "guid"),
    Index("ix_devices_there", "tenant", "gone", "virtual", "type", "agent"),
)

defaults = Table(
    "defaults",
    metadata,
    Column("sn", String(8), ForeignKey("clients.sn"), primary_key=True),
    Column("type", String(16), primary_key=True),
    Column("agent", String(8), nullable=False),
    Column("device", String(16), nullable=False),
)

#: With whom the owner of a device shares it: a client of the tenant, or `*` for all that are not applications.
shares = Table(
    "shares",
    metadata,
    Column("agent", String(8), primary_key=True),
    Column("device", String(16), primary_key=True),
    Column("client", String(8), primary_key=True, index=True),
    ForeignKeyConstraint(["agent", "device"], ["devices.agent", "devices.id"]),
)

#: What the administrator lets an application use: one device, or with `*` every one of an agent or of the tenant.
grants = Table(
    "grants",
    metadata,
    Column("client", String(8), ForeignKey("clients.sn"), primary_key=True),
    Column("agent", String(8), primary_key=True),
    Column("device", String(16), primary_key=True),
)

#: Who did what to what and when (ms since 1970), with `details` as JSON: never a secret, never content. Nothing is deleted.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("what", Text, nullable=False),
    Column("tenant", String(32), nullable=False),
    Column("details", Text, nullable=False),
    sqlite_autoincrement=True,
)

#: What the world has yet to be told: a key of the directory whose entry changed, or an event. Saved with what changed it.
news = Table(
    "news",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(128), nullable=False),
    Column("event", LargeBinary, nullable=True),
    sqlite_autoincrement=True,
)

#: Invitations of agents outside, as digests. `sn` empty: it becomes a new client. `key` is the one that it was used for.
enrolments = Table(
    "enrolments",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("tenant", String(32), ForeignKey("tenants.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("sn", String(8), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("key", String(64), nullable=False),
)

#: Public keys of agents that enrolled, and until when their JWTs are good. `replaced_at` 0: it is its agent's key.
credentials = Table(
    "credentials",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("sn", String(8), ForeignKey("clients.sn"), nullable=False, index=True),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("replaced_at", BigInteger, nullable=False),
)
