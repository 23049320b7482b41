"""Who hears of an event."""

import pytest

from libs.contracts.devices import Device
from libs.contracts.endpoints import DeviceFilter, EventKind
from libs.contracts.events import DeviceChanged
from services.webhooks.domain import OFF, Endpoint, State, deliveries, for_partners, wants
from tests.webhooks.events import SN, life, news


def test_an_event_goes_to_the_endpoints_of_its_client_only():
    mine = [Endpoint("a", SN, "http://a", "webprinter"), Endpoint("b", SN, "http://b", "webprinter")]
    others = [Endpoint("c", "somebody", "http://c", "webprinter")]
    shaped = []
    found = deliveries(news(1)[0], "id", 9, [*mine, *others], lambda endpoint: shaped.append(endpoint.id) or f"for {endpoint.id}")
    assert [(each.endpoint, each.body, each.event, each.sequence, each.state) for each in found] == [
        ("a", "for a", "id", 9, State.WAITING),
        ("b", "for b", "id", 9, State.WAITING),
    ]
    assert shaped == ["a", "b"]


def test_a_delivery_remembers_task_name_and_trace_of_its_event():
    event = list(life("jueKiUEE-000000000001"))[-1]
    (found,) = deliveries(event, event.id, 1, [Endpoint("a", SN, "http://a", "webprinter")], lambda _: "")
    assert (found.name, found.task, found.traceparent) == ("EndTask", "jueKiUEE-000000000001", event.traceparent)


DEVICE = DeviceChanged(region="local", tenant="main", agent=SN, device=Device(id="x", name="Label"), what="state", revision=1, at=5)


def test_a_tenants_endpoint_hears_of_all_its_clients_and_a_clients_only_of_its_own_tenant():
    event = news(1, "somebody")[0]
    assert wants(Endpoint("a", "", "http://a", "standard", tenant="main"), event)
    assert not wants(Endpoint("a", "", "http://a", "standard", tenant="other"), event)
    assert wants(Endpoint("a", "somebody", "http://a", "standard", tenant="main"), event)
    assert not wants(Endpoint("a", "somebody", "http://a", "standard", tenant="other"), event)
    assert not wants(Endpoint("a", SN, "http://a", "standard", tenant="main"), event)


@pytest.mark.parametrize(
    ("kinds", "heard"),
    [
        ((), ["NewTask", "UpdateTaskStatus", "EndTask"]),
        ((EventKind.END,), ["EndTask"]),
        ((EventKind.NEW, EventKind.STATUS), ["NewTask", "UpdateTaskStatus"]),
        ((EventKind.DEVICE,), ["DeviceChanged"]),
        (tuple(EventKind), ["NewTask", "UpdateTaskStatus", "EndTask", "DeviceChanged"]),
    ],
)
def test_an_endpoint_hears_of_the_kinds_that_it_chose_and_of_devices_only_if_it_says_so(kinds, heard):
    endpoint = Endpoint("a", SN, "http://a", "standard", tenant="main", kinds=kinds)
    events = [*life("jueKiUEE-000000000001"), DEVICE]
    assert list(dict.fromkeys(each.kind for each in events if wants(endpoint, each))) == heard


@pytest.mark.parametrize(
    ("devices", "heard"),
    [
        ((), True),
        ((DeviceFilter("Office"),), True),
        ((DeviceFilter("Office", SN),), True),
        ((DeviceFilter("Office", "somebody"),), False),
        ((DeviceFilter("Label"), DeviceFilter("Office")), True),
        ((DeviceFilter("Label"),), False),
    ],
)
def test_an_endpoint_hears_of_the_devices_that_it_chose(devices, heard):
    assert wants(Endpoint("a", SN, "http://a", "standard", tenant="main", devices=devices), news(1)[0]) is heard


def test_what_comes_while_an_endpoint_is_off_is_skipped_so_that_it_can_be_replayed():
    event = news(1)[0]
    (found,) = deliveries(event, event.id, 1, [Endpoint("a", SN, "http://a", "standard", disabled_at=7)], lambda _: "")
    assert (found.state, found.error, found.ended_at) == (State.SKIPPED, OFF, event.at)


def test_the_secret_before_signs_until_its_time_is_over():
    endpoint = Endpoint("a", SN, "http://a", "standard", "new", old_secret="old", old_until=10)
    assert endpoint.secrets(9) == ("new", "old")
    assert endpoint.secrets(10) == ("new",)
    assert Endpoint("a", SN, "http://a", "standard").secrets(9) == ()


def test_what_is_for_partners_alone_is_told_apart_by_its_subject():
    assert for_partners("partner.hooked.local.main.jueKiUEE.abc.jueKiUEE-000000000001")
    assert not for_partners(news(1)[0].subject)
