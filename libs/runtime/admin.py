"""The one admin step: streams, consumers and buckets are made or brought up to date from their data."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace as changed

import structlog
from nats.errors import Error as NatsError
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    ConsumerInfo,
    DeliverPolicy,
    DiscardPolicy,
    ExternalStream,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamSource,
    SubjectTransform,
)
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from libs.contracts.streams import BUCKETS, DELIVERED, BucketSpec, ConsumerSpec, SourceSpec, StreamSpec, consumers, streams
from libs.runtime.bus import Bus

log = structlog.get_logger()

#: A cluster that was started just now may be without a leader, or without enough of its servers, for so many seconds.
GATHERING = 20.0
#: JetStream: no suitable peers for placement.
NO_PEERS = 10005
AGAIN = 0.5


def stream_config(spec: StreamSpec, replicas: int = 1, region: str = "") -> StreamConfig:
    """A stream in JetStream's own terms; `region` is the one that asks others for what it sources."""
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
        sources=[_source(source, region) for source in spec.sources] or None,
        max_msgs_per_subject=1 if spec.last_only else -1,
        allow_rollup_hdrs=spec.last_only,
        deny_delete=spec.last_only,
    )


def _source(spec: SourceSpec, region: str) -> StreamSource:
    across = ExternalStream(api=f"$JS.{spec.region}.API", deliver=f"{DELIVERED}.{region}")
    return StreamSource(name=spec.stream, external=across, subject_transforms=[SubjectTransform(spec.told, spec.stored)])


def consumer_config(spec: ConsumerSpec) -> ConsumerConfig:
    """A durable pull consumer in JetStream's own terms."""
    return ConsumerConfig(
        durable_name=spec.durable,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.ALL if spec.in_order else AckPolicy.EXPLICIT,
        ack_wait=spec.ack_wait,
        max_deliver=spec.max_deliver,
        backoff=list(spec.backoff) or None,
        max_ack_pending=spec.max_ack_pending,
        filter_subject=spec.filters[0] if len(spec.filters) == 1 else None,
        filter_subjects=list(spec.filters) if len(spec.filters) > 1 else None,
    )


def _bucket_config(spec: BucketSpec, replicas: int) -> StreamConfig:
    """What NATS's clients make of a bucket without history."""
    return StreamConfig(
        name=f"KV_{spec.name}",
        subjects=[f"$KV.{spec.name}.>"],
        discard=DiscardPolicy.NEW,
        duplicate_window=min(spec.ttl, 120.0) or 120.0,
        max_age=spec.ttl,
        max_msgs_per_subject=1,
        storage=StorageType.FILE,
        num_replicas=replicas,
        allow_direct=True,
        allow_rollup_hdrs=True,
        allow_msg_ttl=True,
        deny_delete=True,
        first_seq=first_number(spec),
    )


async def ensure_consumer(js: JetStreamContext, spec: ConsumerSpec) -> None:
    """Make one consumer, or bring its settings up to date; its place in the stream stays."""
    config = consumer_config(spec)
    try:
        await js.add_consumer(spec.stream, config)
    except APIError:
        there = await js.consumer_info(spec.stream, spec.durable)
        if there.config.ack_policy == config.ack_policy:
            raise
        await _made_anew(js, spec, there)


async def _made_anew(js: JetStreamContext, spec: ConsumerSpec, there: ConsumerInfo) -> None:
    """How a consumer is acknowledged is the one thing that no update changes. What was behind its place stays behind it."""
    await js.delete_consumer(spec.stream, spec.durable)
    await js.add_consumer(spec.stream, consumer_config(spec))
    if there.ack_floor and there.ack_floor.stream_seq:
        await js.reset_consumer(spec.stream, spec.durable, there.ack_floor.stream_seq + 1)
    log.info("consumer made anew", stream=spec.stream, durable=spec.durable)


async def provision(bus: Bus, region: str, replicas: int = 0, others: Sequence[str] = ()) -> None:
    """Make or update everything that `libs.contracts.streams` names, kept by so many servers. Safe to repeat.

    `replicas` 0: what is there stays where it is, what is new is kept by one server. `others`: the regions that this one is linked
    with, which need not be reached now.

    Raises NATS's errors: of a server that says no, and of a cluster that has not gathered in time.
    """
    deadline = time.monotonic() + GATHERING
    for stream in streams(region, others):
        await _gathered(deadline, lambda stream=stream: _ensure_stream(bus.js, stream, replicas, region))  # type: ignore[misc]
    for consumer in consumers(region):
        await _gathered(deadline, lambda consumer=consumer: ensure_consumer(bus.js, consumer))  # type: ignore[misc]
    for bucket in BUCKETS:
        await _gathered(deadline, lambda bucket=bucket: _ensure_bucket(bus.js, bucket, replicas))  # type: ignore[misc]
    log.info("streams provisioned", region=region, replicas=replicas)


async def complete(
    bus: Bus, region: str, replicas: int = 0, agents: Sequence[ConsumerSpec] = (), others: Sequence[str] = ()
) -> None:
    """Make what is missing, these consumers too, and leave alone what is there. Raises NATS's errors, having done what it could.

    A consumer that is updated while somebody deletes it can be made no more until its server is started again (seen: 2.15.1).
    """
    failed: list[NatsError] = []
    for stream in streams(region, others):
        if not await _there(bus.js.stream_info(stream.name)):
            await _ensure_stream(bus.js, stream, replicas, region)
    for bucket in BUCKETS:
        await _ensure_bucket(bus.js, bucket, 0)
    for consumer in (*consumers(region), *agents):
        try:
            if not await _there(bus.js.consumer_info(consumer.stream, consumer.durable)):
                await ensure_consumer(bus.js, consumer)
        except NatsError as error:
            failed.append(error)
    if failed:
        raise failed[0]


async def _there(asking: Awaitable[object]) -> bool:
    try:
        await asking
    except NotFoundError:
        return False
    return True


async def _gathered(deadline: float, make: Callable[[], Awaitable[None]]) -> None:
    """`make`, tried again as long as the servers are not ready for it."""
    while True:
        try:
            await make()
        except (NatsError, TimeoutError) as error:
            passing = not isinstance(error, APIError) or error.code in (None, 503) or error.err_code == NO_PEERS
            if not passing or time.monotonic() > deadline:
                raise
            log.debug("the bus is not ready yet", error=str(error))
            await asyncio.sleep(AGAIN)
        else:
            return


async def _ensure_stream(js: JetStreamContext, spec: StreamSpec, replicas: int, region: str) -> None:
    try:
        there = (await js.stream_info(spec.name)).config
    except NotFoundError:
        await js.add_stream(changed(stream_config(spec, replicas or 1, region), first_seq=first_number(spec)))
    else:
        config = stream_config(spec, replicas or there.num_replicas or 1, region)
        await js.update_stream(changed(config, first_seq=there.first_seq))


def first_number(spec: StreamSpec | BucketSpec) -> int | None:
    """Where a stream begins that is made now: at the clock (µs since 1970), if others remember up to which number they have it.

    They would take what comes in one that was made anew, and begins at 1, for what they have.
    """
    return time.time_ns() // 1000 if spec.counted else None


async def _ensure_bucket(js: JetStreamContext, spec: BucketSpec, replicas: int) -> None:
    try:
        config = (await js.stream_info(f"KV_{spec.name}")).config
    except NotFoundError:
        await js.add_stream(_bucket_config(spec, replicas or 1))
    else:
        if replicas and config.num_replicas != replicas:
            await js.update_stream(changed(config, num_replicas=replicas))
