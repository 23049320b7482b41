"""Jobs are made, started, canceled and served; whoever has no business with them hears of nothing."""

import pytest

from libs.contracts.documents import Document, Format, Inline, Remote
from libs.contracts.jobs import CancelJob, GetJob, LocateDocument, ServeJob, Service, StartJob
from libs.contracts.queries import CancelTask, Code, GetTask, ListLines, ListTasks, PauseDevice
from libs.contracts.reports import TaskPrinting, TaskTaken
from libs.contracts.states import Stage, Status
from libs.runtime.bus import Refused
from tests.spooler.deciding import deciding, printer
from tests.spooler.jobs.asking import ADA, BOB, HERE, JOB, NOTHING, creation, shown, started
from tests.spooler.making import AGENT, PRINTER, converted, report, request, submission

OWN = {"region": "local", "tenant": "main", "sn": AGENT}


async def test_a_job_waits_for_its_document_untold_and_begins_when_it_is_started(tmp_path, database_url):
    async with deciding(tmp_path, database_url) as world:
        made = (await world.ask(creation(document=NOTHING))).job
        assert (made.stage, made.user, made.client, made.document.size) == (Stage.AWAITING_DATA, ADA, "Office", 0)
        assert made.message == "It waits for its document, and to be started."
        assert (await world.ask(creation(document=NOTHING))).job == made
        assert (world.told(), (await world.ask(ListTasks(**OWN))).tasks) == ([], ())
        for question in (GetTask(**OWN, task=JOB), CancelTask(**OWN, task=JOB)):
            with pytest.raises(Refused, match="There is no task"):
                await world.ask(question)
        with pytest.raises(Refused, match="has no document yet") as no:
            await world.ask(StartJob(**HERE, task=JOB))
        assert no.value.code is Code.CONFLICT
        began = await started(world, 2)
        assert (began.stage, began.version > 0, began.document.available) == (Stage.TRANSFORMING, True, True)
        assert world.told() == ["NewTask"]
        assert [task.id for task in (await world.ask(ListTasks(**OWN))).tasks] == [began.task]
        with pytest.raises(Refused, match="cannot be started again: it is transforming"):
            await world.ask(StartJob(**HERE, task=began.task))


async def test_started_jobs_stand_behind_all_that_came_before_in_the_order_of_their_starts(tmp_path, database_url):
    async with deciding(tmp_path, database_url) as world:
        for number in (1, 2):
            await world.ask(creation(number))
        before = [request(number) for number in (3, 4, 5)]
        await world.submit(submission(*before))
        for number in (2, 1):
            await world.ask(StartJob(**HERE, task=request(number).id))
        await world.submit(submission(request(6)))
        await world.report(*(converted(request(number).id) for number in range(1, 7)))
        assert [order.task for order in world.taken("PRINT")] == [request(number).id for number in (3, 4, 5, 2, 1, 6)]


async def test_who_did_not_print_it_hears_of_no_job_and_another_may_not_take_its_id(tmp_path):
    async with deciding(tmp_path) as world:
        await world.ask(creation())
        assert (await world.ask(GetJob(**HERE, task=JOB, user=ADA.id))).job.task == JOB
        strangers = (
            GetJob(**HERE, task=JOB, user=BOB.id), GetJob(**{**HERE, "tenant": "other"}, task=JOB), GetJob(**HERE, task="nobody"),
            GetJob(**{**HERE, "printer": "elsewhere"}, task=JOB), GetJob(**HERE, task=JOB, leg=2),
            CancelJob(**HERE, task=JOB, user=BOB.id), StartJob(**HERE, task=JOB, user=BOB.id),
            LocateDocument(**HERE, task=JOB, user=BOB.id),
        )  # fmt: skip
        for question in strangers:
            with pytest.raises(Refused, match=r"There is no job [^ ]+ at this printer\.") as no:
                await world.ask(question)
            assert no.value.code is Code.NOT_FOUND
        with pytest.raises(Refused, match="There is another job"):
            await world.ask(creation(user=BOB))


@pytest.mark.parametrize("how", ["canceled", "expired"])
async def test_what_ends_before_its_start_was_never_a_task_for_others(tmp_path, how):
    async with deciding(tmp_path) as world:
        await world.ask(creation())
        if how == "canceled":
            await world.ask(CancelJob(**HERE, task=JOB, user=ADA.id))
        else:
            await world.pass_time(JOB)
        over = await shown(world)
        assert (over.stage, over.ended_at > 0) == (Stage.CANCELED, True)
        assert (over.reason == "expired") == (how == "expired")
        assert (world.told(), (await world.ask(ListTasks(**OWN))).tasks) == ([], ())
        with pytest.raises(Refused, match="cannot be canceled any more: it is canceled"):
            await world.ask(CancelJob(**HERE, task=JOB))


async def test_a_job_is_fetchable_once_and_acquired_when_its_agent_takes_it(tmp_path):
    async with deciding(tmp_path) as world:
        await started(world)
        await world.report(converted(JOB))
        ready = await shown(world)
        assert (ready.stage, ready.acquired, ready.acknowledged_at) == (Stage.FETCHABLE, False, 0)
        assert ready.fetchable_at > 0
        *_, queued = world.taken()
        assert (queued.kind, queued.task.fetchable_at, queued.task.printer, queued.task.leg) == (
            "UpdateTaskStatus", ready.fetchable_at, PRINTER, 1,
        )  # fmt: skip
        await world.report(report(TaskTaken), report(TaskPrinting))
        printing = await shown(world)
        assert (printing.acquired, printing.fetchable_at) == (True, ready.fetchable_at)
        assert printing.acknowledged_at >= ready.fetchable_at
        canceling = (await world.ask(CancelJob(**HERE, task=JOB))).job
        assert (canceling.canceling, canceling.stage) == (True, Stage.OUTGOING)


