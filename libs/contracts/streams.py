"""Streams and durable consumers of one region as data: retention, limits, redelivery (design.md section 3, Streams)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from libs.contracts.documents import Engine

GIB = 1024**3
DAY = 86_400.0


class Retention(StrEnum):
    """JetStream's retention policies, by its own words."""

    LIMITS = "limits"
    WORKQUEUE = "workqueue"


class Discard(StrEnum):
    """What a full stream does: refuse the new message, or forget the oldest."""

    NEW = "new"
    OLD = "old"


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Another region's stream whose messages are stored here, too: what is below `told` there is below `stored` here."""

    stream: str
    region: str
    told: str
    stored: str


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream. Ages and windows in seconds (0: no limit), sizes in bytes; `atomic`: takes atomic batches.

    `sources` bring what other regions have for it; `last_only`: of each subject only the last message is kept, as in a KV bucket.
    `counted`: others remember up to which number they have it (regions that source it, agents).
    """

    name: str
    subjects: tuple[str, ...]
    retention: Retention = Retention.LIMITS
    discard: Discard = Discard.NEW
    max_age: float = 0.0
    max_bytes: int = GIB
    duplicate_window: float = 600.0
    atomic: bool = True
    max_consumers: int = -1
    sources: tuple[SourceSpec, ...] = ()
    last_only: bool = False
    counted: bool = False


@dataclass(frozen=True, slots=True)
class ConsumerSpec:
    """One durable pull consumer. `ack_wait` and `backoff` in seconds; `max_deliver` -1: for ever.

    `in_order`: one reader takes all of it in its order, so that its last acknowledgement stands for all before.
    """

    stream: str
    durable: str
    filters: tuple[str, ...] = ()
    ack_wait: float = 30.0
    max_deliver: int = -1
    max_ack_pending: int = 1000
    backoff: tuple[float, ...] = ()
    in_order: bool = False


@dataclass(frozen=True, slots=True)
class BucketSpec:
    """One KV bucket; `ttl` in seconds, 0: entries stay. `counted`: as that of a stream."""

    name: str
    ttl: float = 0.0
    counted: bool = False


INTAKE = "INTAKE"
CONVERT = "CONVERT"
PRINT = "PRINT"
REPORTS = "REPORTS"
TASKS = "TASKS"
DEVICES = "DEVICES"
ADVISORIES = "ADVISORIES"
DEAD = "DEAD"
#: Below this subject, and the name of the region that asked, one server hands another what a stream sources.
DELIVERED = "dlv"

DIRECTORY = BucketSpec("directory", counted=True)
IDEMPOTENCY = BucketSpec("idempotency", ttl=DAY)
#: No relay token lives longer than its entry.
RELAYS = BucketSpec("relays", ttl=366 * DAY)
BUCKETS = (DIRECTORY, IDEMPOTENCY, RELAYS)


def outbox(region: str) -> str:
    """The stream in which a region keeps what it accepted for another one that did not answer."""
    return f"OUT_{region}"


def kept_for(subject: str) -> str:
    """The subject in the outbox of what was to be stored in another region's intake as this."""
    return subject.replace("intake.", "out.", 1)


def all_kept_for(region: str) -> str:
    """The subjects of everything in an outbox."""
    return f"out.{region}.>"


def far_directory(region: str) -> BucketSpec:
    """Another region's directory as it is known here."""
    return BucketSpec(f"{DIRECTORY.name}_{region}")


def link_streams(others: Sequence[str]) -> tuple[StreamSpec, ...]:
    """What a region has beside its own streams, for each of the others: an outbox, and a copy of its directory."""
    directory = f"KV_{DIRECTORY.name}"
    return (
        *(StreamSpec(outbox(other), (all_kept_for(other),), max_bytes=4 * GIB, counted=True) for other in others),
        *(
            StreamSpec(
                f"KV_{far_directory(other).name}",
                (),
                duplicate_window=120.0,
                atomic=False,
                sources=(SourceSpec(directory, other, f"$KV.{DIRECTORY.name}.>", f"$KV.{far_directory(other).name}.>"),),
                last_only=True,
            )
            for other in others
        ),
    )


