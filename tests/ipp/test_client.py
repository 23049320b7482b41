"""libs/ipp/client.py against a real ippeveprinter and a real cupsd."""

import pytest

from demo.printers.cupsd import PrivateCupsd
from libs.ipp.attributes import Attributes, Collection
from libs.ipp.client import Client
from libs.ipp.connection import Patience
from libs.ipp.enums import JobState, PrinterState, PrintQuality, Status
from libs.ipp.errors import IppAnswerError, IppConnectionError, IppError, IppTimeoutError
from libs.ipp.job import Job
from libs.ipp.message import Response
from libs.ipp.tags import GroupTag
from libs.ipp.values import EnumValue, IntegerRange, Keyword, MimeMediaType, Resolution
from tests.ipp.scripted import scripted
from tests.printers import eve_printer, private_cupsd
from tests.waiting import until

PDF = b"%PDF-1.4\n%%EOF\n"
A5 = {"media-col": Collection({"media-size": Collection({"x-dimension": 14800, "y-dimension": 21000})})}


@pytest.fixture
async def printer(tmp_path):
    async with eve_printer(tmp_path) as printer:
        yield printer


@pytest.fixture
async def client(printer):
    async with Client(printer.uri, user="agent") as client:
        yield client


@pytest.fixture
async def cupsd():
    async with private_cupsd() as cupsd:
        yield cupsd


async def ended(client, job_id):
    async def state():
        job = await client.get_job_attributes(job_id)
        return job if job.state and job.state.ended else None

    return await until(state, what="the job has ended")


async def state_is(client, job_id, state):
    async def reached():
        return (await client.get_job_attributes(job_id)).state == state

    await until(reached, what=f"the job is {state.name}")


async def test_a_printer_tells_what_it_is(client):
    attributes = await client.get_printer_attributes(["all", "media-col-database"])
    assert attributes.first("printer-state") == PrinterState.IDLE
    assert attributes.strings("printer-state-reasons") == ("none",)
    assert attributes.string("printer-name") == "Office"
    assert MimeMediaType("application/pdf") in attributes.all("document-format-supported")
    assert attributes.range("copies-supported") == IntegerRange(1, 99)
    assert attributes.resolutions("printer-resolution-supported") == (Resolution(300, 300), Resolution(600, 600))
    assert attributes.integers("print-quality-supported") == (3, 4, 5)
    assert attributes.moment("printer-current-time").utcoffset() is not None


async def test_the_media_of_a_printer_are_collections_within_collections(client):
    attributes = await client.get_printer_attributes(["media-col-database"])
    sizes = [media.collection("media-size") for media in attributes.collections("media-col-database")]
    assert (sizes[0].integer("x-dimension"), sizes[0].integer("y-dimension")) == (21000, 29700)
    assert sizes[-1].range("x-dimension") == IntegerRange(5000, 29700)


async def test_all_leaves_the_media_database_out(client):
    assert "media-col-database" not in await client.get_printer_attributes()


async def test_a_document_is_printed(printer, client):
    job = await client.print_job(
        PDF,
        name="Rechnung 账单",
        document_format="application/pdf",
        job={"copies": 2, "sides": Keyword("two-sided-long-edge"), "print-quality": PrintQuality.HIGH, **A5},
    )
    assert (await ended(client, job.id)).state == JobState.COMPLETED
    [document] = printer.documents()
    assert document.path.read_bytes() == PDF
    assert (document.job_id, document.job_name) == (job.id, "Rechnung 账单")
    assert document.attributes["copies"] == "2"
    assert document.attributes["sides"] == "two-sided-long-edge"
    assert document.attributes["print-quality"] == "high"
    assert "x-dimension=14800" in document.attributes["media-col"]
    assert document.attributes["job-originating-user-name"] == "agent"


async def test_a_document_in_pieces_is_printed_whole(printer, client):
    async def pieces():
        for number in range(200):
            yield PDF + bytes([number]) * 10_000

    job = await client.print_job(pieces(), name="long", document_format="application/pdf")
    await ended(client, job.id)
    assert printer.documents()[0].path.read_bytes() == b"".join([piece async for piece in pieces()])


