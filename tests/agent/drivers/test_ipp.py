import pytest

from demo.printers.eve import OFFICE
from libs.contracts.devices import CustomMedia, PrinterState
from libs.contracts.documents import RAW_MEDIA_TYPE
from libs.contracts.tickets import Collate, ColorMode, Margins, Media, Orientation, Quality, Sides, Ticket
from libs.ipp.attributes import Attributes
from libs.ipp.client import Client
from libs.ipp.encoding import encode
from libs.ipp.enums import Operation, Status
from libs.ipp.message import Group, Response
from libs.ipp.tags import GroupTag
from libs.ipp.values import Charset, EnumValue, MimeMediaType, Name, NaturalLanguage
from services.agent.raw import CUPS_RAW
from tests.agent.orders import PDF, desk, free_port, order, task, withdrawal
from tests.faults.rig.ippfake import FakePrinter
from tests.ipp.scripted import http, scripted
from tests.printers import eve_printer, private_cupsd
from tests.waiting import until

#: How `office.conf` lists its formats.
LISTED = '"application/pdf","image/jpeg","image/pwg-raster"'


def names(eve) -> list[str]:
    return [each.job_name for each in eve.documents()]


def office(eve, **parameters) -> str:
    return f"{eve.uri}?name=Office" + "".join(f"&{key}={value}" for key, value in parameters.items())


async def test_a_printer_s_true_capabilities_are_read(eve, tmp_path):
    async with desk(tmp_path, office(eve, unknown="reprint")) as at:
        await until(lambda: any(each.capabilities.media for each in at.shop.devices))
        device = await at.device("Office")
    can = device.capabilities
    assert (device.state, device.reasons, device.accepting, device.unknown) == (PrinterState.IDLE, (), True, "reprint")
    assert can.formats == ("application/pdf", "image/jpeg", "image/pwg-raster")
    assert (can.colors, can.default_color) == ((ColorMode.AUTO, ColorMode.COLOR, ColorMode.MONOCHROME), ColorMode.AUTO)
    assert can.monochrome, "it leaves colours away itself"
    assert (can.finishings[0], can.default_finishings, can.default_resolution) == ("none", ("none",), 600)
    assert (can.min_copies, can.max_copies) == (1, 99)
    assert can.orientations == tuple(Orientation)
    assert can.collates == (Collate.UNCOLLATED, Collate.COLLATED)
    assert (can.qualities, can.default_quality) == (tuple(Quality), Quality.NORMAL)
    assert (can.sides, can.default_sides) == (tuple(Sides), Sides.ONE_SIDED)
    assert [(each.media.name, each.media.width, each.media.height) for each in can.media] == [
        ("iso_a4_210x297mm", 21000, 29700),
        ("iso_a5_148x210mm", 14800, 21000),
        ("na_letter_8.5x11in", 21590, 27940),
        ("iso_a4_210x297mm", 21000, 29700),
    ]
    assert can.media[0].margins == Margins(423, 423, 423, 423)
    assert can.media[-1].margins == Margins(0, 0, 0, 0)
    assert can.default_media == Media(21000, 29700, "iso_a4_210x297mm")
    assert can.custom_media == CustomMedia(5000, 29700, 5000, 43200)
    assert can.sources == ("auto", "main", "alternate", "by-pass-tray")
    assert (can.default_source, can.media_types) == ("main", ("auto", "stationery", "labels"))
    assert can.resolutions == (300, 600)


