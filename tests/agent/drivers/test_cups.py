import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from demo.printers.cupsd import PrivateCupsd
from libs.contracts.devices import CustomMedia, PrinterState, Receipt
from libs.contracts.documents import ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE
from libs.contracts.tickets import ColorMode, Margins, Media, Quality, Sides, Ticket
from libs.ipp.client import Client
from libs.ipp.enums import Operation
from services.agent import shop
from services.agent.cups.queue import CupsQueue
from services.agent.drivers import Fault
from tests.agent.orders import PDF, desk, free_port, order, task, withdrawal
from tests.waiting import until

DRIVER = Path(__file__).with_name("trays.ppd")
GUARD = Path(__file__).parents[3] / "services" / "agent" / "cups" / "once.sh"


@pytest.fixture
async def cupsd():
    async with PrivateCupsd(backends=(GUARD,)) as server:
        yield server


def server(cupsd) -> str:
    return f"cups://{cupsd.server}"


def titles(paper) -> list[str]:
    return [line.title for line in paper.started()]


async def test_all_queues_show_and_one_that_is_added_later_too(cupsd, tmp_path):
    await cupsd.add_paper("Paper")
    async with desk(tmp_path, server(cupsd)) as at:
        await at.device("Paper")
        await cupsd.add_paper("Late")
        await at.device("Late")
        assert {each.name for each in at.shop.devices} == {"Paper", "Late"}


async def test_one_queue_can_be_named_alone(cupsd, tmp_path):
    await cupsd.add_paper("Paper")
    await cupsd.add_paper("Other")
    async with desk(tmp_path, server(cupsd) + "/Other?name=Front%20desk&unknown=give-up") as at:
        device = await at.device("Front desk")
        assert device.unknown == "give-up"
        assert len(at.shop.devices) == 1


async def test_tasks_are_printed_once_each_and_in_order(cupsd, tmp_path):
    paper = await cupsd.add_paper("Paper")
    async with desk(tmp_path, server(cupsd)) as at:
        await at.device("Paper")
        await at.give(*(order(number) for number in range(1, 13)))
        await at.ended(30)
        assert await at.kinds(1) == ["TaskTaken", "TaskPrinting", "TaskPrinted"]
    assert titles(paper) == [f"{task(number)}.1" for number in range(1, 13)]
    assert paper.ended()[0].bytes() == PDF


async def test_a_large_document_is_streamed(cupsd, tmp_path):
    paper = await cupsd.add_paper("Paper")
    big = PDF + b"%" + os.urandom(3 * 1024 * 1024)
    async with desk(tmp_path, server(cupsd)) as at:
        await at.give(order(1, data=big))
        await at.ended()
    assert paper.ended()[0].bytes() == big


async def test_a_withdrawal_before_releasing_leaves_nothing_behind(cupsd, tmp_path):
    paper = await cupsd.add_paper("Paper")
    paper.hold()
    async with desk(tmp_path, server(cupsd)) as at, Client(cupsd.queue_uri("Paper")) as client:
        await at.give(order(1), order(2))
        await until(lambda: titles(paper))
        await until(lambda: _held(client), what="the second job is held with its data")
        await at.give(withdrawal(1), withdrawal(2))
        await at.told("TaskTooLate", 1)
        await at.told("TaskWithdrawn", 2)
        await until(lambda: _gone(client), what="the held job is canceled")
        paper.release()
        await at.ended()
    assert titles(paper) == [f"{task(1)}.1"]


