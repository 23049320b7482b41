"""The extended view of devices, papers, and the test page."""

import pytest

from libs.contracts.devices import Capabilities, CustomMedia, Device, MediaSupport, PrinterState, Receipt, UnknownPolicy
from libs.contracts.directory import DeviceEntry
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, Format
from libs.contracts.ids import device_id
from libs.contracts.queries import DeviceAnswer, DeviceList, DeviceView, GetDevice, Line, Lines, ListDevices, ListLines
from libs.contracts.tickets import Margins, Media, Quality, Sides
from services.gateway.webprinter.actions import testpage
from services.gateway.webprinter.telling.printerstates import states
from tests.gateway.fakes import SN, door, printer

A4 = Media(21000, 29700, "iso_a4_210x297mm")
LABEL = Media(5000, 3000, "custom_label_50x30mm")
CAN = Capabilities(
    sides=(Sides.ONE_SIDED, Sides.TWO_SIDED_LONG_EDGE, Sides.TWO_SIDED_SHORT_EDGE), default_sides=Sides.ONE_SIDED,
    media=(MediaSupport(A4, Margins(420, 420, 420, 420)), MediaSupport(A4, Margins(0, 0, 0, 0)), MediaSupport(LABEL)),
    default_media=A4, custom_media=CustomMedia(1000, 21600, 2000, 100_000), sources=("tray-1", "manual"), default_source="tray-1",
    resolutions=(300, 600), media_types=("stationery",), qualities=(Quality.NORMAL,), default_quality=Quality.NORMAL,
)  # fmt: skip
DEVICE = Device(
    id="abc", name="Office", state=PrinterState.STOPPED, reasons=("media-empty-error",), unknown=UnknownPolicy.REPRINT,
    capabilities=CAN,
)  # fmt: skip
VIEW = DeviceView(agent=SN, device=DEVICE, online=True, default=True)
LINES = Lines(lines=(Line(agent=SN, printer="abc", paused=True, waiting=4, sent=1),))


async def test_a_device_tells_its_states_and_its_queue_to_whoever_asks(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListDevices] = DeviceList(devices=(VIEW,))
        rig.bus.answers[ListLines] = LINES
        (plain,) = (await rig.command("listDevices"))["data"]
        assert len(plain) == 10
        assert len(rig.bus.asked) == 1
        (more,) = (await rig.command("listDevices", {"extended": True}))["data"]
        assert list(more)[:10] == list(plain)
        assert {key: more[key] for key in list(more)[10:]} == {
            "states": ["PAUSED", "PAPER_OUT"],
            "queue": {"waiting": 4, "sent": 1},
            "unknownPolicy": "reprint",
            "partialPolicy": "give-up",
            "virtual": False,
        }