async def test_a_ticket_becomes_exact_ipp_attributes(eve, tmp_path):
    ticket = Ticket(
        copies=3,
        sides=Sides.TWO_SIDED_LONG_EDGE,
        color=ColorMode.MONOCHROME,
        media=Media(10000, 15000),
        collate=Collate.COLLATED,
        quality=Quality.HIGH,
        finishings=("none",),
        output_bin="face-down",
    )
    async with desk(tmp_path, office(eve)) as at:
        await at.give(order(1, printer="Office", ticket=ticket))
        await at.ended()
        assert await at.kinds() == ["TaskTaken", "TaskPrinting", "TaskSent", "TaskPrinted"]
    printed = eve.documents()[0]
    assert printed.path.read_bytes() == PDF
    assert {name: printed.attributes.get(name) for name in ("copies", "sides", "print-color-mode", "print-quality")} == {
        "copies": "3",
        "sides": "two-sided-long-edge",
        "print-color-mode": "monochrome",
        "print-quality": "high",
    }
    assert printed.attributes["print-scaling"] == "none"
    assert (printed.attributes["finishings"], printed.attributes["output-bin"]) == ("none", "face-down")
    assert printed.attributes["multiple-document-handling"] == "separate-documents-collated-copies"
    assert "x-dimension=10000" in printed.attributes["media-col"]
    assert "y-dimension=15000" in printed.attributes["media-col"]


async def test_a_tray_and_a_type_of_paper_reach_the_printer(eve, tmp_path):
    async with desk(tmp_path, office(eve)) as at:
        await at.give(
            order(1, printer="Office", ticket=Ticket(tray="by-pass-tray", media_type="labels", media=Media(10000, 15000)))
        )
        await at.give(order(2, printer="Office", ticket=Ticket(tray="cellar")))
        await at.ended()
        failed = (await at.reports(2))[-1]
    assert (failed.kind, failed.reason) == ("TaskFailed", "unsupported-attributes-or-values")
    assert failed.message.startswith("The printer has no tray cellar.")
    (printed,) = eve.documents()
    for member in ("media-source=by-pass-tray", "media-type=labels", "x-dimension=10000"):
        assert member in printed.attributes["media-col"]


async def test_bytes_pass_untouched_only_to_a_printer_of_which_the_address_says_so(tmp_path):
    label = b"^XA^FDhi\x00\xff^FS^XZ"
    attributes = tmp_path / "label.conf"
    listed = '"application/pdf","application/octet-stream","application/vnd.cups-raw"'
    attributes.write_text(OFFICE.read_text().replace(LISTED, listed))
    async with (
        eve_printer(tmp_path, attributes=attributes) as eve,
        desk(tmp_path, office(eve), f"{eve.uri}?name=Label&raw=true") as at,
    ):
        await until(lambda: len([each for each in at.shop.devices if each.capabilities.media]) == 2)
        assert (await at.device("Office")).capabilities.formats == ("application/pdf", CUPS_RAW)
        assert (await at.device("Label")).capabilities.formats == ("application/pdf", CUPS_RAW, RAW_MEDIA_TYPE)
        for number, name in ((1, "Office"), (2, "Label")):
            await at.give(order(number, printer=name, data=label, media_type=RAW_MEDIA_TYPE))
        await at.ended()
        assert (await at.reports(1))[-1].reason == "unsupported-document-format"
    (printed,) = eve.documents()
    assert printed.path.read_bytes() == label


async def test_a_sheet_that_the_printer_does_not_have_is_refused_before_any_byte(eve, tmp_path):
    async with desk(tmp_path, office(eve)) as at:
        await at.give(order(1, printer="Office", ticket=Ticket(media=Media(60000, 90000))))
        await at.ended()
        failed = (await at.reports(1))[-1]
    assert (failed.kind, failed.reason, failed.transient) == ("TaskFailed", "media-mismatch", False)
    assert "600 x 900 mm" in failed.message
    assert not eve.documents()


async def test_many_tasks_come_out_once_each_and_in_order(eve, tmp_path):
    async with desk(tmp_path, office(eve)) as at:
        await at.give(*(order(number, printer="Office") for number in range(1, 51)))
        await at.ended()
    assert names(eve) == [f"{task(number)}.1" for number in range(1, 51)]


async def test_an_empty_tray_shows_before_a_task_comes_and_its_end_too(eve, tmp_path):
    async with desk(tmp_path, office(eve)) as at:
        await at.device("Office")
        await eve.set_reason("media-empty")
        await until(lambda: any("media-empty" in reason for reason in at.shop.devices[0].reasons))
        await eve.clear_reason("media-empty")
        await until(lambda: not at.shop.devices[0].reasons)


