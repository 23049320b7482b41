"""demo/printers/eve.py: the virtual printer prints, breaks down and recovers as a real one does."""

import asyncio

import pytest

from demo.printers.eve import EvePrinter
from libs.ipp.client import Client
from libs.ipp.enums import JobState, PrinterState
from libs.ipp.errors import IppConnectionError
from tests.demo.processes import command_lines
from tests.printers import eve_printer
from tests.waiting import until

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
async def printer(tmp_path):
    async with eve_printer(tmp_path) as printer:
        yield printer


@pytest.fixture
async def client(printer):
    async with Client(printer.uri) as client:
        yield client


async def send(client, name="task"):
    return (await client.print_job(PDF, name=name, document_format="application/pdf")).id


async def reasons(client):
    return (await client.get_printer_attributes(["printer-state-reasons"])).strings("printer-state-reasons")


async def says(client, reason):
    async def said():
        return any(word.startswith(reason) for word in await reasons(client))

    await until(said, what=f"the printer says {reason}")


async def state_is(client, job_id, state):
    async def reached():
        return (await client.get_job_attributes(job_id)).state == state

    await until(reached, what=f"the job is {state.name}")


async def test_documents_lie_in_order_of_printing(printer, client):
    for number in range(5):
        await state_is(client, await send(client, f"task.{number}"), JobState.COMPLETED)
    assert [document.job_name for document in printer.documents()] == [f"task.{number}" for number in range(5)]
    assert {document.path.read_bytes() for document in printer.documents()} == {PDF}


async def test_an_idle_printer_says_that_its_trays_are_empty_and_prints_on_when_they_are_filled(printer, client):
    await printer.set_reason("media-empty")
    assert (await reasons(client))[0].startswith("media-empty")
    job = await send(client)
    await says(client, "media-needed")
    assert printer.documents() == []
    await printer.clear_reason("media-empty")
    await state_is(client, job, JobState.COMPLETED)
    assert len(printer.documents()) == 1
    assert await reasons(client) == ("none",)


@pytest.mark.parametrize("reason", ["media-jam", "cover-open"])
async def test_a_printer_that_has_stopped_for_a_reason_prints_on_by_itself(printer, client, reason):
    await printer.set_reason(reason)
    job = await send(client)
    await says(client, reason)
    assert printer.documents() == []
    await printer.clear_reason(reason)
    await state_is(client, job, JobState.COMPLETED)
    assert await reasons(client) == ("none",)


async def test_a_job_can_be_held_up_half_printed(printer, client):
    printer.hold(impressions=2)
    job = await send(client)

    async def done():
        asked = await client.get_job_attributes(job, ["job-impressions-completed"])
        return asked.attributes.integer("job-impressions-completed") == 2

    await until(done)
    assert (await client.get_printer_attributes()).first("printer-state") == PrinterState.PROCESSING
    printer.release()
    await state_is(client, job, JobState.COMPLETED)


async def test_a_canceled_job_does_not_come_out(printer, client):
    printer.hold()
    job = await send(client)
    await state_is(client, job, JobState.PROCESSING)
    await client.cancel_job(job)
    await state_is(client, job, JobState.CANCELED)
    printer.release()
    await state_is(client, await send(client, "next"), JobState.COMPLETED)
    assert [document.job_name for document in printer.documents()] == ["next"]


async def test_one_job_can_be_aborted(printer, client):
    printer.abort(once=True)
    await state_is(client, await send(client, "first"), JobState.ABORTED)
    await state_is(client, await send(client, "second"), JobState.COMPLETED)
    assert [document.job_name for document in printer.documents()] == ["second"]


async def test_a_printer_can_be_slow(printer, client):
    printer.slow_down(0.3)
    job = await send(client)
    await state_is(client, job, JobState.PROCESSING)
    assert printer.documents() == []
    await state_is(client, job, JobState.COMPLETED)


async def test_a_power_cut_forgets_jobs_but_not_paper(printer, client):
    await state_is(client, await send(client, "before"), JobState.COMPLETED)
    printer.hold()
    await state_is(client, await send(client, "lost"), JobState.PROCESSING)
    await printer.kill()
    assert not printer.running
    with pytest.raises(IppConnectionError):
        await client.get_printer_attributes()
    printer.release()
    await printer.start()
    assert await client.get_jobs("all") == []
    job = await send(client, "after")
    assert job == 1
    await state_is(client, job, JobState.COMPLETED)
    assert [document.job_name for document in printer.documents()] == ["before", "after"]
    assert [document.job_id for document in printer.documents()] == [1, 1]


async def test_printers_stand_side_by_side(tmp_path):
    async def print_one(name):
        async with eve_printer(tmp_path, name) as printer, Client(printer.uri) as client:
            await state_is(client, await send(client, name), JobState.COMPLETED)
            return printer.port, printer.documents()[0].job_name

    printed = await asyncio.gather(*(print_one(name) for name in ("One", "Two", "Three")))
    assert [name for _, name in printed] == ["One", "Two", "Three"]
    assert len({port for port, _ in printed}) == 3


async def test_a_printer_may_have_other_attributes(tmp_path):
    label = tmp_path / "label.conf"
    label.write_text('ATTR text printer-make-and-model "Label"\nATTR keyword sides-supported "one-sided"\n')
    async with eve_printer(tmp_path, "Label", attributes=label) as printer, Client(printer.uri) as client:
        attributes = await client.get_printer_attributes()
        assert attributes.string("printer-make-and-model") == "Label"
        assert attributes.strings("sides-supported") == ("one-sided",)


async def test_a_printer_that_cannot_start_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="ippeveprinter did not start: Error: Unable to initialize DNS-SD"):
        async with EvePrinter(tmp_path, bus="unix:abstract=nobody"):
            pass
    assert command_lines(str(tmp_path)) == []


async def test_a_printer_without_its_attributes_is_not_started(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.conf"):
        async with eve_printer(tmp_path, attributes=tmp_path / "nothing.conf"):
            pass
