"""The dispatcher on a real bus with real receivers: order, attempts, isolation, restarts."""

import asyncio
from itertools import pairwise

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest
from standardwebhooks import Webhook

from libs.contracts.streams import TASKS
from libs.runtime.bus import Outgoing
from libs.runtime.traces import Tracing
from services.webhooks.domain import Endpoint, State
from services.webhooks.history import Wanted
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.dispatching import QUICK, away, dispatcher, is_ready, stored
from tests.webhooks.events import SN, TRACEPARENT, life, news, publish
from tests.webhooks.receivers import always, never, receiver, statuses

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
async def rig(tmp_path):
    async with running_bus(tmp_path) as running:
        yield running


@pytest.fixture
async def spooler(rig):
    return await rig.connect("spooler")


async def test_a_task_is_told_from_its_beginning_to_its_end(rig, spooler, database_url):
    given = {"callback_ips": ("10.0.0.9",), "database_url": database_url}
    async with receiver() as there, dispatcher(rig, there.url, **given) as service:
        ids = await publish(spooler, life("jueKiUEE-000000000001"))
        await until(lambda: len(there.requests) == 5)
        assert there.ids == ids
        assert [request.json["name"] for request in there.requests] == [
            "NewTaskEvent",
            "UpdateTaskStatusEvent",
            "UpdateTaskStatusEvent",
            "UpdateTaskStatusEvent",
            "EndTaskEvent",
        ]
        assert {tuple(request.json["ips"]) for request in there.requests} == {("10.0.0.9",)}
        assert all(request.attempt == 1 for request in there.requests)
        changes = [(r.json["oldStatus"], r.json["newStatus"]) for r in there.requests[1:-1]]
        assert all(before[1] == after[0] for before, after in pairwise(changes))
        async with stored(rig, database_url) as (store, _, history):
            await until(lambda: _all_ended(store, history, 5))
        lines = generate_latest(service.metrics).decode()
        assert 'webhooks_deliveries_ended_total{dialect="webprinter",state="delivered"} 5.0' in lines


async def test_many_events_arrive_in_the_streams_order_each_once(rig, spooler):
    async with receiver() as there, dispatcher(rig, there.url):
        ids = await publish(spooler, news(300))
        await until(lambda: len(there.requests) >= 300, 90)
        assert there.ids == ids
        assert there.connections == 1


async def test_three_attempts_then_the_event_is_skipped_and_the_next_one_told(rig, spooler):
    async with receiver(statuses(500, 201, 302)) as there, dispatcher(rig, there.url) as service:
        first, second = await publish(spooler, news(2))
        await until(lambda: len(there.requests) == 4)
        assert there.ids == [first, first, first, second]
        assert [request.attempt for request in there.requests] == [1, 2, 3, 1]
        assert len({request.body for request in there.requests[:3]}) == 1
        times = [request.at for request in there.requests]
        assert times[1] - times[0] >= QUICK[0] - 0.05
        assert times[2] - times[1] >= QUICK[1] - 0.05
        async with stored(rig) as (store, _, history):
            await until(lambda: _all_ended(store, history, 2))
            (skipped,) = await history.deliveries(Wanted("callback", state=State.SKIPPED), 1000)
            assert (skipped.event, skipped.attempts, skipped.status, skipped.error) == (first, 3, 302, "it answered 302")
            (told,) = await history.deliveries(Wanted("callback", state=State.DELIVERED), 1000)
            assert (told.event, told.attempts, told.status, told.error) == (second, 1, 200, "")
        lines = generate_latest(service.metrics).decode()
        assert 'webhooks_deliveries_ended_total{dialect="webprinter",state="skipped"} 1.0' in lines
        assert 'webhooks_attempts_failed_total{dialect="webprinter"} 3.0' in lines


async def test_an_attempt_that_succeeds_after_a_failure_delivers_the_event_once(rig, spooler):
    async with receiver(statuses(503)) as there, dispatcher(rig, there.url):
        first, second = await publish(spooler, news(2))
        await until(lambda: len(there.requests) == 3)
        assert there.ids == [first, first, second]


async def test_a_slow_receiver_delays_only_itself(rig, spooler):
    others = [f"dead{number:04}" for number in range(10)]
    async with receiver(never) as dead, receiver() as there:
        async with stored(rig) as (_, endpoints, _):
            for sn in others:
                await endpoints.put(Endpoint(sn, sn, dead.url, "webprinter", trusted=True))
        async with dispatcher(rig, there.url, callback_timeout=60.0):
            await publish(spooler, [event for sn in others for event in news(3, sn)])
            await until(lambda: len(dead.requests) == 10, what="each silent receiver holds one event")
            ids = await publish(spooler, news(200))
            await until(lambda: len(there.requests) == 200, 50)
            assert there.ids == ids
            assert len({request.id for request in dead.requests}) == 10  # none went on to its next event meanwhile