async def test_what_a_withdrawn_task_left_is_cleared_away_at_the_next_start(cupsd, tmp_path, monkeypatch):
    paper = await cupsd.add_paper("Paper")
    paper.hold()
    async with Client(cupsd.queue_uri("Paper")) as client:
        async with desk(tmp_path, server(cupsd)) as at:
            await at.give(order(1), order(2))
            await until(lambda: _held(client), what="the second job is held with its data")
            monkeypatch.setattr(CupsQueue, "discard", _nothing)  # the agent dies before it comes to that
            await at.give(withdrawal(2))
            await at.told("TaskWithdrawn", 2)
        monkeypatch.undo()
        assert await _held(client)
        async with desk(tmp_path, server(cupsd)) as at:
            await until(lambda: _gone(client), what="the held job is canceled")
            paper.release()
            await at.ended()

            async def clear():
                return not await at.journal.withdrawn_orders()

            await until(clear)
    assert titles(paper) == [f"{task(1)}.1"]


async def _nothing(_printer, _attempt) -> None:
    raise Fault("connecting-to-device", "The agent dies.")


async def _held(client) -> bool:
    jobs = await client.get_jobs("not-completed", ("job-name", "job-state", "number-of-documents"))
    return any(job.name == f"{task(2)}.1" and job.attributes.integer("number-of-documents") == 1 for job in jobs)


async def _gone(client) -> bool:
    return all(job.name != f"{task(2)}.1" for job in await client.get_jobs("not-completed", ("job-name",)))


async def test_a_device_that_fails_is_told_and_keeps_its_place(cupsd, tmp_path):
    paper = await cupsd.add_paper("Paper")
    paper.fail()
    async with desk(tmp_path, server(cupsd)) as at:
        await at.give(order(1), order(2))
        stopped = await at.told("TaskStopped", 1)
        assert stopped.reason == "resources-are-not-ready"
        paper.fail_no_more()
        await at.ended(60)
    assert titles(paper) == [f"{task(1)}.1", f"{task(2)}.1"]


async def test_a_stopped_queue_is_told_and_goes_on(cupsd, tmp_path):
    paper = await cupsd.add_paper("Paper")
    async with desk(tmp_path, server(cupsd)) as at, Client(cupsd.queue_uri("Paper")) as client:
        await client.request(Operation.PAUSE_PRINTER)
        await until(lambda: any(each.state is PrinterState.STOPPED for each in at.shop.devices))
        await at.give(order(1))
        stopped = await at.told("TaskStopped")
        assert stopped.reason == "paused"
        await client.request(Operation.RESUME_PRINTER)
        await at.ended()
    assert titles(paper) == [f"{task(1)}.1"]


async def test_a_job_canceled_in_cups_is_canceled(cupsd, tmp_path):
    paper = await cupsd.add_paper("Paper")
    paper.hold()
    async with desk(tmp_path, server(cupsd)) as at, Client(cupsd.queue_uri("Paper")) as client:
        await at.give(order(1))
        await until(lambda: titles(paper))
        job = (await client.get_jobs("not-completed"))[0]
        await client.cancel_job(job.id)
        assert (await at.told("TaskFailed")).canceled
        paper.release()


async def test_a_server_that_is_not_there_stops_nothing_and_is_found_when_it_comes(cupsd, tmp_path):
    paper = await cupsd.add_paper("Paper")
    await cupsd.stop()
    async with desk(tmp_path, server(cupsd), f"cups://127.0.0.1:{await free_port()}", f"file://{tmp_path}/out?name=Out") as at:
        await at.give(order(1, printer="Out"), order(2))
        await at.told("TaskPrinted", 1)
        await cupsd.start()
        await at.ended(30)
    assert titles(paper) == [f"{task(2)}.1"]


async def test_a_queue_that_was_known_is_unreachable_while_its_server_is_away(cupsd, tmp_path):
    await cupsd.add_paper("Paper")
    async with desk(tmp_path, server(cupsd)) as at:
        await at.device("Paper")
    await cupsd.stop()
    async with desk(tmp_path, server(cupsd)) as at:
        assert (await at.device("Paper")).state is PrinterState.UNREACHABLE