async def test_a_job_waits_for_its_document(printer, client):
    job = await client.create_job(name="task.1", job={"copies": 3})
    assert job.state in (JobState.PENDING, JobState.PENDING_HELD)
    assert "job-data-insufficient" in job.reasons or "job-incoming" in job.reasons
    assert printer.documents() == []
    await client.send_document(job.id, PDF, document_format="application/pdf", name="page.pdf")
    done = await ended(client, job.id)
    assert (done.state, done.name) == (JobState.COMPLETED, "task.1")
    assert [document.attributes["copies"] for document in printer.documents()] == ["3"]


async def test_a_job_without_data_is_found_by_name_and_canceled(client):
    job = await client.create_job(name="task.1")
    [found] = [job async for job in client.all_jobs() if job.name == "task.1"]
    assert found.id == job.id
    await client.cancel_job(job.id)
    assert (await client.get_job_attributes(job.id)).state == JobState.CANCELED
    with pytest.raises(IppError) as caught:
        await client.cancel_job(job.id)
    assert caught.value.status == Status.CLIENT_ERROR_NOT_POSSIBLE


async def test_a_busy_printer_says_so(printer, client):
    printer.hold()
    job = await client.print_job(PDF, document_format="application/pdf")
    await state_is(client, job.id, JobState.PROCESSING)
    with pytest.raises(IppError) as caught:
        await client.print_job(PDF, document_format="application/pdf")
    assert (caught.value.status, caught.value.keyword) == (Status.SERVER_ERROR_BUSY, "server-error-busy")
    printer.release()
    assert (await ended(client, job.id)).state == JobState.COMPLETED


async def test_a_busy_printer_says_so_to_a_long_document_too(printer, client):
    printer.hold()
    job = await client.print_job(PDF, document_format="application/pdf")
    await state_is(client, job.id, JobState.PROCESSING)
    for _ in range(5):
        with pytest.raises(IppError) as caught:
            await client.print_job(bytes(20_000_000), document_format="application/pdf")
        assert caught.value.status == Status.SERVER_ERROR_BUSY


async def test_a_job_that_the_printer_gives_up_is_aborted(printer, client):
    printer.abort()
    job = await client.print_job(PDF, document_format="application/pdf")
    assert (await ended(client, job.id)).state == JobState.ABORTED
    assert printer.documents() == []


async def test_a_ticket_that_a_printer_would_take_is_valid(client):
    response = await client.validate_job(document_format="application/pdf", job={"copies": 2, **A5})
    assert response.status == Status.SUCCESSFUL_OK
    assert not response.unsupported


async def test_what_a_printer_cannot_do_is_told(client):
    with pytest.raises(IppError, match="sides") as caught:
        await client.validate_job(document_format="application/pdf", job={"sides": Keyword("three-sided")})
    assert caught.value.status == Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
    assert caught.value.response.unsupported.string("sides") == "three-sided"


async def test_a_format_that_a_printer_cannot_read_is_refused(client):
    with pytest.raises(IppError) as caught:
        await client.print_job(b"hello", document_format="text/plain")
    assert caught.value.response.unsupported.string("document-format") == "text/plain"


async def test_a_job_that_does_not_exist_is_not_found(client):
    with pytest.raises(IppError) as caught:
        await client.get_job_attributes(4711)
    assert caught.value.status == Status.CLIENT_ERROR_NOT_FOUND


async def test_a_printer_that_does_not_exist_is_not_found(printer):
    async with Client(printer.uri.replace("/ipp/print", "/ipp/nobody")) as client:
        with pytest.raises(IppError) as caught:
            await client.get_printer_attributes()
        assert caught.value.status == Status.CLIENT_ERROR_NOT_FOUND


async def test_an_operation_that_a_printer_does_not_know_is_told(client):
    with pytest.raises(IppError) as caught:
        await client.hold_job(1)
    assert caught.value.status == Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED


