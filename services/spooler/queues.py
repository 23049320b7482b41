"""How long the oldest message waits at each consumer of the services, looked up only where something moved."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nats.js.api import ConsumerInfo, StreamInfo
from nats.js.errors import NotFoundError
from prometheus_client import CollectorRegistry

from libs.contracts.metrics import (
    BUS_SEEN,
    CONSUMER_AGE,
    CONSUMER_PENDING,
    CONSUMER_REDELIVERED,
    CONSUMER_UNACKED,
    STREAM_BEHIND,
    STREAM_BYTES,
    STREAM_LAGGING,
    STREAM_MESSAGES,
)
from libs.contracts.streams import ConsumerSpec, consumers, streams
from libs.runtime.bus import Bus
from libs.runtime.metrics import Rows, looked_up, rows


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits at one consumer; `since` is when the oldest of it was stored, in seconds since 1970, 0: nothing waits."""

    pending: int = 0
    unacked: int = 0
    redelivered: int = 0
    since: float = 0.0

    @property
    def waits(self) -> bool:
        """Whether anything does."""
        return self.pending + self.unacked > 0


class Queues:
    """The services' own consumers: those of the agents, a thousand per shard, show in the tasks that wait for them."""

    def __init__(self, bus: Bus, region: str, metrics: CollectorRegistry) -> None:
        self._bus = bus
        self._streams = {spec.name for spec in streams(region)}
        self._specs: dict[str, list[ConsumerSpec]] = {}
        for spec in consumers(region):
            self._specs.setdefault(spec.stream, []).append(spec)
        self._seen: dict[str, StreamInfo] = {}
        self._queues: dict[str, Queue] = {}
        self._at = 0.0
        looked_up(BUS_SEEN, metrics, lambda: time.time() - self._at if self._at else float("nan"))
        rows(STREAM_MESSAGES, metrics, lambda: self._of_streams(lambda info: info.state.messages))
        rows(STREAM_BYTES, metrics, lambda: self._of_streams(lambda info: info.state.bytes))
        rows(STREAM_LAGGING, metrics, lambda: self._of_streams(_lagging))
        rows(STREAM_BEHIND, metrics, lambda: self._of_streams(_behind))
        rows(CONSUMER_PENDING, metrics, lambda: self._of_consumers(lambda queue: queue.pending))
        rows(CONSUMER_UNACKED, metrics, lambda: self._of_consumers(lambda queue: queue.unacked))
        rows(CONSUMER_REDELIVERED, metrics, lambda: self._of_consumers(lambda queue: queue.redelivered))
        rows(CONSUMER_AGE, metrics, lambda: self._of_consumers(lambda queue: time.time() - queue.since if queue.since else 0.0))

    async def look(self, infos: Sequence[StreamInfo]) -> None:
        """Look at the consumers of those of these streams where something moved, or waited. Raises NATS's errors."""
        known = {str(info.config.name): info for info in infos if info.config.name in self._streams}
        for name, specs in self._specs.items():
            if name in known and self._stirs(known[name], specs):
                await self._look_at(name, specs)
        self._seen, self._at = known, time.time()

    def _stirs(self, info: StreamInfo, specs: Sequence[ConsumerSpec]) -> bool:
        before = self._seen.get(str(info.config.name))
        if before is None or before.state.last_seq != info.state.last_seq:
            return True
        return any(self._queues.get(spec.durable, Queue()).waits for spec in specs)

    async def _look_at(self, stream: str, specs: Sequence[ConsumerSpec]) -> None:
        for spec in specs:
            info = await self._bus.js.consumer_info(stream, spec.durable)
            self._queues[spec.durable] = Queue(
                info.num_pending or 0, info.num_ack_pending or 0, info.num_redelivered or 0, await self._since(spec, info)
            )

    async def _since(self, spec: ConsumerSpec, info: ConsumerInfo) -> float:
        """When the first message behind all that is acknowledged was stored."""
        if not (info.num_pending or info.num_ack_pending) or info.ack_floor is None:
            return 0.0
        found = []
        for subject in spec.filters or (">",):
            try:
                message = await self._bus.js.get_msg(spec.stream, info.ack_floor.stream_seq + 1, subject, next=True)
            except NotFoundError:
                continue
            if message.time:
                found.append(message.time.timestamp())
        return min(found, default=0.0)

    def _of_streams(self, value: Callable[[StreamInfo], float]) -> Rows:
        return {(name,): float(value(info)) for name, info in self._seen.items()}

    def _of_consumers(self, value: Callable[[Queue], float]) -> Rows:
        return {(name,): float(value(queue)) for name, queue in self._queues.items()}


def _lagging(info: StreamInfo) -> int:
    """Replicas that are offline or behind; a stream of one server has none."""
    return sum(1 for peer in (info.cluster.replicas or ()) if peer.offline or not peer.current) if info.cluster else 0


def _behind(info: StreamInfo) -> int:
    """Messages that the furthest replica has not got yet."""
    return max((peer.lag or 0 for peer in (info.cluster.replicas or ())), default=0) if info.cluster else 0
