"""Standard Webhooks and CloudEvents on a real bus: each event by itself, on a schedule that ends well, badly, or for good."""

import asyncio
import json
import time

import pytest
from prometheus_client import generate_latest
from standardwebhooks import Webhook

from libs.contracts.devices import Device, PrinterState
from libs.contracts.endpoints import DeliveryState, DeviceFilter, EventKind, RemoveEndpoint, RotateSecret
from libs.contracts.events import DeviceChanged
from libs.contracts.ids import device_id
from libs.contracts.queries import Code
from libs.contracts.streams import DEVICES
from libs.runtime.bus import Refused, Unanswered
from services.webhooks import questions
from services.webhooks.domain import Endpoint
from tests.bus import running_bus
from tests.waiting import until
from tests.webhooks.asking import ALLOWED, Client
from tests.webhooks.dispatching import dispatcher, process, stored
from tests.webhooks.events import SN, life, news, publish
from tests.webhooks.receivers import always, answer, never, receiver

pytestmark = pytest.mark.timeout(90)
#: A schedule that a test can wait for.
QUICK = {"webhook_schedule": (0.1, 0.2), "webhook_jitter": 0.0, "webhook_allow_networks": ALLOWED}


@pytest.fixture
async def rig(tmp_path):
    async with running_bus(tmp_path) as running:
        yield running


@pytest.fixture
async def spooler(rig):
    return await rig.connect("spooler")


@pytest.fixture
async def client(rig):
    return Client(await rig.connect("gateway"))


def failing(status, *extra):
    """This status for the first event that comes, 204 for all others."""
    first = []

    async def script(request, writer):
        first[:] = first or [request.id]
        return answer(status, b"no", *extra) if request.id == first[0] else answer(204, b"")

    return script


async def became(client, endpoint, *expected):
    return await client.states(endpoint) == list(expected)


async def test_an_event_that_fails_holds_up_no_other_and_is_skipped_at_the_end(rig, spooler, client, database_url):
    async with receiver(failing(500)) as there, dispatcher(rig, database_url=database_url, **QUICK) as service:
        endpoint, secret = await client.add(there.url)
        ids = await publish(spooler, news(20))
        await until(lambda: there.ids)
        bad = there.ids[0]  # they are told side by side: the first to be heard is not always the first that happened
        expected = [(each, "skipped", 3) if each == bad else (each, "delivered", 1) for each in ids]
        await until(lambda: became(client, endpoint, *expected))
        assert there.ids.count(bad) == 3
        assert len({request.body for request in there.requests if request.id == bad}) == 1
        last = there.requests[-1]
        assert (last.id, last.attempt) == (bad, 3)  # all others were told before its last attempt
        told = Webhook(secret).verify(last.body, last.headers)
        assert (told["type"], list(told)) == ("printbus.task.new", ["type", "timestamp", "data"])
        lines = generate_latest(service.metrics).decode()
        assert 'webhooks_deliveries_ended_total{dialect="standard",state="delivered"} 19.0' in lines
        assert 'webhooks_attempts_failed_total{dialect="standard"} 3.0' in lines
        await until(lambda: 'webhooks_deliveries_waiting{dialect="standard"} 0.0' in generate_latest(service.metrics).decode())
        await until(lambda: endpoint not in generate_latest(service.metrics).decode(), what="none is named that nothing waits for")


async def test_the_log_shows_what_was_sent_and_what_came_and_no_signature(rig, spooler, client):
    async def angry(request, writer):
        return answer(500, b"out of \x00\x1b[31m paper " + "纸".encode() * 2000)

    async with receiver(angry) as there, dispatcher(rig, **QUICK):
        endpoint, _ = await client.add(there.url)
        (event,) = await publish(spooler, news(1))
        await until(lambda: became(client, endpoint, (event, "skipped", 3)))
        (row,) = await client.log(endpoint, delivery=event)
        assert row.body.encode() == there.requests[0].body
        assert [each.number for each in row.log] == [1, 2, 3]
        for each, request in zip(row.log, there.requests, strict=True):
            assert each.headers["webhook-timestamp"] == request.headers["webhook-timestamp"]
            assert "signature" in str(request.headers)
            assert "signature" not in str(each.headers)
            assert (each.status, each.error) == (500, "it answered 500")
            assert 0 <= each.took < 5000
            assert len(each.excerpt) <= 1024
            assert each.excerpt.startswith("out of \ufffd\ufffd[31m paper 纸")