async def test_a_printer_shows_itself(printer, client):
    await client.identify_printer(["display"], "here")
    await until(lambda: "Identify-Printer successful-ok" in printer._process.said())


async def test_a_printer_that_hangs_is_given_up_and_asked_again(printer):
    async with Client(printer.uri, patience=Patience(answer=0.3)) as client:
        await client.get_printer_attributes(["printer-state"])
        printer.suspend()
        with pytest.raises(IppTimeoutError) as caught:
            await client.print_job(PDF, document_format="application/pdf")
        assert caught.value.sent is True
        printer.resume()
        await client.get_printer_attributes(["printer-state"])


async def test_a_printer_without_power_was_not_reached(printer, client):
    await client.get_printer_attributes(["printer-state"])
    await printer.kill()
    with pytest.raises(IppConnectionError):
        await client.print_job(PDF, document_format="application/pdf")
    with pytest.raises(IppConnectionError) as caught:
        await client.print_job(PDF, document_format="application/pdf")
    assert caught.value.sent is False
    await printer.start()
    await client.print_job(PDF, document_format="application/pdf")


async def test_a_printer_is_asked_over_tls(printer):
    uri = printer.uri.replace("ipp://", "ipps://")
    async with Client(uri, verify=False) as client:
        job = await client.print_job(PDF, document_format="application/pdf")
        assert (await ended(client, job.id)).state == JobState.COMPLETED
    async with Client(uri) as client:
        with pytest.raises(IppConnectionError, match="certificate") as caught:
            await client.print_job(PDF, document_format="application/pdf")
        assert caught.value.sent is False


async def test_cups_holds_a_job_until_it_is_released(cupsd):
    paper = await cupsd.add_paper()
    async with Client(cupsd.queue_uri("Paper"), user="agent") as client:
        job = await client.create_job(name="task.1", job={"job-hold-until": Keyword("indefinite")})
        assert job.state == JobState.PENDING_HELD

        async def pieces():
            yield PDF[:5]
            yield PDF[5:]

        await client.send_document(job.id, pieces(), document_format="application/pdf")
        assert (await client.get_job_attributes(job.id)).state == JobState.PENDING_HELD
        assert paper.log() == []
        await client.release_job(job.id)
        assert (await ended(client, job.id)).state == JobState.COMPLETED
    assert [(line.what, line.title) for line in paper.log()] == [("START", "task.1"), ("END", "task.1")]
    assert paper.ended()[0].bytes() == PDF


async def test_cups_holds_a_job_that_was_not(cupsd):
    paper = await cupsd.add_paper()
    async with Client(cupsd.queue_uri("Paper"), user="agent") as client:
        job = await client.create_job(name="task.1")
        await client.hold_job(job.id, "indefinite")
        await client.send_document(job.id, PDF, document_format="application/pdf")
        assert (await client.get_job_attributes(job.id)).state == JobState.PENDING_HELD
        await client.cancel_job(job.id)
        assert (await client.get_job_attributes(job.id)).state == JobState.CANCELED
    assert paper.log() == []


async def test_jobs_are_found_by_name_page_after_page(cupsd):
    await cupsd.add_paper()
    async with Client(cupsd.queue_uri("Paper"), user="agent") as client:
        for number in range(25):
            job = await client.create_job(name=f"task.{number}", job={"job-hold-until": Keyword("indefinite")})
            if number % 2:
                await client.cancel_job(job.id)
        jobs = [job async for job in client.all_jobs(page=7)]
        assert [job.name for job in jobs] == [f"task.{number}" for number in range(25)]
        assert len({job.uuid for job in jobs}) == 25
        assert len(await client.get_jobs()) == 13
        named = ["job-name", "job-uuid"]  # cupsd forgets the name of an ended job, unless it is asked for what it has to read
        assert [job.name for job in await client.get_jobs("all", named, first_job_id=3, limit=2)] == ["task.2", "task.3"]