async def test_a_restart_in_the_middle_goes_on_where_it_was(rig, spooler):
    async with receiver() as there:
        async with dispatcher(rig, there.url):
            ids = await publish(spooler, news(300))
            await until(lambda: len(there.requests) > 20)
        told = len(there.requests)
        assert told < 300
        async with dispatcher(rig, there.url):
            await until(lambda: len(there.requests) >= 300)
        assert there.ids == ids  # a graceful stop writes down what it told


async def test_a_retry_that_is_due_outlives_a_restart(rig, spooler):
    async with receiver(statuses(500, 500)) as there:
        async with dispatcher(rig, there.url, callback_backoff=(0.1, 3.0)):
            first, second = await publish(spooler, news(2))
            await until(lambda: len(there.requests) == 2)
            async with stored(rig) as (_, _, history):
                await until(lambda: _attempts(history, 2))
        async with dispatcher(rig, there.url, callback_backoff=(0.1, 3.0)):
            await until(lambda: len(there.requests) == 4)
        assert there.ids == [first, first, first, second]
        assert [request.attempt for request in there.requests] == [1, 2, 3, 1]
        assert there.requests[2].at - there.requests[1].at >= 2.9


async def test_while_the_database_is_away_nothing_is_read_and_nothing_is_lost(rig, spooler, postgres_url):
    admin = await rig.connect("admin")
    async with receiver() as there, dispatcher(rig, there.url, database_url=postgres_url) as service:
        ids = await publish(spooler, news(1))
        await until(lambda: there.ids == ids)
        await until(lambda: _nothing_pending(admin))
        async with away(postgres_url):
            ids += await publish(spooler, news(300, start=1))
            await until(lambda: _says(service, "database", "does not answer"))
            await until(lambda: _unacknowledged(admin), what="events are read and not acknowledged, or not read at all")
            assert there.ids == ids[:1]
        await until(lambda: len(there.requests) == 301)
        assert there.ids == ids
        await until(lambda: is_ready(service))


async def test_a_stop_lets_the_attempt_in_flight_finish(rig, spooler):
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(request, writer):
        asked.set()
        await go.wait()
        return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    async with receiver(slow) as there:
        async with dispatcher(rig, there.url) as service:
            ids = await publish(spooler, news(2))
            await asked.wait()
            stopping = asyncio.create_task(service.stop())
            await until(lambda: service.stopping)
            go.set()
            await stopping
        begun = there.ids
        assert begun in (ids[:1], ids), "the second may begin before the lane hears of it"
        async with stored(rig) as (_, _, history):
            delivered = await history.deliveries(Wanted("callback", state=State.DELIVERED), 1000)
            assert sorted(each.event for each in delivered) == begun


async def test_what_the_stream_brings_again_is_not_told_again(rig, spooler):
    admin = await rig.connect("admin")
    async with receiver() as there:
        async with dispatcher(rig, there.url):
            ids = await publish(spooler, news(5))
            await until(lambda: len(there.requests) == 5)
        await admin.js.purge_stream(TASKS)
        async with dispatcher(rig, there.url):
            event = news(1, start=2)[0]
            again = await publish(spooler, [event, *news(1, start=9)])
            await until(lambda: len(there.requests) == 6)
        assert there.ids == [*ids, again[-1]]


async def test_two_replicas_share_the_work_and_tell_each_event_once(rig, spooler):
    async with receiver() as there, dispatcher(rig, there.url) as one, dispatcher(rig, there.url):
        ids = await publish(spooler, news(100))
        await until(lambda: len(there.requests) == 100)
        await one.stop()
        ids += await publish(spooler, news(100, start=100))
        await until(lambda: len(there.requests) == 200, what="the other one goes on")
        assert there.ids == ids


async def test_a_new_address_hears_what_waited_for_the_old_one(rig, spooler):
    async with receiver(always(500)) as old, receiver() as new:
        async with dispatcher(rig, old.url, callback_backoff=(30.0, 30.0)):
            ids = await publish(spooler, news(2))
            await until(lambda: len(old.requests) == 1)
            async with stored(rig) as (_, _, history):
                await until(lambda: _attempts(history, 1))
        async with dispatcher(rig, new.url):
            await until(lambda: len(new.requests) == 2)
            assert new.ids == ids


