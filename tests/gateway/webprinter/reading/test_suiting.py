"""What a printer cannot do is refused before its task is accepted."""

from pathlib import Path
from tempfile import mkdtemp

import pytest

from libs.contracts.devices import Capabilities, MediaSupport, Receipt
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE
from libs.contracts.marks import Mark, Place
from libs.contracts.tickets import Media, Quality, Sides
from tests.gateway.fakes import door, printer

ABLE = Capabilities(
    sides=(Sides.ONE_SIDED,),
    qualities=(Quality.NORMAL, Quality.HIGH),
    sources=("tray-1", "manual"),
    media=(MediaSupport(Media(21000, 29700), source="large-capacity"),),
    media_types=("stationery", "labels"),
    resolutions=(300, 600),
)


async def refusal(folder, device, **task):
    async with door(folder) as rig:
        rig.mirror.put(device)
        return await rig.refused(**{"content": "<p>x", **task})


async def printed(folder, device, **task):
    async with door(Path(mkdtemp(dir=folder))) as rig:
        rig.mirror.put(device)
        return await rig.printed(**{"content": "<p>x", **task})


async def test_a_tray_is_found_by_any_spelling(tmp_path):
    task = await printed(tmp_path, printer(capabilities=ABLE), config={"tray": "TRAY_1", "mediaType": "Labels", "dpi": "600"})
    assert (task.ticket.tray, task.ticket.media_type, task.ticket.resolution) == ("tray-1", "labels", 600)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"tray": "cellar"},
            "task.config.tray must be one of the trays of 'Office': tray-1, manual, large-capacity; it",
        ),
        (
            {"mediaType": "gold"},
            "task.config.mediaType must be one of the media types of 'Office': stationery, labels; it is",
        ),
        ({"quality": "DRAFT"}, "task.config.quality must be one of NORMAL, HIGH for 'Office'; it is DRAFT."),
        ({"side": "DUPLEX"}, "task.config.side: 'Office' cannot print this way on both sides"),
        ({"dpi": 1200}, "task.config.dpi must be one of 300, 600 for 'Office'; it is 1200."),
        ({"cut": "FULL"}, "task.config.cut is for receipt printers, and this printer is none: leave it out."),
        ({"drawer": True}, "task.config.drawer is for receipt printers"),
    ],
)
async def test_what_the_printer_has_not_is_named(tmp_path, config, sentence):
    assert (await refusal(tmp_path, printer(capabilities=ABLE), config=config)).startswith(sentence)


async def test_of_a_printer_that_was_not_asked_yet_nothing_is_known(tmp_path):
    task = await printed(tmp_path, printer(), config={"tray": "cellar", "side": "DUPLEX"})
    assert task.ticket.tray == "cellar"


async def test_a_virtual_device_takes_everything_and_holds_it(tmp_path):
    device = printer(virtual=True, capabilities=ABLE)
    task = await printed(tmp_path, device, config={"side": "DUPLEX", "tray": "cellar", "cut": "FULL"})
    assert task.hold is True
    raw = await printed(tmp_path, device, mediaFormat="ZPL", content="^XA^XZ")
    assert raw.hold is True


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"color": "COLOR"}, "color"),
        ({"marginTop": 1}, "margin*"),
        ({"scale": "FIT"}, "scale"),
        ({"pageRanges": "1"}, "pageRanges"),
        ({"header": "x"}, "header, footer, watermark"),
        ({"cut": "FULL"}, "cut"),
    ],
)
async def test_what_goes_untouched_has_no_ticket(tmp_path, config, key):
    device = printer(capabilities=Capabilities(formats=(RAW_MEDIA_TYPE,)))
    message = await refusal(tmp_path, device, mediaFormat="ZPL", content="^XA^XZ", config=config)
    assert message == f"task.config: {key} cannot be done to ZPL, which goes to the printer untouched; leave it out."


async def test_copies_of_what_goes_untouched_are_taken(tmp_path):
    device = printer(capabilities=Capabilities(formats=(RAW_MEDIA_TYPE,)))
    assert (await printed(tmp_path, device, mediaFormat="ZPL", content="^XA^XZ", config={"copies": 3})).ticket.copies == 3


async def test_only_raw_queues_take_raw_bytes(tmp_path):
    message = await refusal(tmp_path, printer(), mediaFormat="ZPL", content="^XA^XZ")
    assert message.startswith("task.mediaFormat ZPL cannot be printed on 'Office', which takes documents only")


async def test_a_receipt_printer_cuts_and_opens_its_drawer(tmp_path):
    device = printer(capabilities=Capabilities(formats=(ESCPOS_MEDIA_TYPE,), receipt=Receipt()))
    ticket = (await printed(tmp_path, device, config={"cut": "FULL", "drawer": True})).ticket
    assert ticket.drawer is True


async def test_a_rule_does_not_stop_raw_bytes(tmp_path):
    rule = (Mark(Place.HEADER, "rule"),)
    device = printer(capabilities=Capabilities(formats=(RAW_MEDIA_TYPE, "application/pdf")), marks=rule)
    assert (await printed(tmp_path, device, mediaFormat="ZPL", content="^XA^XZ")).ticket.marks == ()
    assert (await printed(tmp_path, device)).ticket.marks == rule


@pytest.mark.parametrize(
    "config",
    [{"side": "DUPLEX"}, {"pagesPerSheet": 2}, {"orientation": "LANDSCAPE"}, {"tray": "main"}, {"mediaType": "labels"}],
)
async def test_what_only_sheets_have_is_refused_for_a_roll(tmp_path, config):
    roll = Capabilities(receipt=Receipt(), formats=(ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE))
    (key,) = config
    message = await refusal(tmp_path, printer(capabilities=roll), config=config)
    assert message.startswith(f"task.config.{key} is for sheets, and 'Office' prints on a roll: ")


async def test_a_roll_takes_what_it_can(tmp_path):
    roll = Capabilities(receipt=Receipt(), formats=(ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE))
    task = await printed(tmp_path, printer(capabilities=roll), config={"side": "ONESIDE", "rotate": 90, "cut": "FULL", "copies": 2})
    assert (task.ticket.rotate, task.ticket.copies) == (90, 2)


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ({"content": "<p>x", "config": {"tray": "cellar"}}, "config.tray must be one of the trays"),
        ({"content": "x", "mediaSource": "STRING", "mediaFormat": "ZPL"}, "mediaFormat ZPL cannot be printed on 'Office'"),
        ({"content": "unim://x"}, "content is not the address of an uploaded file"),
    ],
)
async def test_fields_of_a_task_that_is_the_data_itself_are_named_as_they_stand_there(tmp_path, task, sentence):
    async with door(tmp_path) as rig:
        rig.mirror.put(printer(capabilities=ABLE))
        assert (await rig.command("newPrintTask", task))["message"].startswith(sentence)