async def test_a_print_server_that_is_not_there_holds_up_nobody_elses_printers(tmp_path, monkeypatch):
    monkeypatch.setattr(shop, "SURVEY", 1000.0)
    async with desk(tmp_path, f"cups://127.0.0.1:{await free_port()}", f"file://{tmp_path}/out?name=Out") as at:
        await asyncio.wait_for(at.shop.surveyed(), 20)
        assert [device.name for device in at.shop.devices] == ["Out"]


async def test_an_everywhere_queue_has_the_capabilities_of_its_printer(cupsd, eve, tmp_path):
    await cupsd.add_queue("Office", eve.uri, "everywhere")
    async with desk(tmp_path, server(cupsd)) as at:
        can = (await at.device("Office")).capabilities
    assert can.max_copies == 99
    assert can.media[0].margins == Margins(423, 423, 423, 423)
    assert can.custom_media == CustomMedia(5000, 29700, 5000, 43200)
    assert can.resolutions == (300, 600)
    assert "application/pdf" in can.formats


async def test_a_raw_queue_promises_no_copies(cupsd, tmp_path):
    await cupsd.add_paper("Paper")
    async with desk(tmp_path, server(cupsd)) as at:
        assert (await at.device("Paper")).capabilities.max_copies == 1


async def test_labels_pass_untouched_through_a_raw_queue_and_past_a_driver(cupsd, tmp_path):
    paper = await cupsd.add_paper("Label")
    await cupsd.add_driver("Laser", paper.device_uri, DRIVER)
    looks_like_a_document = b"%PDF-1.4 but it is not\x00\xff"
    async with desk(tmp_path, server(cupsd)) as at:
        for number, queue in ((1, "Label"), (2, "Laser")):
            assert RAW_MEDIA_TYPE in (await at.device(queue)).capabilities.formats
            await at.give(order(number, printer=queue, data=looks_like_a_document, media_type=RAW_MEDIA_TYPE))
            await at.told("TaskPrinted", number)
    assert [job.bytes() for job in paper.ended()] == [looks_like_a_document] * 2


async def test_a_queue_can_be_a_receipt_printer(cupsd, tmp_path):
    paper = await cupsd.add_paper("Till")
    async with desk(tmp_path, server(cupsd) + "/Till?raster=escpos&width=512") as at:
        can = (await at.device("Till")).capabilities
        assert (can.formats, can.receipt) == ((ESCPOS_MEDIA_TYPE, RAW_MEDIA_TYPE), Receipt(width=512))
        await at.give(order(1, printer="Till", data=b"\x1b@hi\x1dV\x00", media_type=ESCPOS_MEDIA_TYPE), order(2, printer="Till"))
        await at.ended()
        assert (await at.reports(2))[-1].reason == "unsupported-document-format"
    assert [job.bytes() for job in paper.ended()] == [b"\x1b@hi\x1dV\x00"]


async def test_bytes_are_not_passed_to_an_ipp_printer_that_would_guess_what_they_are(cupsd, eve, tmp_path):
    await cupsd.add_queue("Office", eve.uri, "everywhere")
    async with desk(tmp_path, server(cupsd)) as at:
        assert RAW_MEDIA_TYPE not in (await at.device("Office")).capabilities.formats
        await at.give(order(1, printer="Office", data=b"^XA^XZ", media_type=RAW_MEDIA_TYPE))
        failed = await at.told("TaskFailed")
    assert failed.message == "The printer Office does not take bytes as they are; if it does, add raw=true to its address."


async def test_a_tray_and_a_type_of_paper_reach_the_printer_through_its_queue(cupsd, eve, tmp_path):
    await cupsd.add_queue("Office", eve.uri, "everywhere")
    async with desk(tmp_path, server(cupsd)) as at:
        can = (await at.device("Office")).capabilities
        assert (can.sources, can.media_types) == (("auto", "main", "alternate", "by-pass-tray"), ("auto", "stationery", "labels"))
        ticket = Ticket(tray="alternate", media_type="labels", media=Media(21590, 27940))
        await at.give(order(1, printer="Office", ticket=ticket), order(2, printer="Office", ticket=Ticket(tray="cellar")))
        await at.ended(30)
        assert (await at.reports(2))[-1].message.startswith("The printer has no tray cellar. It has auto, main")
    media_col = eve.documents()[0].attributes["media-col"]
    assert "media-source=alternate" in media_col
    assert "media-type=labels" in media_col
    assert "x-dimension=21590" in media_col


