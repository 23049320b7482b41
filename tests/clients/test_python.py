"""The official Python SDK, unchanged but for its base URL and its tokens: a partner's whole journey (graph-print.md 7.1, 8)."""

import asyncio
import hashlib
import io
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_http.middleware.options import HeadersInspectionHandlerOption
from msgraph.generated.models.app_identity import AppIdentity
from msgraph.generated.models.integer_range import IntegerRange
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.print_color_mode import PrintColorMode
from msgraph.generated.models.print_document import PrintDocument
from msgraph.generated.models.print_document_upload_properties import PrintDocumentUploadProperties
from msgraph.generated.models.print_event import PrintEvent
from msgraph.generated.models.print_job import PrintJob
from msgraph.generated.models.print_job_configuration import PrintJobConfiguration
from msgraph.generated.models.print_job_processing_state import PrintJobProcessingState
from msgraph.generated.models.print_job_state_detail import PrintJobStateDetail
from msgraph.generated.models.print_job_status import PrintJobStatus
from msgraph.generated.models.print_operation_processing_state import PrintOperationProcessingState
from msgraph.generated.models.print_task import PrintTask
from msgraph.generated.models.print_task_definition import PrintTaskDefinition
from msgraph.generated.models.print_task_processing_state import PrintTaskProcessingState
from msgraph.generated.models.print_task_status import PrintTaskStatus
from msgraph.generated.models.print_task_trigger import PrintTaskTrigger
from msgraph.generated.models.printer import Printer
from msgraph.generated.models.printer_capabilities import PrinterCapabilities
from msgraph.generated.models.printer_defaults import PrinterDefaults
from msgraph.generated.models.printer_share import PrinterShare
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.subscription import Subscription
from msgraph.generated.print.printers.create.create_post_request_body import CreatePostRequestBody
from msgraph.generated.print.printers.item.jobs.item.abort.abort_post_request_body import AbortPostRequestBody
from msgraph.generated.print.printers.item.jobs.item.documents.item.create_upload_session.create_upload_session_post_request_body import (  # noqa: E501
    CreateUploadSessionPostRequestBody,
)
from msgraph.generated.print.printers.item.jobs.item.redirect.redirect_post_request_body import RedirectPostRequestBody
from msgraph.generated.print.printers.item.jobs.jobs_request_builder import JobsRequestBuilder
from msgraph.generated.print.printers.item.printer_item_request_builder import PrinterItemRequestBuilder
from msgraph_core import PageIterator
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.tasks.large_file_upload import LargeFileUploadTask

from tests.clients.documents import has_colour
from tests.clients.sdk import graph
from tests.clients.tenancy import ADMIN_SCOPES
from tests.integration.paper import Sheets
from tests.waiting import until

#: The first answer of Microsoft's client loads thousands of its modules, a minute of work on a machine that has other work, too.
pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]


def later(minutes: int = 60) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=minutes)


class Cast:
    """Everybody of the play with a client of the SDK each, and the printers by name."""

    def __init__(self, app, boss, anna, otto, printers):
        self.app, self.boss, self.anna, self.otto, self.printers = app, boss, anna, otto, printers

    def printer(self, name):
        return self.app.print.printers.by_printer_id(self.printers[name])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cast(tenancy):
    tokens = await asyncio.gather(
        tenancy.app_token(),
        tenancy.user_token("boss@example.org", ADMIN_SCOPES),
        tenancy.user_token("anna@example.org"),
        tenancy.user_token("otto@example.org"),
    )
    async with (
        graph(tenancy.base, tokens[0]) as app,
        graph(tenancy.base + "/", tokens[1]) as boss,
        graph(tenancy.base, tokens[2]) as anna,
        graph(tenancy.base, tokens[3]) as otto,
    ):
        found = (await boss.print.printers.get()).value
        printers = {each.display_name: each.id for each in found}
        for name in ("Paper", "Other"):
            share = PrinterShare(display_name=f"{name} for all", allow_all_users=True)
            share.additional_data = {"printer@odata.bind": f"{tenancy.base}/print/printers/{printers[name]}"}
            await boss.print.shares.post(share)
        yield Cast(app, boss, anna, otto, printers)