async def test_cloudevents_come_structured_or_binary(rig, spooler, client):
    async with receiver() as structured, receiver() as binary, dispatcher(rig, **QUICK):
        await client.add(structured.url, dialect="cloudevents")
        _, secret = await client.add(binary.url, dialect="cloudevents", binary=True)
        events = list(life(f"{SN}-000000000001"))
        ids = await publish(spooler, [events[-1]])
        await until(lambda: structured.requests and binary.requests)
        (one,), (two,) = structured.requests, binary.requests
        assert one.headers["content-type"].startswith("application/cloudevents+json")
        attributes = {"specversion": "1.0", "id": ids[0], "source": "/printbus/main", "type": "printbus.task.end"}
        attributes |= {"subject": f"{SN}-000000000001", "time": "2022-03-23T00:00:00.000Z"}
        assert {name: one.json[name] for name in attributes} == attributes
        assert {name: two.headers[f"ce-{name}"] for name in attributes} == attributes
        assert two.headers["content-type"] == "application/json"
        assert one.json["data"] == two.json
        assert two.json["task"]["taskName"] == "标签 Task"
        Webhook(secret).verify(two.body, two.headers)


async def test_410_switches_an_endpoint_off_and_what_it_missed_is_replayed(rig, spooler, client):
    gone = True

    async def script(request, writer):
        return answer(410 if gone else 200)

    async with receiver(script) as there, dispatcher(rig, **QUICK):
        endpoint, _ = await client.add(there.url)
        (first,) = await publish(spooler, news(1))
        await until(lambda: became(client, endpoint, (first, "skipped", 1)))
        (view,) = await client.endpoints()
        assert (view.enabled, view.reason) == (False, "the receiver answered 410: it is gone for good")
        (second,) = await publish(spooler, news(1, start=1))
        await until(lambda: became(client, endpoint, (first, "skipped", 1), (second, "skipped", 0)))
        assert len(there.requests) == 1
        with pytest.raises(Refused, match="switch it on first"):
            await client.replay(endpoint, since=0)
        gone = False
        assert (await client.change(endpoint, enabled=True)).reason == ""
        assert len(there.requests) == 1  # nobody asked for it
        assert await client.replay(endpoint, since=0) == 2
        await until(lambda: became(client, endpoint, (first, "delivered", 1), (second, "delivered", 1)))
        assert sorted(there.ids[1:]) == [first, second]
        assert {request.headers["webhook-replay"] for request in there.requests[1:]} == {"1"}
        (row,) = await client.log(endpoint, delivery=first)
        assert [(each.replay, each.number, each.status) for each in row.log] == [(0, 1, 410), (1, 1, 200)]
        assert await client.replay(endpoint, delivery=second) == 1
        await until(lambda: there.requests[-1].headers.get("webhook-replay") == "2")
        assert there.ids[-1] == second


async def test_an_endpoint_that_does_nothing_but_fail_is_switched_off(rig, spooler, client):
    slow = {**QUICK, "webhook_schedule": (0.4,) * 12}
    async with receiver(always(500)) as there, dispatcher(rig, **slow, webhook_disable_after=0.2):
        endpoint, _ = await client.add(there.url)
        await publish(spooler, news(3))
        await until(lambda: _off(client))
        (view,) = await client.endpoints()
        assert view.reason.startswith("nothing but failures for")
        assert view.failing_since > 0
        assert {each.state for each in await client.log(endpoint)} == {DeliveryState.SKIPPED}
        assert (await client.change(endpoint, enabled=True)).failing_since == 0


