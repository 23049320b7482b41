"""Publishing and asking on a real nats-server: what is acknowledged is stored once, what is refused says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
from nats.js.api import StorageType, StreamConfig

from libs.contracts.agents import AddressDocument, Admitted
from libs.contracts.message import encode
from libs.contracts.queries import Code, Refusal
from libs.runtime import children
from libs.runtime.bus import (
    PING,
    PING_BESIDE,
    Away,
    Bus,
    NotStored,
    Outgoing,
    Refused,
    Unanswered,
    connect,
    outgoing,
    rest,
)
from libs.runtime.closing import arrived
from libs.runtime.traces import Tracing
from tests.bus import Rig, running_bus
from tests.runtime.messages import admission, letter, row, stored
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rig(tmp_path_factory) -> AsyncIterator[Rig]:
    async with running_bus(tmp_path_factory.mktemp("bus")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def bus(rig) -> AsyncIterator[Bus]:
    """The admin's connection, and a stream of its own that is empty: `TEST` with the subjects test.>."""
    opened = await connect(rig.url, "admin", rig.keys.path("admin.creds"))
    config = StreamConfig(name="TEST", subjects=["test.>"], storage=StorageType.FILE, allow_atomic=True, duplicate_window=120)
    await opened.js.add_stream(config)
    yield opened
    await opened.js.delete_stream("TEST")
    await opened.close()


def numbered(count: int, begin: int = 0) -> list[Outgoing]:
    return [row(number, "test.x") for number in range(begin, begin + count)]


async def count(bus: Bus, stream: str = "TEST") -> int:
    return int((await bus.js.stream_info(stream)).state.messages)


async def test_a_publish_returns_the_acknowledgement_and_the_same_id_is_stored_once(bus):
    first = await bus.publish(letter(1), stream="DEAD")
    again = await bus.publish(letter(1), stream="DEAD")
    assert (first.stream, first.duplicate) == ("DEAD", None)
    assert (again.seq, again.duplicate) == (first.seq, True)


async def test_a_publish_on_another_streams_subject_is_refused_at_once(bus):
    with pytest.raises(NotStored, match="expected stream does not match"):
        await bus.publish(letter(2), stream="TEST")


async def test_a_publish_that_no_stream_takes_is_unanswered_when_its_patience_ends(bus):
    with pytest.raises(Unanswered, match="NOWHERE did not acknowledge"):
        await bus.publish_raw(Outgoing("nobody.listens", b"", "1"), stream="NOWHERE", patience=0.4)


async def test_a_full_stream_refuses_and_forgets_nothing(bus):
    full = StreamConfig(name="FULL", subjects=["full"], max_bytes=2000, discard="new", allow_atomic=True)
    await bus.js.add_stream(full)
    try:
        await bus.publish_raw(row(1, "full", 900), stream="FULL")
        with pytest.raises(NotStored, match="maximum bytes exceeded"):
            await bus.publish_raw(row(2, "full", 1500), stream="FULL")
        with pytest.raises(NotStored, match="maximum bytes exceeded"):
            await bus.publish_batch("FULL", [row(3, "full", 700), row(4, "full", 700)])
        assert await count(bus, "FULL") == 1
    finally:
        await bus.js.delete_stream("FULL")


@pytest.mark.parametrize("before", [0, 1])
async def test_a_message_larger_than_the_server_takes_is_refused_at_once(bus, before):
    huge = Outgoing("test.x", b"x" * (9 * 1024 * 1024), "huge")
    with pytest.raises(NotStored, match="larger than the server takes"):
        await bus.publish_batch("TEST", [*numbered(before), huge])
    assert await count(bus) == 0


async def test_ten_thousand_messages_are_stored_in_order_by_one_batch(bus):
    await bus.publish_batch("TEST", numbered(10_000))
    state = (await bus.js.stream_info("TEST")).state
    assert (state.messages, state.last_seq) == (10_000, 10_000)
    for sequence in (1, 5_000, 10_000):
        assert (await bus.js.get_msg("TEST", sequence)).data == row(sequence - 1).data


async def test_a_batch_beyond_the_servers_limit_stores_nothing(bus):
    with pytest.raises(NotStored, match="too large"):
        await bus.publish_batch("TEST", numbered(20_001))
    assert await count(bus) == 0


async def test_a_batch_on_a_foreign_subject_stores_nothing(bus):
    with pytest.raises((NotStored, Unanswered)):
        await bus.publish_batch("TEST", [row(1, "test.x"), row(2, "dead.local.TEST")], patience=0.4)
    assert await count(bus) == 0


async def test_a_batch_stored_before_is_success_and_stored_once(bus):
    await bus.publish_batch("TEST", numbered(20))
    await bus.publish_batch("TEST", numbered(20))
    assert await count(bus) == 20


async def test_of_a_batch_that_was_stored_in_part_the_rest_is_stored(bus):
    await bus.publish_batch("TEST", numbered(3))
    await bus.publish_batch("TEST", numbered(6))
    assert await stored(bus, "TEST") == [out.data for out in numbered(6)]


async def test_whoever_has_no_line_waits_a_moment_for_it_and_says_nothing(rig, bus, monkeypatch):
    monkeypatch.setattr("libs.runtime.bus.AWAY", 0.3)
    begun = asyncio.create_task(bus.publish_raw(row(1, "test.x"), stream="TEST"))
    children.kill_group(rig.server.pid)
    await until(lambda: not bus.connected)
    with pytest.raises(Away, match="no connection"):
        await bus.publish_raw(row(2, "test.x"), stream="TEST")
    with pytest.raises(Away, match="no connection"):
        await bus.ask(AddressDocument(region="local", tenant="main", agent="agentAAA", task="t", attempt=1))
    with suppress(Unanswered):  # it may have been stored before
        await begun
    await rig.server.start()
    await until(lambda: bus.connected)
    await bus.publish_raw(row(3, "test.x"), stream="TEST")
    assert row(2).data not in await stored(bus, "TEST"), "what was not said must not be said later"


