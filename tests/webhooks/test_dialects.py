"""What every dialect provides, and Webprinter's word for word."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from libs.contracts.devices import Device
from libs.contracts.endpoints import EventKind
from libs.contracts.events import DeviceChanged
from services.webhooks import dialects
from services.webhooks.dialects import Configured, Dialect, Place, webprinter
from services.webhooks.domain import Delivery, Endpoint, Trial, deliveries
from tests.webhooks.events import SN, life

PLACE = Place(("10.8.1.20", "192.168.1.7"), ZoneInfo("Asia/Shanghai"))
SECRET = "whsec_" + "UHJpbnRidXMtUHJpbnRidXMtUHJpbnRi"
ENDPOINT = Endpoint("callback", SN, "http://127.0.0.1/", "webprinter")
KNOWN = dialects.discover(dialects)
CONFIGURED = Configured((1.0, 5.0), (5.0, 300.0), 0.1, 3600.0, 86400.0)


def delivered(event, endpoint=ENDPOINT, dialect=webprinter) -> Delivery:
    (found,) = deliveries(event, event.id, 1, [endpoint], lambda each: dialect.shape(event, each, PLACE))
    return found


@pytest.mark.parametrize("name", KNOWN)
def test_a_dialect_shapes_every_event_as_text_and_says_its_manners(name):
    dialect = KNOWN[name]
    assert isinstance(dialect, Dialect)
    for event in life("jueKiUEE-000000000001"):
        found = delivered(event, dialect=dialect)
        assert found.body.encode()
        headers = dialect.headers(found, ENDPOINT, datetime.now(UTC))
        assert all(isinstance(part, str) for pair in headers.items() for part in pair)
        assert event.id in headers.values()
    assert dialect.accepts(200)
    assert not dialect.accepts(500)
    assert all(pause >= 0 for pause in dialect.schedule(CONFIGURED).pauses)


def test_webprinter_is_found_by_its_file_name():
    assert "webprinter" in KNOWN


def test_the_bodies_are_the_protocols_key_by_key():
    row = {
        "taskId": "jueKiUEE-000000000001",
        "taskType": 0,
        "taskName": "标签 Task",
        "status": "SUBMITTED",
        "deviceName": "Office",
        "deviceType": "printer",
        "deviceAlias": "",
        "fromOsName": "linux",
        "from": "CLIENT_OPENAPI",
        "createTime": "2022-03-23",
    }
    common = {"ips": ["10.8.1.20", "192.168.1.7"], "sn": SN}
    changes = [("SUBMITTED", "QUEUED"), ("QUEUED", "PRINTING"), ("PRINTING", "FINISHED")]
    expected = [
        {**common, "name": "NewTaskEvent", "task": row},
        *(
            {**common, "name": "UpdateTaskStatusEvent", "task": {**row, "status": new}, "oldStatus": old, "newStatus": new}
            for old, new in changes
        ),
        {**common, "name": "EndTaskEvent", "task": {**row, "status": "FINISHED"}},
    ]
    found = [json.loads(delivered(event).body) for event in life("jueKiUEE-000000000001")]
    assert found == expected
    for body, wanted in zip(found, expected, strict=True):
        assert list(body) == list(wanted)
        assert list(body["task"]) == list(row)


def test_the_text_is_utf_8_and_not_escaped():
    assert "标签" in delivered(next(life("t"))).body


@pytest.mark.parametrize("status", [201, 202, 204, 206, 301, 302, 304, 400, 410, 500, 0])
def test_only_200_counts(status):
    assert webprinter.accepts(200)
    assert not webprinter.accepts(status)


def test_headers_name_the_event_and_the_attempt():
    event = next(life("t"))
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    first = webprinter.headers(delivered(event), ENDPOINT, now)
    assert first == {
        "content-type": "application/json",
        "webhook-id": "t:1:new",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-attempt": "1",
    }


def test_a_signature_is_verified_by_the_library_of_the_receivers():
    endpoint = Endpoint("callback", SN, "http://127.0.0.1/", "webprinter", SECRET)
    found = delivered(next(life("t")), endpoint)
    headers = dict(webprinter.headers(found, endpoint, datetime.now(UTC)))
    assert Webhook(SECRET).verify(found.body.encode(), headers)["name"] == "NewTaskEvent"
    for name, value in (("webhook-id", "t:2:new"), ("webhook-signature", "v1,AAAA"), ("webhook-timestamp", "1")):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(found.body, {**headers, name: value})
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "QUJD" * 10).verify(found.body, headers)


OWN = Endpoint("ep", SN, "http://127.0.0.1/", "standard", SECRET, tenant="main")


@pytest.mark.parametrize("name", ["standard", "cloudevents"])
def test_the_others_take_any_2xx_and_keep_at_it_for_days(name):
    dialect = KNOWN[name]
    assert all(dialect.accepts(status) for status in (200, 201, 202, 204, 299))
    assert not any(dialect.accepts(status) for status in (0, 199, 301, 302, 304, 400, 410, 500))
    schedule = dialect.schedule(CONFIGURED)
    assert (schedule.ordered, schedule.pauses, schedule.gone, schedule.jitter) == (False, (5.0, 300.0), True, 0.1)
    assert all(dialect.tells(kind) for kind in EventKind)


def test_webprinter_keeps_its_order_and_its_three_attempts():
    schedule = webprinter.schedule(Configured((1.0, 5.0, 9.0), (), 0.5, 99.0, 99.0))
    assert (schedule.ordered, schedule.pauses, schedule.jitter, schedule.retry_after) == (True, (1.0, 5.0), 0.0, 0.0)
    assert (schedule.gone, schedule.patience, webprinter.tells(EventKind.DEVICE)) == (False, 0.0, False)


def test_standard_webhooks_have_type_timestamp_and_data_and_verify():
    event = list(life("jueKiUEE-000000000001"))[1]
    found = delivered(event, OWN, KNOWN["standard"])
    body = json.loads(found.body)
    assert list(body) == ["type", "timestamp", "data"]
    assert (body["type"], body["timestamp"]) == ("printbus.task.status", "2022-03-23T00:00:00.000Z")
    assert (body["data"]["oldStatus"], body["data"]["newStatus"], body["data"]["sn"]) == ("SUBMITTED", "QUEUED", SN)
    assert body["data"]["task"]["taskId"] == "jueKiUEE-000000000001"
    headers = dict(KNOWN["standard"].headers(found, OWN, datetime.now(UTC)))
    assert Webhook(SECRET).verify(found.body, headers) == body


def test_a_replay_marks_itself_and_keeps_its_id():
    found = replace(delivered(next(life("t")), OWN, KNOWN["standard"]), replay=2)
    headers = KNOWN["standard"].headers(found, OWN, datetime.now(UTC))
    assert (headers["webhook-id"], headers["webhook-replay"], headers["webhook-attempt"]) == ("t:1:new", "2", "1")


def test_what_a_header_cannot_hold_is_escaped_in_binary_mode():
    tenant = replace(OWN, dialect="cloudevents", binary=True, tenant="main")
    found = replace(delivered(next(life("t")), tenant, KNOWN["cloudevents"]), task='标 "签"%')
    headers = KNOWN["cloudevents"].headers(found, tenant, datetime.now(UTC))
    assert headers["ce-subject"] == "%E6%A0%87%20%22%E7%AD%BE%22%25"
    assert all(value.isascii() and value.isprintable() for value in headers.values())


def test_a_mode_that_was_changed_meanwhile_does_not_touch_what_was_shaped():
    structured = replace(OWN, dialect="cloudevents")
    found = delivered(next(life("t")), structured, KNOWN["cloudevents"])
    headers = KNOWN["cloudevents"].headers(found, replace(structured, binary=True), datetime.now(UTC))
    assert headers["content-type"].startswith("application/cloudevents+json")
    assert "ce-id" not in headers


@pytest.mark.parametrize("name", KNOWN)
def test_a_test_and_a_change_of_a_device_have_a_body_in_every_dialect(name):
    trial = Trial("test:1", "main", SN, 5)
    device = DeviceChanged(region="local", tenant="main", agent=SN, device=Device(id="x", name="L"), what="state", revision=1, at=5)
    bodies = [json.loads(KNOWN[name].shape(event, OWN, PLACE)) for event in (trial, device)]
    assert "test" in json.dumps(bodies[0]).lower()
    assert "whsec_" not in json.dumps(bodies)
