"""Streams as files: what is brought back has its messages, sequences, times and consumers; only when it was made is new."""

import pytest

from libs.contracts.streams import DEAD, ConsumerSpec
from libs.runtime import admin, snapshots
from libs.runtime.keys import ADMIN
from tests.runtime.messages import row

SPEC = ConsumerSpec(DEAD, "kept")


async def test_a_stream_comes_back_as_it_was(rig, tmp_path):
    bus = await rig.connect(ADMIN)
    await admin.ensure_consumer(bus.js, SPEC)
    for number in range(300):
        await bus.publish_raw(row(number), stream=DEAD)
    await bus.js.purge_stream(DEAD, seq=11)
    before = (await bus.js.stream_info(DEAD)), (await bus.js.get_msg(DEAD, 200))
    size = await snapshots.save(bus, DEAD, tmp_path / DEAD)
    assert size == (tmp_path / DEAD).stat().st_size

    with pytest.raises(snapshots.NotCopied, match="DEAD is not copied"):
        await snapshots.load(bus, tmp_path / DEAD)
    await bus.js.delete_stream(DEAD)
    assert (await snapshots.load(bus, tmp_path / DEAD))["last_seq"] == 300
    after = (await bus.js.stream_info(DEAD)), (await bus.js.get_msg(DEAD, 200))
    for old, new in zip(before, after, strict=True):
        assert (getattr(old, "state", None) or old.data) == (getattr(new, "state", None) or new.data)
    assert before[1].time == after[1].time
    assert (await bus.js.consumer_info(DEAD, SPEC.durable)).num_pending == 290
    assert (await bus.publish_raw(row(301), stream=DEAD)).seq == 301
    await admin.provision(bus, rig.region)


async def test_what_is_no_copy_and_what_is_no_stream_are_told(rig, tmp_path):
    bus = await rig.connect(ADMIN)
    (tmp_path / "x").write_bytes(b"{}\n")
    with pytest.raises(snapshots.NotCopied, match="is no copy of a stream"):
        await snapshots.load(bus, tmp_path / "x")
    with pytest.raises(snapshots.NotCopied, match="NOWHERE is not copied: stream not found"):
        await snapshots.save(bus, "NOWHERE", tmp_path / "y")
