"""The dispatcher's tables; `migrations` makes them."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from libs.runtime.commit import cursor_table
from libs.runtime.lease import lease_table
from libs.runtime.outbox import outbox_table

metadata = MetaData()

#: `holder` may deliver to it until `until` (seconds of the database's clock). Not `active`: it was removed. `sn` empty: it
#: hears of the whole tenant. `trusted`: the operator chose its address. `kinds` and `devices` are JSON lists.
endpoint = Table(
    "endpoint",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False, index=True),
    Column("sn", String(8), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("dialect", String(32), nullable=False),
    Column("binary", Boolean, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("devices", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("old_secret", Text, nullable=False),
    Column("old_until", BigInteger, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("disabled_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("failing_since", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("proven_at", BigInteger, nullable=False),
    Column("allowed_rate", Integer, nullable=False),
    Column("unproven", Text, nullable=False),
    Column("holder", String(64), nullable=False),
    Column("until", Float, nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("event", String(256), primary_key=True),
    Column("endpoint", String(64), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("name", String(32), nullable=False),
    Column("task", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("traceparent", String(128), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("replay", Integer, nullable=False),
    Index("delivery_log", "endpoint", "at"),
)
#: What is still to be told, in its order and by its time: small, however much was told before.
Index(
    "delivery_waiting",
    delivery.c.endpoint,
    delivery.c.sequence,
    sqlite_where=delivery.c.state == "waiting",
    postgresql_where=delivery.c.state == "waiting",
)
Index(
    "delivery_due",
    delivery.c.endpoint,
    delivery.c.due_at,
    delivery.c.sequence,
    sqlite_where=delivery.c.state == "waiting",
    postgresql_where=delivery.c.state == "waiting",
)
Index("delivery_ended", delivery.c.ended_at, sqlite_where=delivery.c.ended_at > 0, postgresql_where=delivery.c.ended_at > 0)

#: What was tried: `headers` is a JSON object without anything that would let a reader sign.
attempt = Table(
    "attempt",
    metadata,
    Column("event", String(256), primary_key=True),
    Column("endpoint", String(64), primary_key=True),
    Column("replay", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("took", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("excerpt", Text, nullable=False),
    Column("error", Text, nullable=False),
)

#: A subscription of Graph's; `endpoint` has a row of the same id, which is its queue (and one for its lifecycle address).
#: `ended_at`: it has expired. `reminded_at`: its application was told that this is near. `paused_at`: it lost its right.
#: `granted_at`: its client was seen to have it by a role of ours.
subscription = Table(
    "subscription",
    metadata,
    Column("id", String(64), primary_key=True),
    *(Column(name, String(64), nullable=False) for name in ("tenant", "tenant_id", "app", "creator", "definition")),
    Column("sn", String(8), nullable=False),
    Column("topic", String(16), nullable=False),
    Column("agent", String(8), nullable=False),
    Column("printer", String(64), nullable=False),
    Column("changes", String(64), nullable=False),
    *(Column(name, Text, nullable=False) for name in ("resource", "url", "base")),
    *(Column(name, Text) for name in ("state", "query", "lifecycle_url", "certificate", "certificate_id", "token_audience")),
    Column("tls_version", String(8), nullable=False),
    Column("data", Boolean),
    *(Column(name, BigInteger, nullable=False) for name in ("expires", "created_at")),
    *(Column(name, BigInteger, nullable=False) for name in ("ended_at", "reminded_at", "paused_at", "granted_at")),
    Index("subscription_owner", "tenant", "app"),
)
for _column in (subscription.c.expires, subscription.c.definition, subscription.c.printer):
    _alive = subscription.c.ended_at == 0
    Index(f"subscription_{_column.name}", _column, sqlite_where=_alive, postgresql_where=_alive)

lease = lease_table(metadata)
outbox = outbox_table(metadata)
cursors = cursor_table(metadata)