async def test_a_driver_gets_the_tray_by_the_name_that_it_has_there(cupsd, tmp_path):
    paper = await cupsd.add_paper("Raw")
    await cupsd.add_driver("Laser", paper.device_uri, DRIVER)
    async with desk(tmp_path, server(cupsd)) as at:
        can = (await at.device("Laser")).capabilities
        assert {"tray-1", "tray-2"} <= set(can.sources), can.sources
        await at.give(order(1, printer="Laser", ticket=Ticket(tray="tray-2", media_type="labels")))
        await at.told("TaskPrinted", 1)
    assert b"MEDIASOURCE=TRAY2" in paper.ended()[0].bytes()


async def test_a_ticket_reaches_the_printer_through_its_queue(cupsd, eve, tmp_path):
    await cupsd.add_queue("Office", eve.uri, "everywhere")
    ticket = Ticket(
        copies=2,
        sides=Sides.TWO_SIDED_LONG_EDGE,
        color=ColorMode.MONOCHROME,
        media=Media(14800, 21000),
        quality=Quality.HIGH,
    )
    async with desk(tmp_path, server(cupsd)) as at:
        await at.give(order(1, printer="Office", ticket=ticket))
        await at.ended(30)
        assert (await at.reports(1))[-1].confirmed
    printed = eve.documents()[0].attributes
    assert printed["job-name"] == f"{task(1)}.1"
    assert (printed["copies"], printed["sides"]) == ("2", "two-sided-long-edge")
    assert (printed["print-color-mode"], printed["print-quality"]) == ("monochrome", "high")
    assert "x-dimension=14800" in printed["media-col"]


async def test_paper_out_behind_a_queue_is_told_and_its_end_too(cupsd, eve, tmp_path):
    await cupsd.add_queue("Office", eve.uri, "everywhere")
    async with desk(tmp_path, server(cupsd)) as at:
        await at.device("Office")
        await eve.set_reason("media-empty")
        await until(lambda: any("media-empty" in reason for reason in at.shop.devices[0].reasons))
        await at.give(order(1, printer="Office"))
        stopped = await at.told("TaskStopped")
        assert stopped.message == "The printer Office waits: no paper (media-empty)."
        await eve.clear_reason("media-empty")
        await at.ended(30)
        assert (await at.kinds())[-1] == "TaskPrinted"


async def test_a_printer_behind_a_queue_that_gives_up_is_believed_more_than_cups(cupsd, eve, tmp_path):
    await cupsd.add_queue("Office", eve.uri, "everywhere")
    eve.abort()
    async with desk(tmp_path, server(cupsd)) as at:
        await at.give(order(1, printer="Office"))
        failed = await at.told("TaskFailed")
        assert not failed.canceled
    assert not eve.documents()


async def test_a_printer_behind_a_queue_that_lost_its_power_is_never_taken_for_one_that_printed(cupsd, eve, tmp_path):
    await cupsd.add_queue("Office", eve.uri, "everywhere")
    async with desk(tmp_path, server(cupsd)) as at:
        await at.give(order(1, printer="Office"))
        await at.told("TaskPrinted", 1, confirmed=True)  # a printer that remembers its jobs
        eve.hold()
        await at.give(order(2, printer="Office"))
        await until(lambda: len(list(eve.spool.glob("*.pdf"))) == 2)
        await eve.kill()
        eve.release()
        await eve.start()

        async def settled() -> bool:
            """As its backend meets the printer, cupsd loses the job, stops the queue for a person to look, or sends it anew."""
            told = {each.kind if getattr(each, "reason", "") != "paused" else "paused" for each in await at.reports(2)}
            return bool(told & {"TaskUnknown", "paused", "TaskPrinted"})

        await until(settled, within=40, what="somebody says what became of it")
        if "TaskPrinted" in {each.kind for each in await at.reports(2)}:
            assert [each.job_name for each in eve.documents()] == [f"{task(1)}.1", f"{task(2)}.1"]