async def submit(user, printer_id, document, *, start=True, chunk=327_680, **configuration):
    """A user prints: job, upload session, bytes in ranges, start."""
    jobs = user.print.printers.by_printer_id(printer_id).jobs
    job = await jobs.post(PrintJob(configuration=PrintJobConfiguration(**configuration)))
    assert job.status.state is PrintJobProcessingState.Paused
    assert job.status.details == [PrintJobStateDetail.UploadPending]
    asked = CreateUploadSessionPostRequestBody(
        properties=PrintDocumentUploadProperties(document_name="payroll.pdf", content_type="application/pdf", size=len(document))
    )
    here = jobs.by_print_job_id(job.id)
    session = await here.documents.by_print_document_id(job.documents[0].id).create_upload_session.post(asked)
    task = LargeFileUploadTask(session, user.request_adapter, io.BytesIO(document), PrintDocument, chunk)
    uploaded = await task.upload()
    assert uploaded is not None
    if start:
        status = await here.start.post()
        assert status.state in (PrintJobProcessingState.Processing, PrintJobProcessingState.Pending)
    return job


async def state_of(client, printer_id, job_id, *states, within=40.0):
    """Wait until a job has one of these states; the job."""
    builder = client.print.printers.by_printer_id(printer_id).jobs.by_print_job_id(job_id)

    async def reached():
        job = await builder.get()
        return job if job.status.state in states else None

    return await until(reached, within, f"job {job_id} is {states}")


async def define(cast, tenancy, partner, printer):
    """A partner's setup for one printer: definition, trigger by the administrator, subscription with its handshake."""
    definition = await cast.app.print.task_definitions.post(
        PrintTaskDefinition(display_name="Cost control", created_by=AppIdentity(display_name="Partner"))
    )
    assert definition.created_by.app_id == tenancy.app_id
    trigger = PrintTaskTrigger(event=PrintEvent.JobStarted)
    trigger.additional_data = {"definition@odata.bind": f"{tenancy.base}/print/taskDefinitions/{definition.id}"}
    made = await cast.boss.print.printers.by_printer_id(cast.printers[printer]).task_triggers.post(trigger)
    before = partner.handshakes
    subscription = await cast.app.subscriptions.post(
        Subscription(
            change_type="created",
            notification_url=partner.url,
            resource=f"print/taskDefinitions/{definition.id}/tasks",
            expiration_date_time=later(),
            client_state="between us",
        )
    )
    assert partner.handshakes == before + 1
    assert subscription.application_id == tenancy.app_id
    return definition, made, subscription


@pytest_asyncio.fixture(loop_scope="module")
async def hooked(cast, tenancy, receiving_partner):
    """Paper's jobs are worked on by the partner while a test runs."""
    definition, trigger, subscription = await define(cast, tenancy, receiving_partner, "Paper")
    yield definition, subscription
    await cast.boss.print.printers.by_printer_id(cast.printers["Paper"]).task_triggers.by_print_task_trigger_id(trigger.id).delete()
    await cast.app.subscriptions.by_subscription_id(subscription.id).delete()
    await cast.app.print.task_definitions.by_print_task_definition_id(definition.id).delete()


def complete(client, definition, task_id, state=PrintTaskProcessingState.Completed):
    task = client.print.task_definitions.by_print_task_definition_id(definition.id).tasks.by_print_task_id(task_id)
    return task.patch(PrintTask(status=PrintTaskStatus(state=state, description="looked at")))


async def test_a_partner_prints_grey_what_a_user_printed_in_colour(cast, tenancy, receiving_partner, receiver, hooked, document):
    definition, subscription = hooked
    paper = cast.printers["Paper"]
    fetchable = await cast.app.subscriptions.post(
        Subscription(
            change_type="updated",
            notification_url=receiving_partner.url,
            resource=f"print/printers/{paper}/jobs",
            notification_query_options="$filter = isFetchable eq true",
            expiration_date_time=later(),
            client_state="fetch",
        )
    )
    job = await submit(cast.anna, paper, document, color_mode=PrintColorMode.Color, copies=1)
    started = await receiving_partner.told(f"taskDefinitions/{definition.id}/tasks/")
    assert (started["changeType"], started["clientState"], started["subscriptionId"]) == ("created", "between us", subscription.id)
    assert started["resourceData"]["parentUrl"] == f"{tenancy.base}/print/printers/{paper}/jobs/{job.id}"
    held = await state_of(cast.app, paper, job.id, PrintJobProcessingState.Paused, PrintJobProcessingState.Processing)
    assert not held.is_fetchable
    assert held.created_by.user_principal_name == "anna@example.org"

    here = cast.printer("Paper").jobs.by_print_job_id(job.id)
    grey = await here.patch(PrintJob(configuration=PrintJobConfiguration(color_mode=PrintColorMode.Grayscale)))
    assert grey.configuration.color_mode is PrintColorMode.Grayscale
    done = await complete(cast.app, definition, started["resourceData"]["id"])
    assert done.status.state is PrintTaskProcessingState.Completed

    ready = await receiving_partner.told(f"printers/{paper}/jobs/{job.id}")
    assert (ready["changeType"], ready["subscriptionId"]) == ("updated", fetchable.id)
    payload = await here.documents.by_print_document_id(job.documents[0].id).content.get()
    assert hashlib.sha256(payload).digest() == hashlib.sha256(document).digest()
    ended = await state_of(cast.app, paper, job.id, PrintJobProcessingState.Completed)
    assert ended.is_fetchable
    (printed,) = tenancy.printed("Paper", job.id)
    assert "payroll for everybody" in Sheets(printed).words
    assert not has_colour(printed)
    await receiver.ended(job.id)
    await cast.app.subscriptions.by_subscription_id(fetchable.id).delete()