async def test_a_detail_tells_all_that_a_printer_can(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[GetDevice] = DeviceAnswer(device=VIEW)
        rig.bus.answers[ListLines] = LINES
        plain = (await rig.command("getDeviceDetail", {"deviceName": "Office"}))["data"]
        assert "supportedSides" not in plain["capability"]
        more = (await rig.command("getDeviceDetail", {"deviceName": "Office", "extended": True}))["data"]
        extra = {key: value for key, value in more["capability"].items() if key not in plain["capability"]}
        assert extra == {
            "defaultQuality": "NORMAL",
            "supportedSides": ["ONESIDE", "DUPLEX", "TUMBLE"],
            "defaultSide": "ONESIDE",
            "supportedPapers": [
                {"name": "A4", "width": 210.0, "height": 297.0},
                {"name": "custom_label_50x30mm", "width": 50.0, "height": 30.0},
            ],
            "defaultPaper": {"name": "A4", "width": 210.0, "height": 297.0},
            "supportsCustomPaper": True,
            "minPaperWidth": 10.0,
            "maxPaperWidth": 216.0,
            "minPaperHeight": 20.0,
            "maxPaperHeight": 1000.0,
            "supportedTrays": ["tray-1", "manual"],
            "defaultTray": "tray-1",
            "supportedResolutions": [300, 600],
            "supportedMediaTypes": ["stationery"],
        }
        assert more["baseInfo"]["queue"] == {"waiting": 4, "sent": 1}


@pytest.mark.parametrize(
    ("changes", "online", "shown"),
    [
        ({}, True, ["OK"]),
        ({"reasons": ("none",)}, True, ["OK"]),
        ({"state": PrinterState.PROCESSING}, True, ["PRINTING"]),
        ({"state": PrinterState.STOPPED}, True, ["ERROR"]),
        ({"state": PrinterState.STOPPED, "reasons": ("paused",)}, True, ["PAUSED"]),
        ({"state": PrinterState.UNREACHABLE}, True, ["NOT_AVAILABLE"]),
        ({}, False, ["OFFLINE"]),
        ({"reasons": ("toner-low-warning", "marker-supply-low-report", "door-open")}, True, ["TONER_LOW", "DOOR_OPEN"]),
        ({"reasons": ("com.example.strange",)}, True, ["UNKNOWN"]),
    ],
)
def test_reasons_are_shown_in_words_that_both_worlds_know(changes, online, shown):
    assert states(Device(id="x", name="x", **changes), online=online, paused=False) == shown


async def test_papers_are_those_of_the_printer_or_the_common_ones(tmp_path):
    async with door(tmp_path) as rig:
        rig.mirror.put(
            DeviceEntry(tenant="main", agent=SN, device=Device(id=device_id(SN, "Label"), name="Label", capabilities=CAN))
        )
        assert [each["name"] for each in (await rig.command("listPapers", {"deviceName": "Label"}))["data"]] == [
            "A4",
            "custom_label_50x30mm",
        ]
        common = (await rig.command("listPapers", {"deviceName": "Office"}))["data"]
        assert {"name": "LETTER", "width": 215.9, "height": 279.4} in common
        assert "deviceName is missing" in (await rig.command("listPapers"))["message"]
        rig.mirror.put(printer(name="Till", capabilities=Capabilities(receipt=Receipt())))
        assert (await rig.command("listPapers", {"deviceName": "Till"}))["data"] == []


async def test_a_test_page_says_where_it_was_printed(tmp_path):
    async with door(tmp_path) as rig:
        nasty = "<b>Office & Co</b>"
        device = Device(id=device_id(SN, nasty), name=nasty, capabilities=CAN)
        rig.mirror.put(DeviceEntry(tenant="main", agent=SN, device=device))
        answer = await rig.command("testPrint", {"deviceName": nasty})
        request = rig.bus.published[-1][1].tasks[0]
        assert answer["data"] == {"taskId": request.id}
        assert (request.document.format, request.document.javascript) == (Format.HTML, False)
        page = request.document.content.data.decode()
        for words in (SN, "&lt;b&gt;Office &amp; Co&lt;/b&gt;", "打印测试页", "210 x 297 mm", "top: 4.2mm", "<i style"):
            assert words in page
        assert "<b>" not in page
        assert (request.ticket.media.width, request.ticket.media.height) == (21000, 29700)
        assert request.ticket.margins == Margins(0, 0, 0, 0)


async def test_a_test_page_under_a_key_is_printed_once_whatever_the_time(tmp_path, monkeypatch):
    async with door(tmp_path) as rig:
        asked = {"deviceName": "Label", "idempotencyKey": "page 1"}
        first = await rig.command("testPrint", asked)
        assert first["success"], first
        monkeypatch.setattr(testpage, "page", lambda *_: "<p>a second later</p>")
        assert await rig.command("testPrint", asked) == first
        assert len(rig.bus.published) == 1
        other = await rig.command("testPrint", {**asked, "deviceName": "Office"})
        assert other["message"].startswith("idempotencyKey was used for another submission")
        assert (await rig.command("testPrint", {**asked, "idempotencyKey": "page 2"}))["data"] != first["data"]


async def test_a_test_page_is_as_wide_as_the_roll_and_as_long_as_what_is_on_it(tmp_path):
    async with door(tmp_path) as rig:
        able = Capabilities(receipt=Receipt(width=384), formats=(ESCPOS_MEDIA_TYPE,))
        rig.mirror.put(printer(name="Till", capabilities=able))
        assert (await rig.command("testPrint", {"deviceName": "Till"}))["success"]
        request = rig.bus.published[-1][1].tasks[0]
        assert request.ticket.media is None
        text = request.document.content.data.decode()
        assert "a roll, 48.05 mm printed" in text
        assert "width: 48.05mm" in text
        assert "height: 0" not in text
        assert "<p>40 mm</p>" in text
