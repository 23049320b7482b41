"""Printing again and collecting later: a new task of the same material, a release with what the config says."""

from dataclasses import replace

import pytest

from libs.contracts.devices import Device
from libs.contracts.directory import DeviceEntry
from libs.contracts.documents import Document, Format, Inline, Remote, Stored
from libs.contracts.ids import device_id
from libs.contracts.marks import Mark, Place
from libs.contracts.queries import Code, GetMaterial, ListTasks, Material, ReleaseTask, TaskAnswer, TaskList
from libs.contracts.states import Stage
from libs.contracts.tasks import PrinterRef, TaskRequest
from libs.contracts.tickets import Margins, Sides, Ticket
from libs.runtime.bus import Refused
from services.gateway.webprinter.reading.changes import changed_ticket
from services.gateway.webprinter.reading.fields import Fields
from tests.gateway.fakes import SN, door, printer
from tests.gateway.webprinter.actions.test_control import VIEW

OLD = f"{SN}-79h86ap05on4"
OFFICE = PrinterRef(SN, device_id(SN, "Office"), "Office", 3)
REQUEST = TaskRequest(
    id=OLD, name="Label", printer=OFFICE, document=Document(Format.TEXT, Inline(b"hello")),
    ticket=Ticket(copies=2, sides=Sides.TWO_SIDED_LONG_EDGE), priority=70, created_at=1_000, expires_at=61_000, start_at=5,
)  # fmt: skip


def material(rig, **changes):
    rig.bus.answers[GetMaterial] = Material(task=VIEW, request=replace(REQUEST, **changes))


async def retried(rig, **data):
    answer = await rig.command("retryTask", {"taskId": OLD, **data})
    assert answer["success"], answer
    request = rig.bus.published[-1][1].tasks[0]
    assert answer["data"] == {"taskId": request.id}
    return request


async def test_a_retry_is_a_new_task_of_the_same_document_and_ticket(tmp_path):
    async with door(tmp_path) as rig:
        material(rig)
        request = await retried(rig)
        assert request.id != OLD
        assert (request.retry_of, request.name, request.printer, request.priority) == (OLD, "Label", OFFICE, 70)
        assert (request.document, request.ticket, request.start_at) == (REQUEST.document, REQUEST.ticket, 0)
        assert request.expires_at - request.created_at == 60_000
        assert rig.bus.asked == [GetMaterial(region="local", tenant="main", sn=SN, task=OLD)]


async def test_a_retry_may_go_elsewhere_and_otherwise(tmp_path):
    async with door(tmp_path) as rig:
        material(rig)
        request = await retried(rig, deviceName="Label", config={"copies": 1}, priority=5, expireAfter=0)
        assert request.printer.name == "Label"
        assert (request.ticket.copies, request.ticket.sides) == (1, Sides.TWO_SIDED_LONG_EDGE)
        assert (request.priority, request.expires_at) == (5, 0)
        answer = await rig.command("retryTask", {"taskId": OLD, "controlSn": "elsewher"})
        assert "there is no printer 'Office' at the client 'elsewher'" in answer["message"], "and not at the one before"


async def test_a_retry_has_a_copy_of_its_own_of_what_lies_in_the_store(tmp_path):
    async with door(tmp_path) as rig:
        source, image = f"main/{OLD}/source", f"main/{OLD}/mark-0"
        kept = Stored(source, *await rig.gateway.documents.put(source, b"x" * 9000))
        mark = Mark(Place.HEADER, image=Stored(image, *await rig.gateway.documents.put(image, b"y" * 9000)))
        material(rig, document=Document(Format.PDF, kept), ticket=Ticket(marks=(mark,)))
        request = await retried(rig)
        await rig.gateway.documents.delete(f"main/{OLD}")
        assert request.document.content == replace(kept, name=f"main/{request.id}/source")
        assert await rig.gateway.documents.get(request.document.content.name) == b"x" * 9000
        assert await rig.gateway.documents.get(request.ticket.marks[0].image.name) == b"y" * 9000


async def test_a_document_that_is_gone_is_told(tmp_path):
    async with door(tmp_path) as rig:
        material(rig, document=Document(Format.PDF, Stored(f"main/{OLD}/source", 5, "0" * 64)))
        answer = await rig.command("retryTask", {"taskId": OLD})
        assert "not kept any more: send it again with newPrintTask" in answer["message"]
        assert rig.bus.published == []