async def test_a_success_in_between_ends_the_time_of_failures(rig, spooler, client):
    async with receiver(failing(500)) as there, dispatcher(rig, **QUICK):
        endpoint, _ = await client.add(there.url)
        (bad,) = await publish(spooler, news(1))
        await until(lambda: became(client, endpoint, (bad, "skipped", 3)))
        assert (await client.endpoints())[0].failing_since > 0
        (good,) = await publish(spooler, news(1, start=1))
        await until(lambda: became(client, endpoint, (bad, "skipped", 3), (good, "delivered", 1)))
        (view,) = await client.endpoints()
        assert (view.failing_since, view.enabled) == (0, True)


async def test_a_wish_to_come_later_is_obeyed_within_bounds(rig, spooler, client):
    patient, longing = receiver(failing(429, "Retry-After: 1")), receiver(failing(503, "Retry-After: 999"))
    async with patient as one, longing as two, dispatcher(rig, **QUICK, webhook_retry_after=1.4):
        for there in (one, two):
            await client.add(there.url)
        await publish(spooler, news(1))
        await until(lambda: len(one.requests) == len(two.requests) == 2)
        assert one.requests[1].at - one.requests[0].at >= 0.95
        assert two.requests[1].at - two.requests[0].at >= 1.35


async def test_an_endpoint_hears_of_the_events_and_devices_that_it_chose(rig, spooler, client):
    async with receiver() as ends, receiver() as labels, receiver() as office, dispatcher(rig, **QUICK):
        await client.add(ends.url, kinds=(EventKind.END,))
        await client.add(labels.url, devices=(DeviceFilter("Label"), DeviceFilter("Office", "another0")))
        await client.add(office.url, devices=(DeviceFilter("Office", SN),), kinds=(EventKind.NEW, EventKind.END))
        ids = await publish(spooler, life(f"{SN}-000000000001"))
        await until(lambda: len(office.requests) == 2)
        await until(lambda: len(ends.requests) == 1)
        assert sorted(office.ids) == sorted([ids[0], ids[-1]])
        assert ends.ids == ids[-1:]
        assert labels.requests == []


async def test_a_tenant_as_a_whole_hears_of_all_its_clients_and_of_nobody_elses(rig, spooler):
    async with receiver() as there:
        async with stored(rig) as (_, endpoints, _):
            await endpoints.put(Endpoint("all", "", there.url, "standard", "whsec_" + "QUJD" * 10, tenant="main", trusted=True))
            await endpoints.put(Endpoint("other", "", there.url, "standard", "whsec_" + "QUJD" * 10, tenant="else", trusted=True))
        async with dispatcher(rig, **QUICK):
            ids = await publish(spooler, [*news(1, "oneone11"), *news(1, "twotwo22")])
            await until(lambda: len(there.requests) == 2)
            assert sorted(there.ids) == sorted(ids)
            assert {request.json["data"]["sn"] for request in there.requests} == {"oneone11", "twotwo22"}


async def test_a_new_secret_and_the_one_before_both_sign_for_a_while(rig, spooler, client):
    async with receiver() as there, dispatcher(rig, **QUICK):
        endpoint, old = await client.add(there.url)
        changed = await client.ask(RotateSecret, endpoint=endpoint)
        assert changed.secret not in ("", old)
        assert changed.endpoint.overlap_until > time.time() * 1000 + 80_000_000
        tried = await client.test(endpoint)
        assert tried.state is DeliveryState.DELIVERED
        (request,) = there.requests
        for secret in (old, changed.secret):
            assert Webhook(secret).verify(request.body, request.headers)["type"] == "printbus.test"
        assert [part[:3] for part in request.headers["webhook-signature"].split(" ")] == ["v1,", "v1,"]


