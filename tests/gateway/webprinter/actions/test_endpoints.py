"""The commands of endpoints and deliveries: what is asked of the dispatcher, what is shown, and what is refused before."""

import pytest

from libs.contracts.endpoints import (
    AddEndpoint,
    AttemptView,
    DeliveryAnswer,
    DeliveryList,
    DeliveryState,
    DeliveryView,
    DeviceFilter,
    EndpointAnswer,
    EndpointList,
    EndpointView,
    EventKind,
    ListDeliveries,
    ListEndpoints,
    RemoveEndpoint,
    ReplayDeliveries,
    Replayed,
    RotateSecret,
    TryEndpoint,
    UpdateEndpoint,
)
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.webprinter.describing import hooks
from tests.gateway.fakes import SN, door

HERE = {"region": "local", "tenant": "main", "sn": SN}
URL = "https://example.org/printing"
VIEW = EndpointView(
    id="ep-1",
    tenant="main",
    sn=SN,
    name="till",
    url=URL,
    dialect="cloudevents",
    binary=True,
    kinds=(EventKind.END,),
    devices=(DeviceFilter("Label", SN),),
    created_at=5,
    changed_at=6,
)
ROW = {
    "endpointId": "ep-1",
    "name": "till",
    "url": URL,
    "dialect": "cloudevents",
    "mode": "binary",
    "events": ["end"],
    "devices": [{"controlSn": SN, "deviceName": "Label"}],
    "enabled": True,
    "reason": "",
    "configured": False,
    "createTimestamp": 5,
    "changeTimestamp": 6,
    "failingSince": None,
    "overlapUntil": None,
    "provenTimestamp": None,
    "allowedRate": None,
    "unprovenReason": "",
}
DELIVERY = DeliveryView(
    id="t:1:new",
    endpoint="ep-1",
    event="NewTask",
    task="t",
    at=1_700_000_000_000,
    state=DeliveryState.DELIVERED,
    attempts=1,
    ended_at=1_700_000_000_100,
    status=204,
    body="{}",
    log=(AttemptView(number=1, replay=0, at=1_700_000_000_000, took=12, headers={"webhook-id": "t:1:new"}, status=204),),
)


