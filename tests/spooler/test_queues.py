"""How long messages wait at the services' consumers, asked of the bus only where something moved."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from nats.js.errors import NotFoundError
from prometheus_client import CollectorRegistry

from libs.contracts.streams import consumers, streams
from services.spooler.queues import Queues

SPECS = consumers("local")
ONE = next(spec for spec in SPECS if spec.durable == "spooler_intake")


def info(name, last=1, *, replicas=()):
    """What the bus says of a stream."""
    return SimpleNamespace(
        config=SimpleNamespace(name=name),
        state=SimpleNamespace(last_seq=last, messages=last, bytes=100 * last),
        cluster=SimpleNamespace(
            replicas=[SimpleNamespace(offline=off, current=current, lag=lag) for off, current, lag in replicas]
        ),
    )


class Streams:
    """A bus: (pending, unacknowledged, redelivered, floor) of consumers, and how many seconds ago each sequence was stored."""

    def __init__(self):
        self.js = self
        self.waiting = {}
        self.stored = {}
        self.asked = []

    async def consumer_info(self, stream, durable):
        self.asked.append((stream, durable))
        pending, unacked, again, floor = self.waiting.get(durable, (0, 0, 0, 0))
        return SimpleNamespace(
            num_pending=pending, num_ack_pending=unacked, num_redelivered=again, ack_floor=SimpleNamespace(stream_seq=floor)
        )

    async def get_msg(self, _stream, seq, subject, *, next):  # noqa: A002 - as NATS has it
        assert next
        found = [each for each in sorted(self.stored) if each >= seq and subject in (self.stored[each][0], ">")]
        if not found:
            raise NotFoundError
        return SimpleNamespace(time=datetime.now(UTC) - timedelta(seconds=self.stored[found[0]][1]))


@pytest.fixture
def metrics():
    return CollectorRegistry()


def told(metrics, name, **labels):
    return metrics.get_sample_value(name, labels)


async def test_the_age_of_the_oldest_is_that_of_the_first_message_behind_what_is_acknowledged(metrics):
    bus = Streams()
    queues = Queues(bus, "local", metrics)
    assert told(metrics, "bus_seen_seconds") != told(metrics, "bus_seen_seconds"), "not a number before the first look"
    subject = ONE.filters[0] if ONE.filters else ">"
    bus.waiting[ONE.durable] = (7, 2, 1, 4)
    bus.stored = {4: (subject, 500), 6: (subject, 90), 7: (subject, 10)}
    await queues.look([info(ONE.stream, 20, replicas=((False, True, 0), (True, True, None), (False, False, 7)))])
    of = {"consumer": ONE.durable}
    assert 90 <= told(metrics, "bus_consumer_oldest_seconds", **of) < 95, "4 is acknowledged, 5 is gone"
    assert told(metrics, "bus_consumer_pending", **of) == 7
    assert told(metrics, "bus_consumer_unacknowledged", **of) == 2
    assert told(metrics, "bus_consumer_redelivered", **of) == 1
    assert told(metrics, "bus_stream_messages", stream=ONE.stream) == 20
    assert told(metrics, "bus_stream_bytes", stream=ONE.stream) == 2000
    assert told(metrics, "bus_stream_replicas_lagging", stream=ONE.stream) == 2
    assert told(metrics, "bus_stream_replica_behind_messages", stream=ONE.stream) == 7
    assert told(metrics, "bus_seen_seconds") < 5
    bus.stored = {}
    await queues.look([info(ONE.stream, 21)])
    assert told(metrics, "bus_consumer_oldest_seconds", **of) == 0, "what was purged waits for nobody"


async def test_of_several_subjects_the_oldest_message_counts(metrics):
    bus = Streams()
    several = next(spec for spec in SPECS if len(spec.filters) > 1)
    bus.waiting[several.durable] = (3, 0, 0, 0)
    bus.stored = {1: (several.filters[1], 40), 2: (several.filters[0], 30), 3: ("somebody else's", 900)}
    await Queues(bus, "local", metrics).look([info(several.stream, 3)])
    assert 40 <= told(metrics, "bus_consumer_oldest_seconds", consumer=several.durable) < 45


async def test_only_where_something_moved_or_waits_the_bus_is_asked(metrics):
    bus = Streams()
    queues = Queues(bus, "local", metrics)
    every = [info(spec.name) for spec in streams("local")]
    await queues.look([*every, info("SOMEBODY_ELSES", 9)])
    assert sorted(bus.asked) == sorted((spec.stream, spec.durable) for spec in SPECS)
    assert told(metrics, "bus_stream_messages", stream="SOMEBODY_ELSES") is None
    bus.asked.clear()
    await queues.look(every)
    assert bus.asked == []
    bus.waiting[ONE.durable] = (1, 0, 0, 0)
    moved = [info(ONE.stream, 2) if each.config.name == ONE.stream else each for each in every]
    await queues.look(moved)
    mine = sorted((spec.stream, spec.durable) for spec in SPECS if spec.stream == ONE.stream)
    assert sorted(bus.asked) == mine
    bus.asked.clear()
    await queues.look(moved)
    assert sorted(bus.asked) == mine, "somebody still waits there"
