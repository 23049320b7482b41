"""Shared printers at the door: who sees and uses what, the keys that say so, and the commands that change it."""

import base64
from dataclasses import replace

import pytest

from libs.contracts.devices import Capabilities, Device
from libs.contracts.directory import ClientEntry, ClientKind, DefaultEntry, DeviceEntry, TokenEntry, client_key, device_key
from libs.contracts.documents import Inline
from libs.contracts.ids import device_id, token_digest
from libs.contracts.marks import Align, Mark, Place
from libs.contracts.queries import (
    DeviceAnswer,
    DeviceList,
    DeviceView,
    Done,
    GetDevice,
    ListDevices,
    LookUp,
    SetMarks,
    ShareDevice,
)
from tests.gateway.fakes import SN, TOKEN, door, looked_up

OTHER = "ABCDEFGH"
THIRD = "ZYXWVUTS"
KEYS = [
    "type",
    "name",
    "local",
    "controlSn",
    "connectSn",
    "status",
    "sharing",
    "defaultDevice",
    "shareable",
    "deletable",
]


def view(name, agent, *, shared=False, virtual=False):
    return DeviceView(
        agent=agent, device=Device(id=device_id(agent, name), name=name, virtual=virtual), online=True, default=False, shared=shared
    )


def printer(name, agent, tenant="main", users=()):
    return DeviceEntry(tenant=tenant, agent=agent, device=Device(id=device_id(agent, name), name=name), users=users)


def owner(sn=OTHER, tenant="main", **more):
    return ClientEntry(sn=sn, tenant=tenant, role=ClientKind.AGENT, shard=5, **more)


@pytest.fixture
async def rig(tmp_path):
    async with door(tmp_path) as made:
        yield made


def put(rig, *entries):
    for entry in entries:
        rig.mirror.put(entry)
    rig.bus.answers[LookUp] = looked_up(*rig.mirror.values.values())


async def test_own_shared_and_virtual_devices_say_whose_they_are(rig):
    views = (view("Office", SN, shared=True), view("Roaming Print", SN, virtual=True), view("Till", OTHER))
    rig.bus.answers[ListDevices] = DeviceList(devices=views)
    listed = (await rig.command("listDevices"))["data"]
    assert [list(each) for each in listed] == [KEYS] * 3
    told = ("name", "local", "controlSn", "connectSn", "sharing", "shareable")
    assert [tuple(each[key] for key in told) for each in listed] == [
        ("Office", True, SN, SN, True, True),
        ("Roaming Print", True, SN, SN, False, False),
        ("Till", False, OTHER, SN, False, False),
    ]


async def test_a_list_of_many_devices_is_asked_for_in_pages(rig):
    views = [view(f"P{number}", SN) for number in range(5)]

    def page(query):
        return DeviceList(devices=tuple(views[query.offset : query.offset + 2]), more=query.offset + 2 < 5)

    rig.bus.answers[ListDevices] = page
    assert [each["name"] for each in (await rig.command("listDevices"))["data"]] == ["P0", "P1", "P2", "P3", "P4"]