async def test_an_address_is_fetched_again(tmp_path):
    async with door(tmp_path) as rig:
        remote = Document(Format.HTML, Remote("example.com", "sealed"))
        material(rig, document=remote)
        assert (await retried(rig)).document == remote


async def test_a_retry_under_a_key_is_one_task(tmp_path):
    async with door(tmp_path) as rig:
        material(rig)
        first = await retried(rig, idempotencyKey="k")
        again = await rig.command("retryTask", {"taskId": OLD, "idempotencyKey": "k"})
        assert again["data"] == {"taskId": first.id}
        other = await rig.command("retryTask", {"taskId": OLD, "idempotencyKey": "k", "priority": 9})
        assert "was used for another submission" in other["message"]


async def test_a_task_of_somebody_else_cannot_be_printed_again(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[GetMaterial] = Refused(Code.NOT_FOUND, "There is no task x.")
        assert (await rig.command("retryTask", {"taskId": "x"}))["message"] == "taskId: there is no task x; listTasks names yours."
        assert rig.bus.published == []


async def test_held_tasks_are_listed_whole(tmp_path):
    async with door(tmp_path) as rig:
        rig.bus.answers[ListTasks] = TaskList(tasks=(VIEW,))
        rows = (await rig.command("listHeldTasks", {"limit": 5}))["data"]
        assert rows[0]["stage"] == "fetchable"
        (asked,) = rig.bus.asked
        assert (asked.stages, asked.limit) == ((Stage.RELEASE_WAIT,), 5)


async def test_a_release_names_a_real_printer_and_says_what_is_different(tmp_path):
    async with door(tmp_path) as rig:
        material(rig, hold=True)
        rule = Mark(Place.FOOTER, text="{device}")
        rig.mirror.put(replace(printer("Office"), marks=(rule,)))
        rig.bus.answers[ReleaseTask] = TaskAnswer(task=VIEW)
        answer = await rig.command("releaseTask", {"taskId": OLD, "deviceName": "Office", "config": {"side": "ONESIDE"}})
        assert answer["success"], answer
        released = rig.bus.asked[-1]
        assert (released.task, released.printer) == (OLD, OFFICE)
        assert released.ticket == Ticket(copies=2, sides=Sides.ONE_SIDED, marks=(rule,))


async def test_a_release_needs_a_printer_that_prints(tmp_path):
    async with door(tmp_path) as rig:
        rig.mirror.put(DeviceEntry(tenant="main", agent=SN, device=Device(id=device_id(SN, "Roam"), name="Roam", virtual=True)))
        material(rig, hold=True)
        for data, sentence in (
            ({"taskId": OLD}, "deviceName is missing"),
            ({"deviceName": "Office"}, "taskId is missing"),
            ({"taskId": OLD, "deviceName": "Roam"}, "prints nothing by itself"),
        ):
            assert sentence in (await rig.command("releaseTask", data))["message"]


async def test_what_the_printer_cannot_take_is_told_at_the_release(tmp_path):
    async with door(tmp_path) as rig:
        material(rig, hold=True, document=Document(Format.ZPL, Inline(b"^XA^XZ")), ticket=Ticket())
        answer = await rig.command("releaseTask", {"taskId": OLD, "deviceName": "Office"})
        assert answer["success"] is False
        assert "ZPL" in answer["message"]


@pytest.mark.parametrize(
    ("config", "changed"),
    [
        ({}, {}),
        ({"copies": None}, {}),
        ({"copies": 1}, {"copies": 1}),
        ({"side": "ONESIDE", "pageRanges": "2"}, {"sides": Sides.ONE_SIDED, "page_ranges": ((2, 2),)}),
        ({"marginTop": 5}, {"margins": Margins(top=500, left=100)}),
        ({"header": "x"}, {"marks": (Mark(Place.HEADER, text="x"),)}),
    ],
)
def test_a_later_config_changes_only_what_it_says(config, changed):
    before = Ticket(copies=2, sides=Sides.TWO_SIDED_LONG_EDGE, margins=Margins(left=100))
    assert changed_ticket(before, Fields(config)) == replace(before, **changed)