async def test_the_names_of_ended_jobs_survive_a_restart_of_cups(cupsd):
    await cupsd.add_paper()
    async with Client(cupsd.queue_uri("Paper"), user="agent") as client:
        await client.print_job(PDF, name="task.1", document_format="application/pdf")
        await client.create_job(name="task.2", job={"job-hold-until": Keyword("indefinite")})
        await cupsd.kill()
        await cupsd.start()
        assert [job.name async for job in client.all_jobs()] == ["task.1", "task.2"]


async def test_all_jobs_are_found_at_a_printer_that_knows_no_pages(tmp_path):
    async with eve_printer(tmp_path) as printer, Client(printer.uri) as client:
        first = await client.print_job(PDF, name="a", document_format="application/pdf")
        await ended(client, first.id)
        second = await client.create_job(name="b")
        assert {job.id for job in await client.get_jobs("completed")} == {first.id}
        assert sorted([job.id async for job in client.all_jobs()]) == [first.id, second.id]


async def test_questions_about_a_whole_server_go_to_its_root(cupsd: PrivateCupsd):
    await cupsd.add_paper("A")
    await cupsd.add_paper("B")
    async with Client(cupsd.uri) as client:
        response = await client.request(0x4002, {"requested-attributes": Keyword("printer-name")})
        assert [printer.string("printer-name") for printer in response.every(0x04)] == ["A", "B"]


async def test_a_printer_that_refuses_to_list_all_jobs_is_asked_for_its_halves():
    async def halves(visit):
        while True:
            request = (await visit.receive()).message
            which = request.group(GroupTag.OPERATION).string("which-jobs")
            if which == "all":
                await visit.answer(request, Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED)
            else:
                await visit.answer(request, job={"job-id": 1 if which == "completed" else 2})

    async with scripted(halves) as printer, Client(printer.uri) as client:
        assert [job.id async for job in client.all_jobs()] == [2, 1]


@pytest.mark.parametrize("answers", [{"all": [1, 1]}, {"not-completed": [1], "completed": [1]}])
async def test_a_job_that_is_told_twice_is_one(answers):
    """As one that ends between two answers; who took the second for another of its name, without ink, would cancel it."""

    class Printer(Client):
        async def get_jobs(self, which_jobs="all", *_, **__):
            if which_jobs not in answers:
                raise IppError(Response(Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED, 1, ()))
            return [Job.of(Attributes({"job-id": number})) for number in answers[which_jobs]]

    async with Printer("ipp://printer.example/ipp/print") as client:
        assert [job.id async for job in client.all_jobs()] == [1]


async def test_a_job_state_that_no_standard_knows_is_none():
    async def odd(visit):
        await visit.answer((await visit.receive()).message, job={"job-id": 1, "job-state": EnumValue(42)})

    async with scripted(odd) as printer, Client(printer.uri) as client:
        job = await client.get_job_attributes(1)
        assert (job.id, job.state, job.reasons) == (1, None, ())


async def test_a_printer_that_speaks_only_the_first_version_is_spoken_to_in_it():
    async def old(visit):
        while True:
            request = (await visit.receive()).message
            known = request.version == (1, 1)
            await visit.answer(request, 0 if known else Status.SERVER_ERROR_VERSION_NOT_SUPPORTED, {"job-id": 1})

    async with scripted(old) as printer, Client(printer.uri) as client:
        await client.print_job(PDF)
        await client.print_job(PDF)
        assert [received.message.version for received in printer.received] == [(2, 0), (1, 1), (1, 1)]


async def test_a_job_without_a_number_is_no_answer():
    async def silent(visit):
        await visit.answer((await visit.receive()).message, job={})

    async with scripted(silent) as printer, Client(printer.uri) as client:
        with pytest.raises(IppAnswerError, match="number") as caught:
            await client.print_job(PDF)
        assert caught.value.sent is True


async def test_a_sent_document_belongs_to_its_job_even_if_the_printer_says_nothing():
    async def silent(visit):
        await visit.answer((await visit.receive()).message, job={})

    async with scripted(silent) as printer, Client(printer.uri) as client:
        assert (await client.send_document(7, PDF)).id == 7
