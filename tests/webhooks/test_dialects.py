"""What every dialect provides, and Webprinter's word for word."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.webhooks import dialects
from services.webhooks.dialects import Configured, Dialect, Place, webprinter
from services.webhooks.domain import Delivery, Endpoint, deliveries
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