async def test_publishing_goes_on_when_the_server_is_killed_and_comes_back(rig, bus):
    publishing = [asyncio.create_task(bus.publish_raw(out, stream="TEST")) for out in numbered(50)]
    batches = [asyncio.create_task(bus.publish_batch("TEST", numbered(40, 100 * each))) for each in range(1, 4)]
    await until(lambda: any(task.done() for task in publishing), what="one is stored")
    children.kill_group(rig.server.pid)
    await until(lambda: rig.server.ended)
    late = asyncio.create_task(bus.publish_raw(row(999, "test.x"), stream="TEST"))
    await rig.server.start()
    await asyncio.gather(*publishing, *batches, late)
    assert sorted(await stored(bus, "TEST")) == sorted(
        out.data for out in [*numbered(50), *(out for each in range(1, 4) for out in numbered(40, 100 * each)), row(999)]
    )


async def test_a_batch_that_a_restart_tore_is_tried_again(rig, bus):
    """Its first message is with the server that dies, its last one with the next: that one knows of no first."""
    batch = numbered(5)
    once = asyncio.Event()
    publish = bus.client.publish

    async def restart_in_the_middle(*arguments, **options):
        if not once.is_set():
            once.set()
            await rig.server.stop()
            await rig.server.start()
            await until(lambda: bus.connected)
        await publish(*arguments, **options)

    bus.client.publish = restart_in_the_middle
    await bus.publish_batch("TEST", batch)
    assert await stored(bus, "TEST") == [out.data for out in batch]


async def answer_admissions(bus: Bus, answer: bytes):
    async def answered(message):
        await message.respond(answer)

    subscription = await bus.client.subscribe("query.local.spooler.admit-agent.>", cb=answered)
    await arrived(bus.client)
    return subscription


async def test_an_answer_is_the_record_that_belongs_to_the_question(bus):
    subscription = await answer_admissions(bus, encode(Admitted(sequence=7)))
    assert await bus.ask(admission()) == Admitted(sequence=7)
    await subscription.unsubscribe()


async def test_a_refusal_is_raised_with_its_code_and_sentence(bus):
    subscription = await answer_admissions(bus, encode(Refusal(code=Code.CONFLICT, message="Another one lives.")))
    with pytest.raises(Refused, match="Another one lives") as refused:
        await bus.ask(admission())
    assert refused.value.code is Code.CONFLICT
    await subscription.unsubscribe()


async def test_a_question_to_nobody_is_unanswered_at_once(bus):
    with pytest.raises(Unanswered, match="nobody is there to answer AdmitAgent"):
        await bus.ask(admission(), timeout=30)


async def test_a_question_to_the_deaf_is_unanswered_in_time(bus):
    async def deaf(_message):
        return

    subscription = await bus.client.subscribe("query.local.spooler.admit-agent.>", cb=deaf)
    with pytest.raises(Unanswered, match="no answer to AdmitAgent"):
        await bus.ask(admission(), timeout=0.1)
    await subscription.unsubscribe()


async def test_a_reconnect_sets_the_event_that_was_there_and_leaves_a_new_one(rig, bus):
    before = bus.reconnected
    await rig.server.stop()
    assert not before.is_set()
    await rig.server.start()
    await until(before.is_set, what="the old event is set")
    assert bus.connected
    assert bus.reconnected is not before
    assert not bus.reconnected.is_set()


async def test_a_wrong_key_is_turned_away_with_the_address_and_the_user(rig, tmp_path):
    seed = "-----BEGIN USER NKEY SEED-----"
    jwt, _, _ = rig.keys.path("admin.creds").read_text().partition(seed)
    _, _, foreign = rig.keys.path("gateway.creds").read_text().partition(seed)
    path = tmp_path / "stranger.creds"
    path.write_text(jwt + seed + foreign)
    with pytest.raises(Unanswered, match=r"no NATS server lets us in at nats://127\.0\.0\.1:\d+ as stranger"):
        await connect(rig.url, "stranger", path, within=0.5)


async def test_a_closed_bus_can_be_closed_again(rig):
    opened = await connect(rig.url, "gateway", rig.keys.path("gateway.creds"))
    await opened.close()
    await opened.close()
    assert not opened.connected


async def test_a_line_that_breaks_under_the_last_bytes_is_closed_all_the_same(rig, monkeypatch):
    opened = await connect(rig.url, "gateway", rig.keys.path("gateway.creds"))
    client, line = opened.client, opened.client._transport

    async def torn():
        raise ConnectionResetError("Connection lost")

    async def silent(client):
        raise TimeoutError

    client._flusher_task.cancel()
    monkeypatch.setattr(line, "drain", torn)
    monkeypatch.setattr("libs.runtime.bus.arrived", silent)
    client._pending, client._pending_data_size = [b"PING\r\n"], 6
    await opened.close()
    assert client.is_closed
    assert line._io_writer.is_closing()


async def test_a_message_takes_the_trace_with_it_and_its_own_before_the_current_one(spans):
    tracing = Tracing("test", processor=spans)
    with tracing.span("door"):
        headers = outgoing(letter(1)).headers
    assert headers["traceparent"].startswith("00-")
    assert outgoing(letter(1)).headers == {}


async def test_a_lone_server_of_this_machine_is_asked_less_often_whether_it_is_there(bus, monkeypatch):
    assert bus.client.options["ping_interval"] == PING_BESIDE
    monkeypatch.setitem(bus.client._server_info, "cluster", "three")
    rest(bus.client)
    assert bus.client.options["ping_interval"] == PING
