"""demo/printers/cupsd.py: a private cupsd does what a real one does, and leaves nothing behind."""

import pytest

from libs.ipp.client import Client
from libs.ipp.enums import JobState
from libs.ipp.values import Keyword
from tests.demo.processes import command_lines
from tests.printers import eve_printer, private_cupsd
from tests.waiting import until

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
async def cupsd():
    async with private_cupsd() as cupsd:
        yield cupsd


async def send(client, name="task", **job):
    return (await client.print_job(PDF, name=name, document_format="application/pdf", job=job)).id


async def state_is(client, job_id, state):
    async def reached():
        return (await client.get_job_attributes(job_id)).state == state

    await until(reached, what=f"the job is {state.name}")


async def retried(client, job_id):
    """Whether the job is done; cupsd looks at its retry times only every few seconds, so it is asked to go on."""
    job = await client.get_job_attributes(job_id)
    if job.state == JobState.PENDING_HELD:
        await client.release_job(job_id)
    return job.state == JobState.COMPLETED


def titles(lines):
    return [line.title for line in lines]


async def test_the_log_of_a_queue_is_what_came_out(cupsd):
    paper = await cupsd.add_paper()
    async with Client(cupsd.queue_uri("Paper")) as client:
        for number in range(3):
            await state_is(client, await send(client, f"task.{number}"), JobState.COMPLETED)
    assert titles(paper.started()) == titles(paper.ended()) == ["task.0", "task.1", "task.2"]
    assert {line.bytes() for line in paper.ended()} == {PDF}


async def test_a_device_can_be_held_and_slow(cupsd):
    paper = await cupsd.add_paper()
    paper.hold()
    async with Client(cupsd.queue_uri("Paper")) as client:
        job = await send(client)
        await until(paper.started)
        assert paper.ended() == []
        paper.release()
        await state_is(client, job, JobState.COMPLETED)
        paper.slow_down(0.2)
        await state_is(client, await send(client), JobState.COMPLETED)
    assert len(paper.ended()) == 2


async def test_a_device_that_fails_is_tried_again(cupsd):
    paper = await cupsd.add_paper()
    paper.fail()
    async with Client(cupsd.queue_uri("Paper")) as client:
        job = await send(client)
        await until(lambda: [line for line in paper.log() if line.what == "FAIL"])
        assert paper.started() == []
        paper.fail_no_more()
        await until(lambda: retried(client, job), what="the job was printed after all")
    assert len(paper.ended()) == 1


async def test_what_is_acknowledged_survives_a_kill(cupsd):
    paper = await cupsd.add_paper()
    async with Client(cupsd.queue_uri("Paper")) as client:
        job = await send(client, "task.1", **{"job-hold-until": Keyword("indefinite")})
        await cupsd.kill()
        assert not cupsd.running
        await cupsd.start()
        assert (await client.get_job_attributes(job)).name == "task.1"
        await client.release_job(job)
        await state_is(client, job, JobState.COMPLETED)
    assert titles(paper.started()) == ["task.1"]


async def test_a_backend_goes_on_without_its_daemon_and_the_job_is_printed_again(cupsd):
    paper = await cupsd.add_paper()
    paper.hold()
    async with Client(cupsd.queue_uri("Paper")) as client:
        job = await send(client, "task.1")
        await until(paper.started)
        await cupsd.kill()
        paper.release()
        await until(paper.ended)
        await cupsd.start()
        await state_is(client, job, JobState.COMPLETED)
    assert titles(paper.started()) == ["task.1", "task.1"]  # this is why a guard backend is needed


async def test_an_everywhere_queue_prints_on_an_ipp_printer(cupsd, tmp_path):
    async with eve_printer(tmp_path) as printer:
        uri = await cupsd.add_queue("Office", printer.uri, "everywhere")
        async with Client(uri) as client:
            attributes = await client.get_printer_attributes(["printer-make-and-model", "sides-supported"])
            assert "two-sided-long-edge" in attributes.strings("sides-supported")
            await client.print_job(_page(), name="page", document_format="application/pdf")
            [document] = await until(printer.documents)
        assert document.job_name == "page"
        assert document.path.read_bytes().startswith(b"%PDF")


async def test_another_backend_can_be_installed(tmp_path):
    once = tmp_path / "once"
    once.write_text('#!/bin/sh\ncat -- "${6:--}" >"${DEVICE_URI#once:}"\n')
    async with private_cupsd(backends=(once,)) as cupsd:
        uri = await cupsd.add_queue("Guarded", f"once:{tmp_path}/out")
        async with Client(uri) as client:
            await state_is(client, await send(client), JobState.COMPLETED)
    assert (tmp_path / "out").read_bytes() == PDF


async def test_a_queue_that_cannot_be_made_says_why(cupsd):
    with pytest.raises(RuntimeError, match=r"lpadmin failed: .*device"):
        await cupsd.add_queue("Bad", "nonsense:/")


async def test_nothing_is_left(cupsd):
    async with private_cupsd() as other:
        folder = other.folder
        paper = await other.add_paper()
        paper.hold()
        async with Client(other.queue_uri("Paper")) as client:
            await send(client)
            await until(paper.started)
        assert other.port != cupsd.port
    assert not folder.exists()
    assert command_lines(str(folder)) == []


def _page():
    """One empty A4 page that pdftopdf can read."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 4\n0000000000 65535 f \n" + table + trailer