def streams(region: str, others: Sequence[str] = ()) -> tuple[StreamSpec, ...]:
    """The streams of `region`; every subject names its region, so that a joined link never stores a message twice.

    `others` are the regions that it is linked with.
    """
    intake = tuple(SourceSpec(outbox(region), other, f"out.{region}.>", f"intake.{region}.>") for other in others)
    orders = (f"order.print.{region}.>", f"order.control.{region}.>")
    events = (
        *(f"task.{kind}.{region}.>" for kind in ("new", "status", "end")),
        *(f"partner.{kind}.{region}.>" for kind in ("hooked", "fetchable")),
    )
    given_up = "$JS.EVENT.ADVISORY.CONSUMER"
    advisories = (f"{given_up}.MAX_DELIVERIES.>", f"{given_up}.MSG_TERMINATED.>")
    week = 7 * DAY
    return (
        StreamSpec(INTAKE, (f"intake.{region}.>",), max_bytes=4 * GIB, sources=intake),
        StreamSpec(CONVERT, (f"order.convert.{region}.>",), retention=Retention.WORKQUEUE, max_bytes=2 * GIB),
        StreamSpec(PRINT, orders, max_age=week, max_bytes=4 * GIB, max_consumers=5000, counted=True),
        StreamSpec(REPORTS, (f"report.{region}.>",), max_age=week),
        StreamSpec(TASKS, events, max_age=week, max_bytes=2 * GIB),
        StreamSpec(DEVICES, (f"device.{region}.>",), discard=Discard.OLD, max_age=week, max_bytes=GIB // 4),
        StreamSpec(ADVISORIES, advisories, max_age=week, max_bytes=GIB // 16, atomic=False),
        StreamSpec(DEAD, (f"dead.{region}.>",), discard=Discard.OLD, max_age=30 * DAY, max_bytes=GIB // 4),
        *link_streams(others),
    )


#: How often an order comes to a converter before it is given up, and how long each may be silent about it (design.md rule 13).
#: Bad luck strikes more often than poison: most that come again were only in the hands of a converter that died. Deaths over one
#: document are counted by the converter itself.
CONVERT_TRIES = 20
CONVERT_LEASE = 20.0
#: Waits before a message that was refused by its handler comes again; the last one repeats.
BACKOFF = (1.0, 5.0, 15.0, 30.0)


def consumers(region: str) -> tuple[ConsumerSpec, ...]:
    """The services' consumers; the agents' are made by the registry when an agent is enrolled (`agent_consumer`)."""
    converters = tuple(
        ConsumerSpec(
            CONVERT,
            f"converter_{engine}",
            (f"order.convert.{region}.{engine}",),
            ack_wait=CONVERT_LEASE,
            max_deliver=CONVERT_TRIES,
            max_ack_pending=256,
        )
        for engine in Engine
    )
    reports = (f"report.{region}.convert", f"report.{region}.task.>")
    return (
        ConsumerSpec(INTAKE, "spooler_intake", max_ack_pending=5000, in_order=True),
        ConsumerSpec(REPORTS, "spooler_reports", reports, max_ack_pending=5000, in_order=True),
        ConsumerSpec(ADVISORIES, "spooler_advisories", max_ack_pending=100, in_order=True),
        ConsumerSpec(REPORTS, "registry_devices", (f"report.{region}.device.>",), max_ack_pending=100),
        ConsumerSpec(TASKS, "webhooks_tasks", max_ack_pending=5000, in_order=True),
        ConsumerSpec(DEVICES, "webhooks_devices", max_ack_pending=5000, in_order=True),
        *converters,
    )


def agent_consumer(region: str, shard: int, tenant: str, agent: str) -> ConsumerSpec:
    """One durable per agent, for its orders and its control messages in their one order."""
    return ConsumerSpec(
        PRINT,
        f"agent_{agent}",
        (f"order.print.{region}.{shard}.{tenant}.{agent}.*", f"order.control.{region}.{shard}.{tenant}.{agent}"),
        max_ack_pending=500,
        in_order=True,
    )
