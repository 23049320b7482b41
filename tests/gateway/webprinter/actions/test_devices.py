"""The device commands: exact key sets and orders, defaults, and what is not there."""

import pytest

from libs.contracts.devices import Capabilities, Device, DeviceType
from libs.contracts.directory import DefaultEntry
from libs.contracts.queries import (
    Code,
    DeviceAnswer,
    DeviceList,
    DeviceView,
    GetDefaultDevice,
    GetDevice,
    ListDevices,
    SetDefaultDevice,
)
from libs.contracts.tickets import Collate, ColorMode, Orientation, Quality
from libs.runtime.bus import Refused
from services.gateway.webprinter.telling.views import capability
from tests.gateway.fakes import SN, door

INFO = {
    "type": {"type": "printer"},
    "name": "导出为 WPS PDF",
    "local": True,
    "controlSn": SN,
    "connectSn": SN,
    "status": 1,
    "sharing": False,
    "defaultDevice": True,
    "shareable": True,
    "deletable": False,
}
VIEW = DeviceView(agent=SN, device=Device(id="abc", name="导出为 WPS PDF"), online=True, default=True)
CAN = Capabilities(
    colors=(ColorMode.MONOCHROME, ColorMode.COLOR),
    default_color=ColorMode.COLOR,
    max_copies=99,
    orientations=(Orientation.PORTRAIT, Orientation.LANDSCAPE, Orientation.REVERSE_LANDSCAPE),
    default_orientation=Orientation.PORTRAIT,
    collates=(Collate.COLLATED, Collate.UNCOLLATED),
    default_collate=Collate.UNCOLLATED,
    qualities=(Quality.DRAFT, Quality.NORMAL),
    default_quality=Quality.NORMAL,
)
HERE = {"region": "local", "tenant": "main", "sn": SN}


async def test_a_device_has_always_all_ten_keys_in_their_order(tmp_path):
    async with door(tmp_path) as rig:
        away = DeviceView(agent="ABCDEFGH", device=Device(id="x", name="Cam", type=DeviceType.CAMERA), online=False, default=False)
        rig.bus.answers[ListDevices] = DeviceList(devices=(VIEW, away))
        answer = await rig.command("listDevices", {"deviceType": None})
        assert list(answer) == ["success", "data", "command"]
        own, other = answer["data"]
        assert list(own.items()) == list(INFO.items())
        assert list(other) == list(INFO)
        assert (other["type"], other["status"], other["local"]) == ({"type": "camera"}, 0, False)
        assert (other["controlSn"], other["connectSn"]) == ("ABCDEFGH", SN)
        assert type(own["status"]) is int


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (None, None),
        ({}, None),
        ({"deviceType": ""}, None),
        ({"deviceType": "printer"}, DeviceType.PRINTER),
        ({"deviceType": "Scanner"}, DeviceType.SCANNER),
    ],
)
async def test_a_type_is_asked_for_or_all_of_them(tmp_path, data, kind):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDevices] = DeviceList(devices=())
        assert (await rig.command("listDevices", data))["data"] == []
        assert rig.bus.asked == [ListDevices(**HERE, type=kind)]


async def test_a_detail_is_base_info_and_capability(tmp_path):
    async with door(tmp_path) as rig:
        device = Device(id="abc", name="导出为 WPS PDF", capabilities=CAN)
        rig.bus.answers[GetDevice] = DeviceAnswer(device=DeviceView(agent=SN, device=device, online=True, default=True))
        answer = await rig.command("getDeviceDetail", {"deviceName": "导出为 WPS PDF"})
        assert list(answer["data"]) == ["baseInfo", "capability"]
        assert list(answer["data"]["baseInfo"].items()) == list(INFO.items())
        assert list(answer["data"]["capability"].items()) == [
            ("supportedColors", ["MONOCHROME", "COLOR"]),
            ("defaultColor", "COLOR"),
            ("supportsCopies", True),
            ("upperCopies", 99),
            ("lowerCopies", 1),
            ("supportedOrientations", ["PORTRAIT", "LANDSCAPE", "REVERSE_LANDSCAPE"]),
            ("defaultOrientation", "PORTRAIT"),
            ("supportedCollates", ["COLLATE", "UNCOLLATE"]),
            ("defaultCollate", "UNCOLLATE"),
            ("supportedQualities", ["DRAFT", "NORMAL"]),
        ]
        assert rig.bus.asked == [GetDevice(**HERE, agent="", name="导出为 WPS PDF")]