async def test_a_task_that_waited_for_its_time_tells_when_it_is_fetchable(tmp_path):
    async with deciding(tmp_path) as world:
        await world.submit(submission(request(1, start_at=1), request(2, start_at=1 << 41)))
        await world.report(converted(request(1).id), converted(request(2).id))
        assert sorted(world.told()) == ["NewTask", "NewTask", "UpdateTaskStatus", "UpdateTaskStatus"]
        await world.pass_time(request(2).id, start_at=1)
        (told,) = world.taken()
        assert (told.kind, told.task.id, told.task.status) == ("TaskFetchable", request(2).id, Status.QUEUED)
        assert told.task.fetchable_at > 0
        assert told.id == f"{request(2).id}:1:fetchable"


async def test_an_application_serves_its_printer_and_nobody_else_does(tmp_path, database_url):
    async with deciding(tmp_path, database_url, printer(served_by="app-1")) as world:
        job = await started(world)
        assert job.stage is Stage.FETCHABLE
        assert job.message.startswith("It waits for the application that serves Paper to fetch it, until 20")
        assert (world.taken("CONVERT"), world.taken("PRINT")) == ([], [])
        line = (await world.ask(ListLines(region="local", tenant="main", printers=((AGENT, PRINTER),)))).lines[0]
        assert (line.waiting, line.sent) == (0, 0)
        serve = {**HERE, "task": JOB, "leg": 1}
        with pytest.raises(Refused, match="does not serve") as no:
            await world.ask(ServeJob(**serve, app="app-2", state=Service.ACKNOWLEDGED))
        assert no.value.code is Code.FORBIDDEN
        place = await world.ask(LocateDocument(**HERE, task=JOB, fetched_by="app-1"))
        assert (place.content, place.media_type, place.name) == (Inline(b"%PDF-1.7"), "application/pdf", "letter.pdf")
        assert (await shown(world)).document.downloaded_at > 0
        said = (Service.ACKNOWLEDGED, Service.ACKNOWLEDGED, Service.PRINTING, Service.ACKNOWLEDGED, Service.STOPPED)
        stages = [(await world.ask(ServeJob(**serve, app="app-1", state=state))).job.stage for state in said]
        assert stages == [Stage.OUTGOING, Stage.OUTGOING, Stage.PRINTING, Stage.PRINTING, Stage.STOPPED]
        assert (await shown(world)).acquired
        for _ in range(2):
            done = (await world.ask(ServeJob(**serve, app="app-1", state=Service.COMPLETED))).job
            assert (done.stage, done.ended_at > 0) == (Stage.COMPLETED, True)
        with pytest.raises(Refused, match="is over: it is completed"):
            await world.ask(ServeJob(**serve, app="app-1", state=Service.PRINTING))
        assert world.told() == ["NewTask", *["UpdateTaskStatus"] * 5, "EndTask"]


async def test_what_its_printer_does_not_take_is_rendered_and_nothing_more(tmp_path):
    async with deciding(tmp_path, "", printer(served_by="app-1")) as world:
        page = Document(Format.HTML, Inline(b"<p>x"), "page.html")
        await started(world, document=page)
        assert [(order.finish, order.document) for order in world.taken("CONVERT")] == [(False, page)]
        as_it_came = await world.ask(LocateDocument(**HERE, task=JOB))
        assert (as_it_came.media_type, as_it_came.format) == ("text/html", Format.HTML)
        with pytest.raises(Refused, match="is not ready for its printer: it is transforming"):
            await world.ask(LocateDocument(**HERE, task=JOB, printable=True))
        await world.report(converted(JOB, pages=3))
        place = await world.ask(LocateDocument(**HERE, task=JOB))
        assert (place.content, place.media_type, place.name) == (Inline(b"%PDF"), "application/pdf", "page.pdf")
        assert (await shown(world)).stage is Stage.FETCHABLE
        assert world.taken("PRINT") == []


async def test_a_document_that_is_fetched_elsewhere_is_there_when_it_is_converted(tmp_path):
    async with deciding(tmp_path) as world:
        await world.submit(submission(request(1, document=Document(Format.PDF, Remote("example", "sealed")))))
        job = await shown(world)
        assert (job.user, job.client, job.document.available, job.document.size) == (None, "Office", False, 0)
        with pytest.raises(Refused, match="fetches its document when it is converted: it is transforming"):
            await world.ask(LocateDocument(**HERE, task=JOB))
        await world.report(converted(JOB))
        assert (await world.ask(LocateDocument(**HERE, task=JOB))).content == Inline(b"%PDF")
        assert ((await shown(world)).document.available, (await shown(world)).document.size) == (True, 4)


async def test_a_job_that_an_application_has_is_canceled_at_once_and_says_so_to_it(tmp_path):
    async with deciding(tmp_path, "", printer(served_by="app-1")) as world:
        await started(world)
        await world.ask(PauseDevice(**HERE))
        assert "fetch" in (await shown(world)).message
        serve = {**HERE, "task": JOB, "leg": 1, "app": "app-1"}
        await world.ask(ServeJob(**serve, state=Service.ACKNOWLEDGED))
        assert (await world.ask(CancelTask(**OWN, task=JOB))).task.status is Status.CANCELED
        with pytest.raises(Refused, match="is over: it is canceled"):
            await world.ask(ServeJob(**serve, state=Service.COMPLETED))
        await started(world, 2, document=Document(Format.HTML, Inline(b"<p>x")))
        with pytest.raises(Refused, match="is not ready for its printer yet"):
            await world.ask(ServeJob(**{**serve, "task": request(2).id}, state=Service.ACKNOWLEDGED))
