"""The one admin step: streams, consumers and buckets are made or brought up to date from their data."""

import structlog
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    KeyValueConfig,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.client import JetStreamContext
from nats.js.errors import BucketNotFoundError, NotFoundError

from libs.contracts.streams import BUCKETS, BucketSpec, ConsumerSpec, StreamSpec, consumers, streams
from libs.runtime.bus import Bus

log = structlog.get_logger()


def stream_config(spec: StreamSpec, replicas: int = 1) -> StreamConfig:
    """A stream in JetStream's own terms."""
    return StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects),
        retention=RetentionPolicy(spec.retention.value),
        discard=DiscardPolicy(spec.discard.value),
        max_age=spec.max_age,
        max_bytes=spec.max_bytes,
        max_consumers=spec.max_consumers,
        duplicate_window=spec.duplicate_window,
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
        allow_atomic=spec.atomic,
    )


def consumer_config(spec: ConsumerSpec) -> ConsumerConfig:
    """A durable pull consumer in JetStream's own terms."""
    return ConsumerConfig(
        durable_name=spec.durable,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=spec.ack_wait,
        max_deliver=spec.max_deliver,
        backoff=list(spec.backoff) or None,
        max_ack_pending=spec.max_ack_pending,
        filter_subject=spec.filters[0] if len(spec.filters) == 1 else None,
        filter_subjects=list(spec.filters) if len(spec.filters) > 1 else None,
    )


async def ensure_consumer(js: JetStreamContext, spec: ConsumerSpec) -> None:
    """Make one consumer, or bring its settings up to date; its place in the stream stays."""
    await js.add_consumer(spec.stream, consumer_config(spec))


async def provision(bus: Bus, region: str, replicas: int = 1) -> None:
    """Make or update everything that `libs.contracts.streams` names. Safe to repeat."""
    for stream in streams(region):
        await _ensure_stream(bus.js, stream, replicas)
    for consumer in consumers(region):
        await ensure_consumer(bus.js, consumer)
    for bucket in BUCKETS:
        await _ensure_bucket(bus.js, bucket, replicas)
    log.info("streams provisioned", region=region)


async def _ensure_stream(js: JetStreamContext, spec: StreamSpec, replicas: int) -> None:
    config = stream_config(spec, replicas)
    try:
        await js.stream_info(spec.name)
    except NotFoundError:
        await js.add_stream(config)
    else:
        await js.update_stream(config)


async def _ensure_bucket(js: JetStreamContext, spec: BucketSpec, replicas: int) -> None:
    try:
        await js.key_value(spec.name)
    except (BucketNotFoundError, NotFoundError):
        await js.create_key_value(
            KeyValueConfig(bucket=spec.name, history=1, ttl=spec.ttl, storage=StorageType.FILE, replicas=replicas, direct=True)
        )