async def test_a_shared_printer_is_used_by_its_owners_sn(rig):
    put(rig, owner(), printer("Till", OTHER, users=("*",)))
    task = await rig.printed(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Till", controlSn=OTHER)
    assert (task.printer.agent, task.printer.shard) == (OTHER, 5)


@pytest.mark.parametrize(
    "entries",
    [
        (owner(), printer("Till", OTHER)),
        (owner(), printer("Till", OTHER, users=(THIRD,))),
        (owner(tenant="rival"), printer("Till", OTHER, tenant="rival", users=("*", SN))),
        (owner(enabled=False), printer("Till", OTHER, users=("*",))),
    ],
)
async def test_what_is_not_shared_is_as_if_it_were_not_there(rig, entries):
    nowhere = await rig.refused(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Till", controlSn=OTHER)
    nobody = await rig.refused(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Till")
    put(rig, *entries)
    assert await rig.refused(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Till", controlSn=OTHER) == nowhere
    assert await rig.refused(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Till") == nobody


async def test_without_controlsn_the_own_printer_comes_first(rig):
    put(rig, owner(), printer("Office", OTHER, users=("*",)))
    assert (await rig.printed(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Office")).printer.agent == SN


async def test_without_controlsn_the_default_decides_or_there_is_only_one(rig):
    put(rig, owner(), printer("Till", OTHER, users=("*",)))
    assert (await rig.printed(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Till")).printer.agent == OTHER
    put(rig, owner(THIRD), printer("Till", THIRD, users=(SN,)))
    sentence = await rig.refused(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Till")
    assert "controlSn" in sentence
    assert OTHER in sentence
    assert THIRD in sentence
    put(rig, DefaultEntry(sn=SN, type="printer", agent=THIRD, device=device_id(THIRD, "Till")))
    assert (await rig.printed(content="x", mediaFormat="TEXT", mediaSource="STRING", deviceName="Till")).printer.agent == THIRD


async def test_a_default_falls_away_with_the_right_to_it(rig):
    shared = printer("Till", OTHER, users=("*",))
    put(rig, owner(), shared, DefaultEntry(sn=SN, type="printer", agent=OTHER, device=shared.device.id))
    assert (await rig.printed(content="x", mediaFormat="TEXT", mediaSource="STRING")).printer.agent == OTHER
    put(rig, replace(shared, users=()))
    assert "no default printer" in await rig.refused(content="x", mediaFormat="TEXT", mediaSource="STRING")


async def test_an_application_needs_a_grant_of_its_own(rig):
    app = "shopSHOP"
    put(
        rig,
        ClientEntry(sn=app, tenant="main", role=ClientKind.APP),
        TokenEntry(digest=token_digest("app"), sn=app, tenant="main", name="till"),
        printer("Office", SN, users=("*",)),
    )
    task = {"content": "x", "mediaFormat": "TEXT", "mediaSource": "STRING", "deviceName": "Office", "controlSn": SN}
    body = {"command": "newPrintTask", "data": {"task": task}}
    assert not (await rig.post(body, Api_Access_Token="app")).json()["success"]
    put(rig, printer("Office", SN, users=("*", app)))
    assert (await rig.post(body, Api_Access_Token="app")).json()["success"]
    assert rig.bus.published[-1][1].source == "CLOUD_OPENAPI"
    del task["controlSn"]
    answer = await rig.client.post("/openapi", json=body, headers={"Authorization": "Bearer app"})
    assert answer.json()["success"]


@pytest.mark.parametrize(
    ("data", "users"),
    [
        ({"sharing": True}, ("*",)),
        ({"sharing": "true", "users": []}, ("*",)),
        ({"sharing": True, "users": [OTHER, THIRD, OTHER]}, (OTHER, THIRD)),
        ({"sharing": 1, "users": OTHER}, (OTHER,)),
        ({"sharing": True, "users": ["everybody"]}, ("*",)),
        ({"sharing": False, "users": [OTHER]}, ()),
    ],
)
async def test_a_client_shares_a_device_of_its_own(rig, data, users):
    rig.bus.answers[ShareDevice] = DeviceAnswer(device=view("Office", SN, shared=bool(users)))
    answer = await rig.command("shareDevice", {"deviceName": "Office", **data})
    assert answer["data"]["sharing"] is bool(users)
    asked = next(each for each in rig.bus.asked if isinstance(each, ShareDevice))
    assert (asked.tenant, asked.sn, asked.name, asked.users) == ("main", SN, "Office", users)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, "sharing"),
        ({"sharing": True, "users": ["a.b.c.d."]}, "serial numbers"),
        ({"sharing": True, "users": [7]}, "serial numbers"),
        ({"sharing": True, "users": [OTHER] * 201}, "200"),
        ({"sharing": True, "controlSn": OTHER}, "controlSn"),
        ({"sharing": True, "deviceName": ""}, "deviceName"),
    ],
)
async def test_a_share_that_cannot_be_is_refused_with_a_sentence(rig, data, told):
    answer = await rig.command("shareDevice", {"deviceName": "Office", **data})
    assert not answer["success"]
    assert told in answer["message"]
    assert rig.bus.asked == []


async def test_rules_are_told_as_they_are_set(rig):
    rig.bus.answers[SetMarks] = Done()
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n0").decode()
    rules = {
        "header": {"left": {"image": picture}, "right": "{page}/{pages}"},
        "watermark": {"text": "COPY", "opacity": 0.2, "layer": "UNDER"},
    }
    assert (await rig.command("setRules", rules))["success"]
    asked = next(each for each in rig.bus.asked if isinstance(each, SetMarks))
    assert (asked.sn, asked.device) == (SN, "")
    assert [(mark.place, mark.align) for mark in asked.marks[:2]] == [(Place.HEADER, Align.LEFT), (Place.HEADER, Align.RIGHT)]
    put(rig, replace(rig.mirror.get(client_key(SN)), marks=asked.marks))
    told = (await rig.command("getRules"))["data"]
    assert told["header"]["left"]["image"] == picture
    assert told["watermark"]["text"] == "COPY"
    await rig.command("setRules", told)
    assert rig.bus.asked[-2].marks == asked.marks, "what getRules tells, setRules takes"


async def test_rules_of_a_device_are_for_its_owner_only(rig):
    rig.bus.answers[SetMarks] = Done()
    assert (await rig.command("setRules", {"deviceName": "Office", "footer": "x"}))["success"]
    assert next(each for each in rig.bus.asked if isinstance(each, SetMarks)).device == "Office"
    assert (await rig.command("getRules", {"deviceName": "Office"}))["data"] == {}
    put(rig, owner(), printer("Till", OTHER, users=("*",)))
    for command in ("setRules", "getRules"):
        assert "controlSn" in (await rig.command(command, {"deviceName": "Till", "controlSn": OTHER}))["message"]
    assert "no device" in (await rig.command("getRules", {"deviceName": "Till"}))["message"]


async def test_images_of_rules_are_limited(rig):
    large = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20_000)).decode()
    answer = await rig.command("setRules", {"header": {"left": {"image": large}, "right": {"image": large}}})
    assert "32 KB" in answer["message"]
    assert rig.bus.asked == []


async def test_rules_stand_on_a_task_of_the_printer_and_of_the_client(rig):
    mark = Mark(Place.FOOTER, "of the device")
    put(rig, replace(rig.mirror.get(device_key(SN, device_id(SN, "Office"))), marks=(mark,)))
    put(rig, replace(rig.mirror.get(client_key(SN)), marks=(Mark(Place.HEADER, image=Inline(b"x")),)))
    assert (await rig.printed(content="x", mediaFormat="TEXT", mediaSource="STRING")).ticket.marks[0] == mark


async def test_details_of_a_device_without_controlsn_are_of_whichever_is_meant(rig):
    device = DeviceView(agent=OTHER, device=Device(id="x", name="Till", capabilities=Capabilities()), online=True, default=False)
    rig.bus.answers[GetDevice] = DeviceAnswer(device=device)
    answer = await rig.command("getDeviceDetail", {"deviceName": "Till"})
    assert answer["data"]["baseInfo"]["controlSn"] == OTHER
    assert rig.bus.asked[-1].agent == ""
    assert TOKEN not in repr(rig.bus.asked)