async def test_pull_printing_by_redirect(cast, receiving_partner, receiver, hooked, document, tenancy):
    definition, _ = hooked
    job = await submit(cast.anna, cast.printers["Paper"], document)
    started = await receiving_partner.told(f"taskDefinitions/{definition.id}/tasks/")
    here = cast.printer("Paper").jobs.by_print_job_id(job.id)
    moved = await here.redirect.post(RedirectPostRequestBody(destination_printer_id=cast.printers["Other"]))
    assert moved.id != job.id
    assert moved.redirected_from.endswith(f"/print/printers/{cast.printers['Paper']}/jobs/{job.id}")
    assert moved.created_by.user_principal_name == "anna@example.org"
    old = await here.get()
    assert old.status.state is PrintJobProcessingState.Completed
    assert old.redirected_to.endswith(f"/print/printers/{cast.printers['Other']}/jobs/{moved.id}")
    task = cast.app.print.task_definitions.by_print_task_definition_id(definition.id).tasks
    assert (await task.by_print_task_id(started["resourceData"]["id"]).get()).status.state is PrintTaskProcessingState.Completed
    await state_of(cast.app, cast.printers["Other"], moved.id, PrintJobProcessingState.Completed)
    assert len(tenancy.printed("Other", job.id)) == 1
    assert not tenancy.printed("Paper", job.id)
    assert (await receiver.ended(job.id))[0] == "NewTaskEvent"


async def test_an_aborted_job_ends_and_says_why(cast, receiving_partner, hooked, document):
    definition, _ = hooked
    job = await submit(cast.anna, cast.printers["Paper"], document)
    await receiving_partner.told(f"taskDefinitions/{definition.id}/tasks/")
    here = cast.printer("Paper").jobs.by_print_job_id(job.id)
    await here.abort.post(AbortPostRequestBody(reason="over the quota"))
    ended = await here.get()
    assert ended.status.state is PrintJobProcessingState.Aborted
    assert "over the quota" in ended.status.description
    with pytest.raises(ODataError) as refused:
        await here.patch(PrintJob(configuration=PrintJobConfiguration(copies=2)))
    assert refused.value.response_status_code == httpx.codes.CONFLICT


async def test_what_is_printed_at_one_door_shows_at_the_other(cast, tenancy, document, receiver):
    paper = cast.printers["Paper"]
    theirs = await tenancy.server.submit("Paper", content="from the older door")
    shown = await state_of(cast.app, paper, theirs, PrintJobProcessingState.Completed)
    assert shown.is_fetchable
    found = await cast.printer("Paper").jobs.by_print_job_id(theirs).documents.get()
    assert [each.display_name for each in found.value]
    ours = await submit(cast.anna, paper, document)
    assert await tenancy.server.reaches(ours.id, "FINISHED") == "FINISHED"
    for task in (theirs, ours.id):
        await receiver.ended(task)


async def test_nobody_sees_what_another_printed(cast, document):
    paper = cast.printers["Paper"]
    job = await submit(cast.anna, paper, document, start=False)
    with pytest.raises(ODataError) as refused:
        await cast.otto.print.printers.by_printer_id(paper).jobs.by_print_job_id(job.id).get()
    assert refused.value.response_status_code == httpx.codes.NOT_FOUND
    own = (await cast.otto.print.printers.by_printer_id(paper).jobs.get()).value
    assert job.id not in [each.id for each in own]
    await cast.anna.print.printers.by_printer_id(paper).jobs.by_print_job_id(job.id).cancel.post()


async def test_pages_of_jobs_by_the_iterator(cast, tenancy):
    paper = cast.printers["Paper"]
    tasks = {await tenancy.server.submit("Paper", content=f"page {number}") for number in range(5)}
    options = JobsRequestBuilder.JobsRequestBuilderGetQueryParameters(top=2)
    first = await cast.printer("Paper").jobs.get(RequestConfiguration(query_parameters=options))
    assert len(first.value) == 2
    seen = []

    def take(job):
        seen.append(job.id)
        return True

    await PageIterator(first, cast.app.request_adapter).iterate(take)
    assert tasks <= set(seen)
    assert len(seen) == len(set(seen))
    mine = JobsRequestBuilder.JobsRequestBuilderGetQueryParameters(filter="createdBy/userPrincipalName eq 'anna@example.org'")
    annas = (await cast.printer("Paper").jobs.get(RequestConfiguration(query_parameters=mine))).value
    assert {each.created_by.user_principal_name for each in annas} == {"anna@example.org"}
    assert paper