async def test_paper_out_and_its_end_are_told_and_the_task_goes_on_by_itself(eve, tmp_path):
    async with desk(tmp_path, office(eve)) as at:
        await eve.set_reason("media-empty")
        await at.give(order(1, printer="Office"))
        stopped = await at.told("TaskStopped")
        assert (stopped.reason, stopped.message) == ("media-empty", "The printer Office waits: no paper (media-empty).")
        assert stopped.resumes
        await eve.clear_reason("media-empty")
        await at.ended()
        assert (await at.kinds())[:4] == ["TaskTaken", "TaskPrinting", "TaskSent", "TaskStopped"]
        assert (await at.kinds())[-1] == "TaskPrinted"


async def test_a_jam_is_told_with_the_pages_done(eve, tmp_path):
    async with desk(tmp_path, office(eve)) as at:
        await eve.set_reason("media-jam")
        await at.give(order(1, printer="Office"))
        stopped = await at.told("TaskStopped")
        assert stopped.reason == "media-jam"
        await eve.clear_reason("media-jam")
        await at.ended()
    assert names(eve) == [f"{task(1)}.1"]


async def test_a_printer_that_is_off_at_the_start_shows_and_prints_when_it_comes(eve, tmp_path):
    await eve.kill()
    async with desk(tmp_path, office(eve)) as at:
        await at.give(order(1, printer="Office"))
        stopped = await at.told("TaskStopped")
        assert stopped.reason == "connecting-to-device"
        assert (await at.device("Office")).state is PrinterState.UNREACHABLE
        await eve.start()
        await at.ended()
        assert (await at.kinds())[-1] == "TaskPrinted"


async def test_a_dead_printer_does_not_hold_up_another_one(eve, tmp_path):
    async with desk(tmp_path, f"ipp://127.0.0.1:{await free_port()}/ipp/print?name=Dead", office(eve)) as at:
        await at.give(order(1, printer="Dead"), order(2, printer="Office"))
        await at.told("TaskPrinted", 2)
        await at.give(withdrawal(1))
        await at.told("TaskWithdrawn", 1)
        assert "TaskPrinted" not in await at.kinds(1)
        assert len(eve.documents()) == 1


async def test_a_busy_printer_is_waited_for(eve, tmp_path):
    async with Client(eve.uri) as somebody:
        foreign = await somebody.create_job(name="of somebody else")
        async with desk(tmp_path, office(eve)) as at:
            await at.give(order(1, printer="Office"))
            await at.told("TaskTaken")
            await until(lambda: at.shop.devices[0].capabilities.media)
            assert await at.kinds() == ["TaskTaken"]
            await somebody.send_document(foreign.id, PDF, document_format="application/pdf")
            await at.ended()
    assert names(eve) == ["of somebody else", f"{task(1)}.1"]


async def test_a_withdrawal_is_in_time_before_releasing_and_too_late_after_it(eve, tmp_path):
    eve.hold()
    async with desk(tmp_path, office(eve)) as at:
        await at.give(order(1, printer="Office"), order(2, printer="Office"))
        await at.told("TaskSent", 1)
        await at.give(withdrawal(1), withdrawal(2))
        await at.told("TaskTooLate", 1)
        await at.told("TaskWithdrawn", 2)
        eve.release()
        await at.ended()
        assert (await at.kinds(1))[-1] == "TaskPrinted"
    assert names(eve) == [f"{task(1)}.1"]


async def test_a_job_that_the_printer_gives_up_is_failed_with_its_pages_and_not_tried_blindly(eve, tmp_path):
    eve.abort()
    async with desk(tmp_path, office(eve)) as at:
        await at.give(order(1, printer="Office"))
        failed = await at.told("TaskFailed")
    assert not failed.transient
    assert "The printer Office gave it up" in failed.message
    assert not eve.documents()


async def test_a_job_canceled_at_the_printer_is_canceled(eve, tmp_path):
    eve.hold()
    async with desk(tmp_path, office(eve)) as at, Client(eve.uri) as somebody:
        await at.give(order(1, printer="Office"))
        await at.told("TaskSent")
        job = next(each for each in await somebody.get_jobs() if each.name == f"{task(1)}.1")
        await somebody.cancel_job(job.id)
        failed = await at.told("TaskFailed")
        assert failed.canceled
        eve.release()


