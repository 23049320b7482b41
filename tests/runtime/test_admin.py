"""The one admin step: everything is made, and a second time brings it up to date."""

from dataclasses import replace

import pytest

from libs.contracts import streams as streams_module
from libs.contracts.streams import BUCKETS, ConsumerSpec, StreamSpec, agent_consumer, consumers, streams
from libs.runtime import admin
from tests.runtime.messages import row


@pytest.fixture
async def bus(rig):
    return await rig.connect("admin")


async def test_all_streams_consumers_and_buckets_are_as_their_data_says(bus):
    for spec in streams("local"):
        config = (await bus.js.stream_info(spec.name)).config
        assert tuple(config.subjects) == spec.subjects
        assert (config.retention, config.discard, config.max_bytes) == (spec.retention.value, spec.discard.value, spec.max_bytes)
        assert (config.max_age or 0, config.duplicate_window) == (spec.max_age, spec.duplicate_window)
        assert bool(config.allow_atomic) is spec.atomic
        assert str(config.storage) == "file"
    for spec in consumers("local"):
        config = (await bus.js.consumer_info(spec.stream, spec.durable)).config
        found = tuple(config.filter_subjects or ([config.filter_subject] if config.filter_subject else []))
        assert found == spec.filters
        assert (config.ack_wait, config.max_deliver, config.max_ack_pending) == (
            spec.ack_wait,
            spec.max_deliver,
            spec.max_ack_pending,
        )
        assert config.ack_policy == ("all" if spec.in_order else "explicit")
    for bucket in BUCKETS:
        status = await (await bus.js.key_value(bucket.name)).status()
        assert ((status.ttl or 0), status.history) == (bucket.ttl, 1)


async def test_a_second_time_changes_nothing_and_loses_no_message(bus):
    await bus.publish_raw(row(1), stream="DEAD")
    created = (await bus.js.stream_info("DEAD")).created
    await admin.provision(bus, "local")
    info = await bus.js.stream_info("DEAD")
    assert (info.created, info.state.messages) == (created, 1)


async def test_a_changed_limit_reaches_the_stream_that_is_there(bus, monkeypatch):
    changed = StreamSpec("DEAD", ("dead.local.>",), max_bytes=12_345_678)
    monkeypatch.setattr(admin, "streams", lambda _region, _others=(): (changed,))
    await bus.publish_raw(row(1), stream="DEAD")
    await admin.provision(bus, "local")
    info = await bus.js.stream_info("DEAD")
    assert (info.config.max_bytes, info.config.discard, info.state.messages) == (12_345_678, "new", 1)


async def test_a_consumer_that_is_made_again_keeps_its_place(bus):
    spec = agent_consumer("local", 0, "main", "agentAAA")
    await admin.ensure_consumer(bus.js, spec)
    created = (await bus.js.consumer_info(spec.stream, spec.durable)).created
    await admin.ensure_consumer(bus.js, spec)
    info = await bus.js.consumer_info(spec.stream, spec.durable)
    assert info.created == created
    assert tuple(info.config.filter_subjects) == spec.filters


async def test_a_consumer_that_acknowledged_each_message_goes_on_from_its_place_by_the_last_one(bus):
    spec = ConsumerSpec("DEAD", "test_in_order", max_ack_pending=1000, in_order=True)
    await admin.ensure_consumer(bus.js, replace(spec, in_order=False))
    for number in range(1, 6):
        await bus.publish_raw(row(number), stream="DEAD")
    pulling = await bus.js.pull_subscribe_bind(spec.durable, spec.stream)
    for message in await pulling.fetch(3, timeout=5):
        await message.ack_sync()
    await admin.ensure_consumer(bus.js, spec)
    assert (await bus.js.consumer_info(spec.stream, spec.durable)).config.ack_policy == "all"
    left = await pulling.fetch(2, timeout=5)
    assert [message.metadata.sequence.stream for message in left] == [4, 5]
    await left[-1].ack_sync()
    assert (await bus.js.consumer_info(spec.stream, spec.durable)).num_ack_pending == 0
    await bus.js.delete_consumer(spec.stream, spec.durable)


async def test_another_region_has_streams_of_its_own(bus):
    assert streams_module.streams("eu")[0].subjects == ("intake.eu.>",)
    names = {spec.name for spec in streams_module.streams("eu")}
    assert names == {spec.name for spec in streams("local")}
