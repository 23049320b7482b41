"""The same printer straight over IPP and through CUPS: its true capabilities, paper out and its end, by themselves."""

import pytest

from tests.integration.installation import installation
from tests.integration.receiver import receiving
from tests.printers import eve_printer, private_cupsd
from tests.waiting import until


@pytest.mark.timeout(240)
async def test_an_ipp_printer_shows_what_it_can_and_goes_on_when_paper_is_there(tmp_path):
    async with (
        eve_printer(tmp_path) as printer,
        receiving() as receiver,
        installation(tmp_path, [f"{printer.uri}?name=Office"], CALLBACK_URL=receiver.url, CONVERTER_ENGINES='["text"]') as server,
    ):
        await server.start()
        await server.device("Office")
        await _check_capabilities(server, "Office")
        await _check_paper_out(server, receiver, printer, "Office")


@pytest.mark.timeout(240)
async def test_a_cups_queue_of_that_printer_does_the_same(tmp_path):
    async with (
        eve_printer(tmp_path) as printer,
        private_cupsd() as cupsd,
        receiving() as receiver,
    ):
        await cupsd.add_queue("Office", printer.uri, "everywhere")
        async with installation(
            tmp_path, [f"cups://{cupsd.server}/Office"], CALLBACK_URL=receiver.url, CONVERTER_ENGINES='["text"]'
        ) as server:
            await server.start()
            await server.device("Office")
            await _check_capabilities(server, "Office")
            await _check_paper_out(server, receiver, printer, "Office")


async def _check_capabilities(server, name):
    """As office.conf says, which is what the printer says."""
    detail = await server.call("getDeviceDetail", deviceName=name, deviceType="printer")
    capability = detail["capability"]
    assert (capability["lowerCopies"], capability["upperCopies"]) == (1, 99)
    assert set(capability["supportedColors"]) == {"MONOCHROME", "COLOR"}
    assert detail["baseInfo"]["name"] == name


async def _check_paper_out(server, receiver, printer, name):
    await printer.set_reason("media-empty")
    task = await server.submit(name, content="waits for paper", config={"copies": 2, "side": "DUPLEX"})
    await until(lambda: len(receiver.of(task)) >= 2, what="the task is on its way")
    await server.reaches(task, "PRINTING", "PRINTED")
    assert printer.documents() == []
    await printer.clear_reason("media-empty")
    await server.reaches(task, "FINISHED", within=60)
    story = await receiver.ended(task)
    assert story[-2].endswith(">FINISHED")
    printed = [document for document in printer.documents() if document.job_name.startswith(task)]
    assert len(printed) == 1
    assert printed[0].attributes["sides"] == "two-sided-long-edge"
    assert printed[0].attributes["copies"] == "2"