async def test_a_printer_that_lost_its_power_in_the_middle_leaves_the_outcome_unknown(eve, tmp_path):
    eve.hold()
    async with desk(tmp_path, office(eve)) as at:
        await at.give(order(1, printer="Office"))
        await at.told("TaskSent")
        await eve.kill()
        await at.told("TaskStopped", reason="connecting-to-device")
        eve.release()
        await eve.start()
        unknown = await at.told("TaskUnknown")
        assert "nobody can say" in unknown.message
        await at.give(order(2, printer="Office"))
        await at.told("TaskPrinted", 2)
    assert names(eve) == [f"{task(2)}.1"]


async def test_a_printer_that_hangs_is_told_and_goes_on(eve, tmp_path):
    async with desk(tmp_path, office(eve)) as at:
        await until(lambda: any(each.capabilities.media for each in at.shop.devices))
        eve.suspend()
        await at.give(order(1, printer="Office"))
        stopped = await at.told("TaskStopped")
        assert "is not reading" in stopped.message
        eve.resume()
        await at.ended()
    assert names(eve) == [f"{task(1)}.1"]


async def test_a_printer_that_can_hold_jobs_is_given_them_held(tmp_path):
    async with private_cupsd() as cupsd:
        paper = await cupsd.add_paper("Paper")
        paper.hold()
        async with desk(tmp_path, cupsd.queue_uri("Paper") + "?name=Office") as at, Client(cupsd.queue_uri("Paper")) as client:
            await at.give(*(order(number, printer="Office") for number in range(1, 4)))
            await until(lambda: at.shop.devices[0].capabilities.formats)
            await at.told("TaskSent", 3)
            assert {job.attributes.string("job-hold-until") for job in await client.get_jobs("all", ("all",))} == {"no-hold"}
            paper.release()
            await at.ended()
        assert [line.title for line in paper.started()] == [f"{task(number)}.1" for number in range(1, 4)]


SIMPLE = {
    "operations-supported": [Operation.PRINT_JOB, Operation.CANCEL_JOB, Operation.GET_JOBS, Operation.GET_PRINTER_ATTRIBUTES],
    "document-format-supported": MimeMediaType("application/pdf"),
    "printer-state": EnumValue(3),
    "printer-up-time": 1000,
}


async def test_a_printer_without_create_job_is_given_all_at_once_and_waited_for_while_it_is_busy(tmp_path):
    printed, refusals = [], [Status.SERVER_ERROR_BUSY] * 3

    async def old(visit):
        while True:
            received = await visit.receive()
            request = received.message
            if request.operation == Operation.GET_PRINTER_ATTRIBUTES:
                await visit.send(http(_told(request.request_id, GroupTag.PRINTER, SIMPLE)))
            elif request.operation == Operation.PRINT_JOB and refusals:
                await visit.answer(request, refusals.pop())
            elif request.operation == Operation.PRINT_JOB:
                printed.append(received.document)
                await visit.answer(request, job={"job-id": len(printed), "job-state": EnumValue(9)})
            else:
                number = request.group(GroupTag.OPERATION).integer("job-id") or len(printed)
                await visit.answer(
                    request, job={"job-id": number, "job-name": Name(f"{task(number)}.1"), "job-state": EnumValue(9)}
                )

    async with scripted(old) as printer, desk(tmp_path, f"{printer.uri}?name=Old") as at:
        await at.give(order(1, printer="Old"), order(2, printer="Old"))
        await at.ended()
        for number in (1, 2):  # also of the first, which was offered four times
            assert await at.kinds(number) == ["TaskTaken", "TaskPrinting", "TaskSent", "TaskPrinted"]
    assert printed == [PDF, PDF]


