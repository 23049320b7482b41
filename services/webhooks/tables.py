"""The dispatcher's tables; `migrations` makes them."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from libs.runtime.commit import cursor_table
from libs.runtime.lease import lease_table
from libs.runtime.outbox import outbox_table

metadata = MetaData()

#: `holder` may deliver to it until `until` (seconds of the database's clock).
endpoint = Table(
    "endpoint",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("sn", String(8), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("dialect", String(32), nullable=False),
    Column("secret", Text, nullable=False),
    Column("active", Boolean, nullable=False),
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
    Index("delivery_newest", "endpoint", "sequence"),
)
#: What is still to be told, in its order: small, however much was told before.
Index(
    "delivery_waiting",
    delivery.c.endpoint,
    delivery.c.sequence,
    sqlite_where=delivery.c.state == "waiting",
    postgresql_where=delivery.c.state == "waiting",
)
Index("delivery_ended", delivery.c.ended_at, sqlite_where=delivery.c.ended_at > 0, postgresql_where=delivery.c.ended_at > 0)

lease = lease_table(metadata)
outbox = outbox_table(metadata)
cursors = cursor_table(metadata)