async def test_a_new_endpoint_is_asked_for_and_its_secret_shown_once(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[AddEndpoint] = EndpointAnswer(endpoint=VIEW, secret="whsec_x")
        devices = ["Office", {"deviceName": "Label", "controlSn": SN}]
        data = {
            "url": f" {URL} ",
            "dialect": "CloudEvents",
            "mode": "binary",
            "events": ["EndTaskEvent", "new"],
            "devices": devices,
        }
        answer = await rig.command("addEndpoint", data)
        assert list(answer["data"].items()) == [*ROW.items(), ("secret", "whsec_x")]
        (asked,) = rig.bus.asked
        assert asked == AddEndpoint(
            **HERE,
            url=URL,
            dialect="cloudevents",
            binary=True,
            kinds=(EventKind.END, EventKind.NEW),
            devices=(DeviceFilter("Office"), DeviceFilter("Label", SN)),
        )
        await rig.command("addEndpoint", {"url": URL, "events": None, "devices": [], "mode": None})
        assert rig.bus.asked[-1] == AddEndpoint(**HERE, url=URL)


async def test_endpoints_are_listed_without_secrets(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListEndpoints] = EndpointList(endpoints=(VIEW,))
        assert (await rig.command("listEndpoints"))["data"] == [ROW]
        assert rig.bus.asked == [ListEndpoints(**HERE)]


async def test_only_what_is_given_is_changed(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[UpdateEndpoint] = EndpointAnswer(endpoint=VIEW)
        answer = await rig.command("updateEndpoint", {"endpointId": "ep-1", "enabled": "false", "events": []})
        assert answer["data"] == ROW
        await rig.command("updateEndpoint", {"endpointId": "ep-1", "name": "", "url": URL, "mode": "structured"})
        first, second = rig.bus.asked
        assert {each.action for each in rig.bus.recorded} <= {"endpoint changed", "deliveries replayed"}
        assert len(rig.bus.recorded) == 2
        assert first == UpdateEndpoint(**HERE, endpoint="ep-1", enabled=False, kinds=())
        assert second == UpdateEndpoint(**HERE, endpoint="ep-1", name="", url=URL, binary=False)


async def test_an_endpoint_is_removed_and_gets_new_secrets(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[RemoveEndpoint] = EndpointAnswer(endpoint=VIEW)
        rig.bus.answers[RotateSecret] = EndpointAnswer(endpoint=VIEW, secret="whsec_y")
        assert (await rig.command("rotateSecret", {"endpointId": "ep-1"}))["data"]["secret"] == "whsec_y"
        assert await rig.command("removeEndpoint", {"endpointId": "ep-1"}) == {"success": True, "command": "CALLBACK"}


async def test_deliveries_are_shown_with_every_attempt(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDeliveries] = DeliveryList(deliveries=(DELIVERY,), more=True)
        data = {"endpointId": "ep-1", "state": "delivered", "taskId": "t", "since": 1_700_000_000, "limit": "500"}
        answer = (await rig.command("listDeliveries", data))["data"]
        assert answer["more"] is True
        (row,) = answer["deliveries"]
        assert (row["deliveryId"], row["event"], row["state"], row["status"]) == ("t:1:new", "NewTaskEvent", "delivered", 204)
        assert row["log"] == [
            {
                "attempt": 1,
                "replay": 0,
                "timestamp": 1_700_000_000_000,
                "duration": 12,
                "headers": {"webhook-id": "t:1:new"},
                "status": 204,
                "answer": "",
                "message": "",
            }
        ]
        wanted = {"state": DeliveryState.DELIVERED, "task": "t", "since": 1_700_000_000_000, "limit": 100}
        assert rig.bus.asked == [ListDeliveries(**HERE, endpoint="ep-1", **wanted)]


async def test_a_test_shows_what_came_of_it(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[TryEndpoint] = DeliveryAnswer(delivery=DELIVERY)
        assert (await rig.command("testEndpoint", {"endpointId": "ep-1"}))["data"]["status"] == 204
        assert rig.bus.asked == [TryEndpoint(**HERE, endpoint="ep-1")]
        assert [(each.action, each.what) for each in rig.bus.recorded] == [("endpoint tested", "ep-1")]


async def test_one_delivery_or_all_since_are_replayed(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ReplayDeliveries] = Replayed(count=3)
        assert (await rig.command("replayDeliveries", {"endpointId": "ep-1", "since": 0, "state": "skipped"}))["data"] == {
            "count": 3
        }
        await rig.command("replayDeliveries", {"endpointId": "ep-1", "deliveryId": "t:1:new"})
        first, second = rig.bus.asked
        assert {each.action for each in rig.bus.recorded} <= {"endpoint changed", "deliveries replayed"}
        assert len(rig.bus.recorded) == 2
        assert first == ReplayDeliveries(**HERE, endpoint="ep-1", since=0, state=DeliveryState.SKIPPED)
        assert second == ReplayDeliveries(**HERE, endpoint="ep-1", delivery="t:1:new")


@pytest.mark.parametrize(
    ("command", "data", "sentence"),
    [
        ("addEndpoint", {}, "url is missing"),
        ("addEndpoint", {"url": ["x"]}, "url must be a text"),
        ("addEndpoint", {"url": "x" * 3000}, "url must have at most 2048"),
        ("addEndpoint", {"url": URL, "dialect": "smoke"}, "dialect must be one of standard, cloudevents and webprinter"),
        ("addEndpoint", {"url": URL, "mode": "loud"}, "mode must be one of structured and binary"),
        ("addEndpoint", {"url": URL, "events": ["often"]}, "events must be one of new, status, end and device"),
        ("addEndpoint", {"url": URL, "events": ["new"] * 100 + ["end"]}, "events must have at most 100 words; it has 101"),
        ("addEndpoint", {"url": URL, "devices": [""]}, "devices must be names of devices"),
        ("addEndpoint", {"url": URL, "devices": [7.5, []]}, "devices.deviceName must be a text"),
        ("addEndpoint", {"url": URL, "devices": ["x"] * 101}, "devices must name at most 100"),
        ("updateEndpoint", {}, "endpointId is missing"),
        ("updateEndpoint", {"endpointId": "e", "enabled": "perhaps"}, "enabled must be true or false"),
        ("removeEndpoint", {"endpointId": " "}, "endpointId is missing"),
        ("rotateSecret", {}, "endpointId is missing"),
        ("testEndpoint", {}, "endpointId is missing"),
        ("listDeliveries", {}, "endpointId is missing"),
        ("listDeliveries", {"endpointId": "e", "state": "lost"}, "state must be one of waiting, delivered, skipped"),
        ("listDeliveries", {"endpointId": "e", "since": "yesterday"}, "since must be a time in milliseconds since 1970"),
        ("replayDeliveries", {"endpointId": "e"}, "Write either deliveryId"),
        ("replayDeliveries", {"endpointId": "e", "deliveryId": "d", "since": 1}, "Write either deliveryId"),
    ],
)
async def test_what_makes_no_sense_is_answered_with_what_to_write(tmp_path, command, data, sentence):
    async with door(tmp_path) as rig:
        answer = await rig.command(command, data)
        assert answer["success"] is False
        assert answer["message"].startswith(sentence)
        assert rig.bus.asked == []


async def test_the_dispatchers_own_sentence_is_passed_on(tmp_path):
    async with door(tmp_path) as rig:
        refusal = Refused(Code.BAD_REQUEST, "url: 10.0.0.1 is not on the public network and may not be reached.")
        rig.bus.answers[AddEndpoint] = refusal
        answer = await rig.command("addEndpoint", {"url": "http://10.0.0.1/"})
        assert answer == {"success": False, "message": str(refusal), "command": "CALLBACK"}


@pytest.mark.parametrize("model", [each for each in hooks.REQUESTS if "data" in each.model_fields])
async def test_every_command_that_is_described_is_there(tmp_path, model):
    (command,) = model.model_fields["command"].annotation.__args__
    async with door(tmp_path) as rig:
        answer = await rig.command(command, {})
        assert "There is no command" not in answer["message"]