def _told(request_id: int, tag: int, attributes: dict) -> bytes:
    spoken = {"attributes-charset": Charset("utf-8"), "attributes-natural-language": NaturalLanguage("en")}
    groups = (Group(GroupTag.OPERATION, Attributes(spoken)), Group(tag, Attributes(attributes)))
    return encode(Response(0, request_id, groups))


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x00" * 2000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"FFFFFFF\r\n" + b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n\x02\x00\x00\x00\x00\x00\x00\x01\x04\x7f\x00\x01",
        http(b"\x02\x00\x00\x00\x00\x00\x00\x00\x01G\x00\x00\xff\xff"),
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["zeros", "endless", "chunks", "cut", "lies", "nothing"],
)
async def test_a_printer_that_talks_nonsense_is_unreachable_and_harms_no_other(tmp_path, nonsense):
    async def hostile(visit):
        while True:
            await visit.receive()
            await visit.send(nonsense)

    async with scripted(hostile) as printer, desk(tmp_path, f"{printer.uri}?name=Bad", f"file://{tmp_path}/out?name=Out") as at:
        await at.give(order(1, printer="Bad"), order(2, printer="Out"))
        await at.told("TaskPrinted", 2)
        assert (await at.device("Bad")).state is PrinterState.UNREACHABLE
        await at.give(withdrawal(1))
        await at.told("TaskWithdrawn", 1)


async def test_a_printer_that_keeps_no_history_is_believed_as_long_as_it_was_not_switched_off(tmp_path):
    async def forgetful(visit):
        while True:
            request = (await visit.receive()).message
            if request.operation == Operation.GET_PRINTER_ATTRIBUTES:
                operations = [*SIMPLE["operations-supported"], Operation.CREATE_JOB, Operation.SEND_DOCUMENT]
                said = SIMPLE | {"operations-supported": operations}
                await visit.send(http(_told(request.request_id, GroupTag.PRINTER, said)))
            elif request.operation in (Operation.CREATE_JOB, Operation.SEND_DOCUMENT):
                await visit.answer(request, job={"job-id": 1, "job-state": EnumValue(5)})
            else:
                status = Status.SUCCESSFUL_OK if request.operation == Operation.GET_JOBS else Status.CLIENT_ERROR_NOT_FOUND
                await visit.answer(request, status, job={})

    async with scripted(forgetful) as printer, desk(tmp_path, f"{printer.uri}?name=Brief") as at:
        await at.give(order(1, printer="Brief"))
        printed = await at.told("TaskPrinted")
        assert not printed.confirmed
        assert "keeps no history" in printed.warning


async def test_a_printer_that_stops_reading_frees_its_lane_and_is_tried_again_later(tmp_path, monkeypatch):
    monkeypatch.setattr("services.agent.stall.NOT_READING", 0.2)
    monkeypatch.setattr("services.agent.ipp.jobs.ARRIVAL", 0.1)
    async with FakePrinter("Office", deaf_after=4096, window=4096) as printer, desk(tmp_path, printer.entry, stall=1.0) as at:
        await at.give(order(1, printer="Office", data=PDF + bytes(4_000_000)), order(2, printer="Office"))
        stopped = await at.told("TaskStopped", 1)
        assert (stopped.reason, "not reading" in stopped.message) == ("timed-out", True)
        failed = await at.told("TaskFailed", 1)
        assert (failed.reason, failed.transient, failed.pages_done) == ("timed-out", True, 0)
        await at.told("TaskPrinted", 2)
        assert [job.name for job in printer.printed] == [f"{task(2)}.1"]


async def test_a_printer_is_asked_one_question_about_itself_at_a_time(tmp_path):
    """An ippeveprinter that is asked two sends half an answer to each, whoever waits for the rest waits 15 seconds."""
    async with _Talkative("Office", drip=1e-6) as printer, desk(tmp_path, printer.entry) as at:
        await at.give(order(1, printer="Office"))  # while the agent still learns what the printer can
        await at.told("TaskPrinted")
    assert printer.most == 1


class _Talkative(FakePrinter):
    """Counts how many answers about itself it gives side by side."""

    talking = most = 0

    async def _say(self, writer, octets):
        itself = self.asked[-1] == Operation.GET_PRINTER_ATTRIBUTES
        self.talking += itself
        self.most = max(self.most, self.talking)
        await super()._say(writer, octets)
        self.talking -= itself