async def registered(boss, **said):
    """What an administrator's program does to register a printer: the operation's address is in a header, and it is asked until
    it has succeeded. The printer.
    """
    headers = HeadersInspectionHandlerOption(inspect_response_headers=True)
    configuration = RequestConfiguration(options=[headers])
    assert await boss.print.printers.create.post(CreatePostRequestBody(**said), request_configuration=configuration) is None
    (address,) = headers.response_headers.get("operation-location")
    operation = boss.print.operations.by_print_operation_id(address.rpartition("/")[2])

    async def done():
        found = await operation.get()
        return found if found.status.state is PrintOperationProcessingState.Succeeded else None

    return (await until(done, what="the printer is registered")).printer


async def test_an_administrator_registers_shares_and_sees_what_was_printed(cast, tenancy, document):
    """From a queue that nobody has to the report about it, each step by the SDK's own builder."""
    anna, boss = cast.anna, cast.boss
    queue = await registered(boss, display_name="Pull", manufacturer="Partner", model="Queue", has_physical_device=False)
    here, served = (client.print.printers.by_printer_id(queue.id) for client in (boss, cast.app))
    able = PrinterCapabilities(content_types=["application/pdf"], copies_per_job=IntegerRange(start=1, end=5), dpis=[300])
    assert (await served.patch(Printer(capabilities=able, is_accepting_jobs=True))).display_name == "Pull"
    wanted = PrinterItemRequestBuilder.PrinterItemRequestBuilderGetQueryParameters(select=["id", "capabilities", "defaults"])
    seen = await here.get(RequestConfiguration(query_parameters=wanted))
    assert (seen.capabilities.copies_per_job.end, seen.capabilities.dpis) == (5, [300])
    with pytest.raises(ODataError) as refused:
        await here.patch(Printer(defaults=PrinterDefaults(copies_per_job=6)))
    assert (refused.value.response_status_code, refused.value.error.target) == (httpx.codes.BAD_REQUEST, "defaults.copiesPerJob")

    share = PrinterShare(display_name="Pull for Anna", allow_all_users=False)
    share.additional_data = {"printer@odata.bind": f"{tenancy.base}/print/printers/{queue.id}"}
    share = await boss.print.shares.post(share)
    offered = boss.print.shares.by_printer_share_id(share.id)
    assert share.id not in [each.id for each in (await anna.print.shares.get()).value]
    person = ReferenceCreate(odata_id=f"{tenancy.base}/users/anna@example.org")
    await offered.allowed_users.ref.post(person)
    assert [each.user_principal_name for each in (await offered.allowed_users.get()).value] == ["anna@example.org"]
    assert share.id in [each.id for each in (await anna.print.shares.get()).value]
    with pytest.raises(ODataError) as refused:
        await here.delete()
    assert refused.value.response_status_code == httpx.codes.CONFLICT

    job = await submit(anna, queue.id, document, copies=2)
    waiting = await state_of(cast.app, queue.id, job.id, PrintJobProcessingState.Pending)
    assert waiting.is_fetchable
    told = PrintJobStatus(state=PrintJobProcessingState.Completed, description="Handed out.")
    assert (await served.jobs.by_print_job_id(job.id).patch(PrintJob(status=told))).status.description == "Handed out."

    archived = boss.reports.get_printer_archived_print_jobs_with_printer_id_with_start_date_time_with_end_date_time(
        later(1), queue.id, later(-60)
    )
    reported = await until(lambda: has(archived), what="the job is in the report")
    assert [(each.id, each.copies_printed, each.created_by.user_principal_name) for each in reported] == [
        (job.id, 2, "anna@example.org")
    ]
    batch = BatchRequestContent()
    for request in (here.to_get_request_information(), offered.to_get_request_information()):
        batch.add_request_information(request)
    answers = await boss.batch.post(batch)
    assert list(answers.get_response_status_codes().values()) == [httpx.codes.OK] * 2

    await offered.allowed_users.by_user_id((await offered.allowed_users.get()).value[0].id).ref.delete()
    assert share.id not in [each.id for each in (await anna.print.shares.get()).value]
    await offered.delete()
    await here.delete()
    with pytest.raises(ODataError) as refused:
        await served.get()
    assert refused.value.response_status_code == httpx.codes.NOT_FOUND


async def has(builder):
    """What a report tells by now; None: nothing."""
    return (await builder.get()).value or None