async def test_a_test_says_that_it_is_one_and_shows_what_came_of_it(rig, client):
    async with receiver() as there, dispatcher(rig, **QUICK):
        for dialect in ("standard", "cloudevents", "webprinter"):
            endpoint, _ = await client.add(there.url, dialect=dialect)
            tried = await client.test(endpoint)
            assert (tried.event, tried.state, tried.status, len(tried.log)) == ("Test", "delivered", 200, 1)
            assert there.requests[-1].id == tried.id
            assert "test" in json.dumps(there.requests[-1].json).lower()
            assert await client.replay(endpoint, since=0) == 0  # nobody missed a test


async def test_receivers_that_hang_delay_nobody_else(rig, spooler, client):
    others = [Client(client._bus, f"dead{number:04}") for number in range(5)]
    async with receiver(never) as dead, receiver() as there, dispatcher(rig, **QUICK, webhook_timeout=3.0):
        for other in others:
            await other.add(dead.url)
        await client.add(there.url)
        await publish(spooler, [event for other in others for event in news(20, other.who["sn"])])
        await until(lambda: len(dead.requests) == 40, what="each silent receiver holds as many as it may")
        ids = await publish(spooler, news(100))
        await until(lambda: len(there.requests) == 100)
        assert sorted(there.ids) == sorted(ids)
        assert len(dead.requests) == 40


async def test_who_tests_a_silent_receiver_holds_up_nobody_elses_question(rig, client, monkeypatch):
    spoken = asyncio.Event()

    async def silent(_request, _writer):
        await spoken.wait()
        return answer(200, b"")

    monkeypatch.setattr(questions, "TRIAL", 60.0)
    others = [Client(client._bus, f"dead{number:04}") for number in range(3)]
    async with receiver(silent) as dead, receiver() as there, dispatcher(rig, **QUICK, webhook_timeout=60.0):
        endpoints = [(await other.add(dead.url))[0] for other in others]
        mine, _ = await client.add(there.url)
        testing = [asyncio.create_task(other.test(endpoint)) for other, endpoint in zip(others, endpoints, strict=True)]
        await until(lambda: dead.requests, what="the first of them is asked, and waits")
        assert (await client.test(mine)).status == 200
        assert not any(each.done() for each in testing)
        spoken.set()
        assert [each.status for each in await asyncio.gather(*testing)] == [200, 200, 200]


async def test_a_kill_keeps_the_queue_and_the_number_of_attempts(rig, spooler, client):
    environment = {"WEBHOOK_SCHEDULE": "[0.1, 1.5]", "WEBHOOK_JITTER": "0", "WEBHOOK_ALLOW_NETWORKS": json.dumps(ALLOWED)}
    async with receiver(failing(500)) as there:
        async with process(rig, "", **environment, WEBHOOKS_HOLDER="only") as first:
            await until(lambda: _answers(client))
            endpoint, _ = await client.add(there.url)
            (bad,) = await publish(spooler, news(1))
            await until(lambda: became(client, endpoint, (bad, "waiting", 2)))
            first.kill()
            await first.ended()
        ids = await publish(spooler, news(3, start=1))
        async with dispatcher(rig, **{**QUICK, "webhook_schedule": (0.1, 1.5)}, webhooks_holder="only"):
            expected = [(bad, "skipped", 3), *((each, "delivered", 1) for each in ids)]
            await until(lambda: became(client, endpoint, *expected))
        assert there.ids.count(bad) == 3
        assert [request.attempt for request in there.requests if request.id == bad] == [1, 2, 3]


async def test_a_removed_endpoint_is_told_nothing_more(rig, spooler, client):
    async with receiver(always(500)) as there, dispatcher(rig, **{**QUICK, "webhook_schedule": (30.0,)}):
        endpoint, _ = await client.add(there.url)
        await publish(spooler, news(1))
        await until(lambda: there.requests)
        await client.ask(RemoveEndpoint, endpoint=endpoint)
        assert await client.endpoints() == ()
        await publish(spooler, news(1, start=1))
        async with stored(rig) as (store, _, _):
            await until(lambda: _nothing_waits(store))
        assert len(there.requests) == 1


