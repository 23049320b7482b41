"""The registry's tables; `migrations` makes them."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

tenants = Table(
    "tenants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

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
)

#: Only digests: what a token is, only its owner knows. `revoked_at` 0: it is valid until `expires_at` (0: for ever).
tokens = Table(
    "tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("sn", String(8), ForeignKey("clients.sn"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger, nullable=False),
)

#: `capabilities` and `reasons` are JSON texts as the agent reported them.
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
)

defaults = Table(
    "defaults",
    metadata,
    Column("sn", String(8), ForeignKey("clients.sn"), primary_key=True),
    Column("type", String(16), primary_key=True),
    Column("agent", String(8), nullable=False),
    Column("device", String(16), nullable=False),
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