async def test_without_an_address_nothing_is_told_and_nothing_piles_up(rig, spooler):
    async with receiver(always(500)) as there:
        async with dispatcher(rig, there.url, callback_backoff=(30.0, 30.0)):
            await publish(spooler, news(2))
            await until(lambda: len(there.requests) == 1)
        async with dispatcher(rig, ""):
            await publish(spooler, news(2, start=5))
            admin = await rig.connect("admin")
            await until(lambda: _nothing_pending(admin))
            async with stored(rig) as (store, _, history):
                assert await store.count_waiting() == 0
                assert {each.error for each in await history.deliveries(Wanted("callback"), 1000)} == {"the endpoint was removed"}
        assert len(there.requests) == 1


async def test_events_of_other_clients_are_nobodys(rig, spooler):
    async with receiver() as there, dispatcher(rig, there.url):
        ids = await publish(spooler, [*news(1, "somebody"), *news(1)])
        await until(lambda: there.requests)
        assert there.ids == ids[1:]


async def test_it_waits_for_its_serial_number_and_misses_nothing_meanwhile(rig, spooler):
    async with receiver() as there, dispatcher(rig, there.url, sn="", ready=False) as service:
        ids = await publish(spooler, news(1))
        await until(lambda: _says(service, "callback", "serial number"))
        (rig.data_dir / "sn").write_text(SN)
        await until(lambda: there.requests)
        assert there.ids == ids
        await until(lambda: is_ready(service))


async def test_a_message_that_is_no_event_becomes_a_dead_letter_and_holds_nobody_up(rig, spooler):
    admin = await rig.connect("admin")
    async with receiver() as there, dispatcher(rig, there.url):
        subject = news(1)[0].subject
        await spooler.publish_raw(Outgoing(subject, b'{"kind":"?"}', "bad"), stream=TASKS)
        ids = await publish(spooler, news(1))
        await until(lambda: there.requests)
        assert there.ids == ids
        await until(lambda: _dead(admin))


async def test_callbacks_are_signed_and_belong_to_the_tasks_trace(rig, spooler):
    spans = InMemorySpanExporter()
    tracing = Tracing("webhooks", processor=SimpleSpanProcessor(spans))
    secret = "whsec_" + "QUJD" * 10
    async with receiver() as there, dispatcher(rig, there.url, tracing, callback_secret=secret):
        await publish(spooler, list(life("jueKiUEE-000000000001"))[:1])
        await until(lambda: there.requests)
        (request,) = there.requests
        assert Webhook(secret).verify(request.body, request.headers)["name"] == "NewTaskEvent"
        (span,) = await until(spans.get_finished_spans)
    version, trace, parent, _ = TRACEPARENT.split("-")
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}", span.name) == (trace, parent, "callback")
    assert request.headers["traceparent"] == f"{version}-{trace}-{span.context.span_id:016x}-01"


async def test_without_tracing_the_events_own_trace_is_passed_on(rig, spooler):
    async with receiver() as there, dispatcher(rig, there.url):
        await publish(spooler, list(life("jueKiUEE-000000000001"))[:1])
        await until(lambda: there.requests)
        assert there.requests[0].headers["traceparent"] == TRACEPARENT


async def test_it_survives_a_restart_of_the_bus(rig, spooler):
    async with receiver() as there, dispatcher(rig, there.url):
        ids = await publish(spooler, news(3))
        await until(lambda: len(there.requests) == 3)
        await rig.server.stop()
        await rig.server.start()
        ids += await publish(spooler, news(3, start=3))
        await until(lambda: len(there.requests) == 6)
        assert there.ids == ids


async def _all_ended(store, history, count):
    return not await store.count_waiting() and len(await history.deliveries(Wanted("callback"), 1000)) == count


async def _attempts(history, count):
    return any(each.attempts == count for each in await history.deliveries(Wanted("callback"), 1000))


async def _nothing_pending(admin):
    info = await admin.js.consumer_info(TASKS, "webhooks_tasks")
    return info.num_pending == 0 and info.num_ack_pending == 0


async def _unacknowledged(admin):
    info = await admin.js.consumer_info(TASKS, "webhooks_tasks")
    return info.num_pending + info.num_ack_pending == 300


async def _says(service, part, words):
    return words in (await service.problems()).get(part, "")


async def _dead(admin):
    return (await admin.js.stream_info("DEAD")).state.messages == 1