async def test_somebody_elses_endpoint_is_as_little_there_as_none_at_all(rig, client):
    strangers = [Client(client._bus, "stranger"), Client(client._bus, SN, "another"), Client(client._bus, "", "main")]
    async with receiver() as there, dispatcher(rig, **QUICK):
        endpoint, _ = await client.add(there.url)
        for stranger in strangers:
            assert await stranger.endpoints() == ()
            asking = [
                stranger.change(endpoint, enabled=False),
                stranger.test(endpoint),
                stranger.log(endpoint),
                stranger.replay(endpoint, since=0),
                stranger.ask(RotateSecret, endpoint=endpoint),
                stranger.ask(RemoveEndpoint, endpoint=endpoint),
            ]
            for question in asking:
                with pytest.raises(Refused) as refused:
                    await question
                assert refused.value.code in (Code.NOT_FOUND, Code.FORBIDDEN)
        (view,) = await client.endpoints()
        assert view.enabled
        assert there.requests == []


async def test_a_client_has_so_many_endpoints_and_no_more(rig, client):
    async with receiver() as there, dispatcher(rig, there.url, **QUICK, webhook_endpoints=2):
        await client.add(there.url)  # beside the one that the settings describe
        with pytest.raises(Refused, match="There are 2 endpoints already"):
            await client.add(there.url)


async def test_the_endpoint_of_the_settings_is_shown_and_tried_but_changed_only_there(rig, client):
    async with receiver() as there, dispatcher(rig, there.url, **QUICK):
        (view,) = await client.endpoints()
        assert (view.id, view.settled, view.dialect) == ("callback", True, "webprinter")
        assert (await client.test("callback")).status == 200
        for question in (client.change("callback", enabled=False), client.ask(RemoveEndpoint, endpoint="callback")):
            with pytest.raises(Refused, match="PRINTBUS_CALLBACK_URL"):
                await question


async def _off(client):
    return not (await client.endpoints())[0].enabled


async def _answers(client):
    try:
        return await client.endpoints() == ()
    except Unanswered:  # nobody is there yet
        return False


async def _nothing_waits(store):
    return await store.count_waiting() == 0


async def test_a_change_of_a_device_is_told_to_whoever_asked_for_it(rig, client):
    registry = await rig.connect("registry")

    async def changed(name, revision, agent=SN):
        device = Device(id=device_id(agent, name), name=name, state=PrinterState.STOPPED, reasons=("media-empty-error",))
        event = DeviceChanged(region="local", tenant="main", agent=agent, device=device, what="state", revision=revision, at=5)
        await registry.publish(event, stream=DEVICES)
        return event.id

    async with receiver() as standard, receiver() as cloud, receiver() as tasks_only, dispatcher(rig, **QUICK):
        await client.add(standard.url, kinds=(EventKind.DEVICE,), devices=(DeviceFilter("Label"),))
        await client.add(cloud.url, dialect="cloudevents", kinds=tuple(EventKind))
        await client.add(tasks_only.url)
        await changed("Label", 1, "another0")
        label, office = await changed("Label", 1), await changed("Office", 1)
        await until(lambda: len(cloud.requests) == 2)
        await until(lambda: standard.requests)
        assert standard.ids == [label]
        assert sorted(cloud.ids) == sorted([label, office])
        (request,) = standard.requests
        assert request.json["type"] == "printbus.device.changed"
        assert request.json["data"] == {
            "what": "state",
            "controlSn": SN,
            "device": {
                "deviceName": "Label",
                "deviceType": "printer",
                "state": "stopped",
                "reasons": ["media-empty-error"],
                "accepting": True,
            },
        }
        assert tasks_only.requests == []
