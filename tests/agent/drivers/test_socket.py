import asyncio
import os
import time

import pytest

from libs.contracts.devices import PrinterState, Receipt
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE
from libs.contracts.tickets import Cut, Dither
from services.agent.printers import connect_all
from tests.agent.drivers.device import Device
from tests.agent.orders import PDF, desk, free_port, order, withdrawal
from tests.waiting import until


async def test_the_bytes_arrive_in_order_and_are_said_to_be_unconfirmed(tmp_path):
    async with Device() as device, desk(tmp_path, device.uri()) as at:
        await at.give(*(order(number, printer="Label", data=b"label %d" % number) for number in range(1, 21)))
        await at.ended()
        assert await at.kinds() == ["TaskTaken", "TaskPrinting", "TaskSent", "TaskPrinted"]
        assert not (await at.reports(1))[-1].confirmed
    assert device.jobs == [b"label %d" % number for number in range(1, 21)]


async def test_the_grace_time_passes_before_a_task_counts_as_printed(tmp_path):
    async with Device() as device, desk(tmp_path, device.uri().replace("grace=0", "grace=0.5")) as at:
        began = time.monotonic()
        await at.give(order(1, printer="Label"), order(2, printer="Label"))
        await at.ended()
        assert time.monotonic() - began >= 0.5


async def test_a_device_gets_only_what_it_takes(tmp_path):
    async with Device() as device, desk(tmp_path, device.uri(format="application/vnd.zebra-zpl")) as at:
        assert (await at.device("Label")).capabilities.formats == ("application/vnd.zebra-zpl", RAW_MEDIA_TYPE)
        await at.give(order(1, printer="Label"), order(2, printer="Label", data=b"^XA^XZ", media_type="application/vnd.zebra-zpl"))
        await at.ended()
        assert (await at.reports(1))[-1].reason == "unsupported-document-format"
    assert device.jobs == [b"^XA^XZ"]


async def test_labels_and_receipts_pass_untouched_byte_for_byte(tmp_path):
    every = bytes(range(256)) * 40
    async with Device() as device, desk(tmp_path, device.uri()) as at:
        await at.give(order(1, printer="Label", data=every, media_type=RAW_MEDIA_TYPE), order(2, printer="Label"))
        await at.ended()
    assert device.jobs == [every, PDF]


async def test_raw_false_keeps_foreign_bytes_from_a_printer(tmp_path):
    async with Device() as device, desk(tmp_path, device.uri(raw="false")) as at:
        assert (await at.device("Label")).capabilities.formats == ("application/pdf",)
        await at.give(order(1, printer="Label", data=b"^XA^XZ", media_type=RAW_MEDIA_TYPE))
        await at.ended()
        assert (await at.reports(1))[-1].reason == "unsupported-document-format"
    assert not device.jobs


async def test_a_receipt_printer_says_what_it_is_and_takes_nothing_that_was_not_made_for_it(tmp_path):
    given = {"raster": "escpos", "width": "384", "dpi": "180", "cut": "full", "drawer": "true", "dither": "threshold"}
    async with Device() as device, desk(tmp_path, device.uri(**given)) as at:
        can = (await at.device("Label")).capabilities
        assert can.receipt == Receipt(384, 180, Dither.THRESHOLD, Cut.FULL, drawer=True)
        assert can.formats == (ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE)
        await at.give(
            order(1, printer="Label", data=b"\x1b@receipt", media_type=ESCPOS_MEDIA_TYPE),
            order(2, printer="Label", data=b"\x1bp\x00", media_type=RAW_MEDIA_TYPE),
            order(3, printer="Label"),
        )
        await at.ended()
        assert (await at.reports(3))[-1].reason == "unsupported-document-format"
    assert device.jobs == [b"\x1b@receipt", b"\x1bp\x00"]


async def test_a_printer_that_is_off_is_told_and_printed_to_when_it_comes(tmp_path):
    device = Device()
    device.port = await free_port()
    async with desk(tmp_path, device.uri()) as at:
        await at.give(order(1, printer="Label"))
        await at.told("TaskStopped", reason="connecting-to-device")
        assert (await at.device("Label")).state is PrinterState.UNREACHABLE
        async with device:
            await at.ended()
    assert device.jobs == [PDF]


async def test_a_printer_that_stops_reading_is_told_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("services.agent.stall.NOT_READING", 0.3)
    async with Device() as device, Device() as other:
        device.reading.clear()
        big = os.urandom(8 * 1024 * 1024)
        async with desk(tmp_path, device.uri(), other.uri().replace("Label", "Other")) as at:
            await at.give(order(1, printer="Label", data=big), order(2, printer="Other"))
            await at.told("TaskPrinted", 2)
            stopped = await at.told("TaskStopped")
            assert stopped.reason == "timed-out"
            assert "not reading" in stopped.message
            await at.give(withdrawal(1))
            await at.told("TaskTooLate")
            device.reading.set()
            await at.ended()
        assert device.jobs == [big]


async def test_a_printer_that_never_reads_on_leaves_the_outcome_unknown_and_the_lane_free(tmp_path, monkeypatch):
    monkeypatch.setattr("services.agent.stall.NOT_READING", 0.2)
    async with Device() as device, desk(tmp_path, device.uri(), stall=1.0) as at:
        device.reading.clear()
        await at.give(order(1, printer="Label", data=os.urandom(8 * 1024 * 1024)), order(2, printer="Label"))
        await at.told("TaskUnknown", 1)
        device.reading.set()
        await at.told("TaskPrinted", 2)
    assert PDF in device.jobs
    assert all(len(job) < 8 * 1024 * 1024 for job in device.jobs)


async def test_a_printer_that_breaks_off_in_the_middle_leaves_the_outcome_unknown(tmp_path):
    async def slam(reader, writer):
        await reader.read(1024)
        writer.transport.abort()

    server = await asyncio.start_server(slam, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, desk(tmp_path, f"socket://127.0.0.1:{port}?name=Label&grace=0") as at:
        await at.give(order(1, printer="Label", data=os.urandom(8 * 1024 * 1024)))
        await at.told("TaskUnknown")
        assert (await at.kinds())[-1] == "TaskUnknown", "nobody prints it again by himself"


async def test_a_withdrawal_before_the_first_byte_is_in_time(tmp_path):
    async with desk(tmp_path, f"socket://127.0.0.1:{await free_port()}?name=Label") as at:
        await at.give(order(1, printer="Label"))
        await at.told("TaskStopped")
        await at.give(withdrawal(1))
        await at.told("TaskWithdrawn")
        await until(lambda: not at.shop.open_attempts)


@pytest.mark.parametrize("uri", ["socket://?name=Label", "socket://host:9100?name=Label&format=pdf"])
def test_a_wrong_address_says_what_to_write(uri):
    with pytest.raises(ValueError, match="write"):
        connect_all([uri])