def test_a_default_that_nobody_knows_is_left_out():
    assert capability(Capabilities()) == {
        "supportedColors": [],
        "supportsCopies": True,
        "upperCopies": 1,
        "lowerCopies": 1,
        "supportedOrientations": [],
        "supportedCollates": [],
        "supportedQualities": [],
    }


def test_every_word_of_ours_has_one_of_theirs():
    everything = Capabilities(
        colors=tuple(ColorMode), orientations=tuple(Orientation), collates=tuple(Collate), qualities=tuple(Quality)
    )
    shown = capability(everything)
    assert all(all(word.isupper() for word in value) for value in shown.values() if isinstance(value, list))


async def test_no_default_is_an_answer_without_data(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[GetDefaultDevice] = DeviceAnswer(device=None)
        answer = await rig.post({"command": "getDefaultDevice", "data": {"deviceType": "printer"}})
        assert answer.text == '{"success":true,"command":"CALLBACK"}'
        rig.bus.answers[GetDefaultDevice] = DeviceAnswer(device=VIEW)
        assert list((await rig.command("getDefaultDevice"))["data"].items()) == list(INFO.items())
        assert rig.bus.asked[-1] == GetDefaultDevice(**HERE, type=DeviceType.PRINTER)


async def test_setting_a_default_returns_nothing_and_is_seen_at_once(tmp_path):
    async with door(tmp_path) as rig:

        def done(query):
            rig.mirror.put(DefaultEntry(sn=SN, type="printer", agent=SN, device="abc"))
            return DeviceAnswer(device=VIEW)

        rig.bus.answers[SetDefaultDevice] = done
        data = {"deviceType": "printer", "deviceName": "导出为 WPS PDF", "controlSn": SN}
        answer = await rig.post({"command": "setDefaultDevice", "data": data})
        assert answer.text == '{"success":true,"command":"CALLBACK"}'
        assert rig.bus.asked == [SetDefaultDevice(**HERE, agent=SN, name="导出为 WPS PDF", type=DeviceType.PRINTER)]


@pytest.mark.parametrize("command", ["getDeviceDetail", "setDefaultDevice"])
async def test_an_unknown_device_is_a_failure(tmp_path, command):
    async with door(tmp_path) as rig:
        refusal = Refused(Code.NOT_FOUND, "There is no printer named 'X' at the client jueKiUEE; listDevices names them.")
        rig.bus.answers[GetDevice] = rig.bus.answers[SetDefaultDevice] = refusal
        answer = await rig.command(command, {"deviceName": "X", "controlSn": "ABCDEFGH"})
        message = "deviceName: there is no printer named 'X' at the client jueKiUEE; listDevices names them."
        assert answer == {"success": False, "message": message, "command": "CALLBACK"}
        assert rig.bus.asked[0].agent == "ABCDEFGH"


@pytest.mark.parametrize("command", ["getDeviceDetail", "setDefaultDevice"])
@pytest.mark.parametrize("data", [{}, {"deviceName": None}, {"deviceName": " "}, {"deviceName": []}, {"deviceName": "x" * 300}])
async def test_a_device_must_be_named(tmp_path, command, data):
    async with door(tmp_path) as rig:
        answer = await rig.command(command, data)
        assert answer["success"] is False
        assert answer["message"].startswith("deviceName")
        assert rig.bus.asked == []


@pytest.mark.parametrize("command", ["listDevices", "getDeviceDetail", "getDefaultDevice", "setDefaultDevice"])
async def test_an_unknown_type_is_named(tmp_path, command):
    async with door(tmp_path) as rig:
        answer = await rig.command(command, {"deviceName": "X", "deviceType": "toaster"})
        assert answer["message"] == "deviceType must be one of printer, scanner and camera; it is 'toaster'."