async def test_the_guard_holds_what_was_at_its_device_when_cupsd_was_killed(cupsd, tmp_path):
    paper = await cupsd.add_paper("Paper")
    await cupsd.add_queue("Guarded", f"once:{cupsd.folder}/once|{paper.device_uri}")
    paper.hold()
    async with desk(tmp_path, server(cupsd)) as at:
        await at.give(order(1, printer="Guarded"))
        await until(lambda: titles(paper))
        await cupsd.kill()
        await cupsd.start()
        await at.told("TaskUnknown")
        paper.release()
        await at.give(order(2, printer="Guarded"))
        await at.told("TaskPrinted", 2)
    assert titles(paper) == [f"{task(1)}.1", f"{task(2)}.1"]


@pytest.fixture
def backends(tmp_path):
    """A backend folder with a device that writes down its jobs and ends as it is told."""
    folder = tmp_path / "bin" / "backend"
    folder.mkdir(parents=True)
    (folder / "fake").write_text(
        '#!/bin/sh\necho "$DEVICE_URI $1 $(cat)" >>"$PAPER"\n[ -e "$PAPER.wait" ] && sleep 30\nexit "$(cat "$PAPER.status")"\n'
    )
    (folder / "fake").chmod(0o755)
    return tmp_path


def guarded(folder: Path, job: str, title: str = "a task", status: int = 0) -> subprocess.Popen:
    (folder / "paper.status").write_text(f"{status}\n")
    return subprocess.Popen(
        ["/bin/sh", GUARD, job, "user", title, "1", ""],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            "PATH": os.environ["PATH"],
            "DEVICE_URI": f"once:{folder}/once|fake://device",
            "CUPS_SERVERBIN": str(folder / "bin"),
            "PAPER": str(folder / "paper"),
        },
    )


def test_the_guard_hands_the_document_on_and_lets_no_job_come_twice(backends):
    first = guarded(backends, "7")
    first.communicate("bytes")
    assert first.returncode == 0
    second = guarded(backends, "7")
    said = second.communicate("bytes")[1]
    assert second.returncode == 3
    assert "it may be on paper" in said
    other = guarded(backends, "7", title="another task")
    other.communicate("more")
    assert (backends / "paper").read_text() == "fake://device 7 bytes\nfake://device 7 more\n"


def test_the_guard_lets_a_job_come_again_whose_device_failed_by_itself(backends):
    failed = guarded(backends, "7", status=1)
    failed.communicate("bytes")
    assert failed.returncode == 1
    again = guarded(backends, "7")
    again.communicate("bytes")
    assert again.returncode == 0


async def test_the_guard_lets_no_job_come_again_that_was_stopped_at_its_device(backends):
    (backends / "paper.wait").touch()
    stopped = guarded(backends, "7")
    stopped.stdin.write("bytes")
    stopped.stdin.close()
    await until((backends / "paper").exists)
    stopped.terminate()
    assert await asyncio.to_thread(stopped.wait, 10) != 0
    stopped.stderr.close()
    assert guarded(backends, "7").wait() == 3


@pytest.mark.parametrize("uri", ["once:relative|fake://x", "once:/folder", "once:/folder|nothing://x", "once:/f|../evil:x"])
def test_the_guard_refuses_an_address_that_it_does_not_understand(backends, uri):
    run = subprocess.run(
        ["/bin/sh", GUARD, "7", "user", "title", "1", ""],
        env={"PATH": os.environ["PATH"], "DEVICE_URI": uri, "CUPS_SERVERBIN": str(backends / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("ERROR:")
