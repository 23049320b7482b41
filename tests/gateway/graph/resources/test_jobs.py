"""Jobs as partners and people see them: what is created, changed, listed, and what is refused."""

import re
from dataclasses import replace

import pytest

from libs.contracts.definitions import DefinitionList, DefinitionView, ListDefinitions
from libs.contracts.devices import Capabilities
from libs.contracts.fleet import (
    ChangePrinterShare,
    GetPrinter,
    GetPrinterShare,
    MayPrint,
    Permitted,
    PrinterAnswer,
    Profile,
    ShareAnswer,
    ShareView,
)
from libs.contracts.ids import guid
from libs.contracts.jobs import (
    AbortJob,
    CancelJob,
    ConfigureJob,
    CreateJob,
    DocumentView,
    GetJob,
    JobAnswer,
    JobFilter,
    JobList,
    JobRef,
    ListJobs,
    RedirectJob,
    ServeJob,
    Service,
    StartJob,
)
from libs.contracts.people import GetUser, UserAnswer, UserView
from libs.contracts.queries import Code
from libs.contracts.states import Stage
from libs.contracts.tasks import PrinterRef
from libs.contracts.tickets import ColorMode, Media, Sides, Ticket
from libs.runtime.bus import Refused, Unanswered
from services.gateway.graph.resources import jobs
from tests.gateway.fakes import printer as entry_of
from tests.gateway.graph.calling import ALICE, APP, BASE, BOB, SN, a_printer, application, graph, user
from tests.gateway.graph.jobs import DEFINITION, OFFICE, TASK, WHEN, a_hook, a_job, configured, created

ABLE = Capabilities(colors=(ColorMode.COLOR, ColorMode.MONOCHROME), sides=(Sides.ONE_SIDED,), max_copies=99)
PRINTER = a_printer(capabilities=ABLE)
JOBS = f"/print/printers/{PRINTER.id}/jobs"
JOB = f"{JOBS}/{TASK}"
SHARE = ShareView(id="5a4e0000-0000-4000-8000-000000000001", tenant="main", name="Front desk", printer=PRINTER)
SUBMITTER = ("PrintJob.Create", "PrinterShare.ReadBasic.All")


@pytest.fixture
async def door(tmp_path):
    async with graph(tmp_path, modules=[jobs]) as door:
        door.bus.answers |= {
            GetPrinter: PrinterAnswer(printer=PRINTER),
            GetPrinterShare: ShareAnswer(share=SHARE),
            MayPrint: Permitted(allowed=True, share=SHARE.id),
            ChangePrinterShare: ShareAnswer(share=SHARE),
            CreateJob: created,
            ConfigureJob: configured,
            GetJob: JobAnswer(job=a_job()),
            CancelJob: JobAnswer(job=a_job()),
            AbortJob: JobAnswer(job=a_job()),
        }
        yield door


async def test_a_new_job_has_exactly_the_initial_values(door):
    door.who = user(*SUBMITTER, address="192.0.2.7")
    answer = await door.call("POST", f"/print/shares/{SHARE.id}/jobs", {"configuration": {"copies": 2, "colorMode": "grayscale"}})
    assert answer.status_code == 201
    told = answer.json()
    request = door.asked(CreateJob)[0].request
    assert answer.headers["location"] == f"{BASE}/v1.0/print/shares/{SHARE.id}/jobs/{request.id}"
    assert told.pop("@odata.context") == f"{BASE}/v1.0/$metadata#print/printJobs/$entity"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told.pop("createdDateTime"))
    configuration = told.pop("configuration")
    assert {name: value for name, value in configuration.items() if value is not None} == {"copies": 2, "colorMode": "grayscale"}
    assert len(configuration) == 19
    assert told.pop("status") == {
        "state": "paused",
        "details": ["uploadPending"],
        "description": "The job cannot be processed yet: it waits for its document.",
        "isAcquiredByPrinter": False,
    }
    (document,) = told.pop("documents")
    assert document | {"id": ""} == {
        "id": "", "displayName": "", "contentType": None, "size": 0, "uploadedDateTime": None, "downloadedDateTime": None,
    }  # fmt: skip
    assert told == {
        "id": request.id,
        "createdBy": {"id": ALICE, "displayName": "Alice", "userPrincipalName": "alice@main.example", "ipAddress": "192.0.2.7"},
        "displayName": None,
        "isFetchable": False,
        "acknowledgedDateTime": None,
        "completedDateTime": None,
        "errorCode": None,
        "redirectedFrom": None,
        "redirectedTo": None,
    }
    assert request.printer == PrinterRef(SN, OFFICE, "Office", 3)
    assert request.ticket == Ticket(copies=2, color=ColorMode.MONOCHROME)
    assert (door.asked(CreateJob)[0].sn, door.asked(CreateJob)[0].source) == (SN, "GRAPH")
    assert door.asked(ChangePrinterShare)[0].used_by == ALICE
    assert door.asked(MayPrint)[0].share == SHARE.id


async def test_who_may_not_print_there_is_told_so(door):
    door.bus.answers[MayPrint] = Permitted(allowed=False)
    door.who = user(*SUBMITTER)
    for path in (JOBS, f"/print/shares/{SHARE.id}/jobs"):
        assert (await door.post(path, {}, status=403))["error"]["code"] == "accessDenied"
    door.who = user("PrintJob.Create", "Printer.Read.All", administrator=True)
    await door.post(JOBS, status=201)
    door.who = application()
    await door.post(JOBS, {}, status=403)
    assert len(door.asked(CreateJob)) == 1


async def test_a_printer_that_takes_no_jobs_gets_none(door):
    door.bus.answers[GetPrinter] = PrinterAnswer(printer=a_printer(accepting=False))
    assert "Office" in (await door.post(JOBS, {}, status=409))["error"]["message"]


@pytest.mark.parametrize(
    ("configuration", "member"),
    [
        ({"copies": 100}, "copies"),
        ({"copies": "2"}, "copies"),
        ({"copies": True}, "copies"),
        ({"colorMode": "purple"}, "colorMode"),
        ({"colorMode": "blackAndWhite"}, "colorMode"),
        ({"duplexMode": "flipOnLongEdge"}, "duplexMode"),
        ({"mediaSize": "A4711"}, "mediaSize"),
        ({"pageRanges": [{"start": 3, "end": 1}]}, "pageRanges[0]"),
        ({"margin": 7}, "margin"),
        ({"margin": {"top": -1}}, "margin.top"),
        ({"finishings": "staple"}, "finishings"),
        ({"collate": "yes"}, "collate"),
        (7, ""),
    ],
)
async def test_what_a_printer_cannot_do_is_named_with_what_it_can(door, configuration, member):
    able = Capabilities(colors=ABLE.colors, sides=ABLE.sides, max_copies=99)
    door.bus.answers[GetPrinter] = PrinterAnswer(printer=a_printer(capabilities=able, served_by=APP))
    error = (await door.post(JOBS, {"configuration": configuration}, status=400))["error"]
    assert error["target"] == f"configuration.{member}".rstrip("."), error
    assert error["code"] == "invalidRequest"
    assert not door.asked(CreateJob)


async def test_an_application_prints_for_somebody_where_that_is_let(tmp_path, door):
    (tmp_path / "loose").mkdir()
    async with graph(tmp_path / "loose", modules=[jobs], who=application(), graph_strict=False) as loose:
        loose.bus.answers |= {**door.bus.answers}
        loose.bus.answers[GetUser] = UserAnswer(user=UserView(id=BOB, tenant="main", name="bob@main.example", display="Bob"))
        told = await loose.post(JOBS, {"createdBy": {"userPrincipalName": "bob@main.example"}}, status=201)
        assert told["createdBy"]["userPrincipalName"] == "bob@main.example"
        loose.bus.answers[GetUser] = Refused(Code.NOT_FOUND, "There is no such user.")
        error = (await loose.post(JOBS, {"createdBy": {"id": "nobody"}}, status=400))["error"]
        assert error["target"] == "createdBy"
        for by, member in (
            (5, "createdBy"),
            ({"id": 5}, "createdBy.id"),
            ({"userPrincipalName": 5}, "createdBy.userPrincipalName"),
        ):
            assert (await loose.post(JOBS, {"createdBy": by}, status=400))["error"]["target"] == member


async def test_a_use_that_cannot_be_noted_loses_no_job(door):
    door.bus.answers[ChangePrinterShare] = Unanswered("nobody")
    told = await door.post(f"/print/shares/{SHARE.id}/jobs", {}, status=201)
    assert told["id"]
    assert (len(door.asked(ChangePrinterShare)), len(door.asked(CreateJob))) == (1, 1)


async def test_a_job_is_shown_with_what_is_expanded(door):
    job = a_job(
        stage=Stage.COMPLETED,
        reason="job-completed-with-warnings",
        fetchable_at=WHEN + 1,
        acknowledged_at=WHEN + 2,
        ended_at=WHEN + 3,
        acquired=True,
        user=None,
        client="ERP",
        redirected_from=JobRef(agent=SN, printer="other", task=TASK, leg=1),
        leg=2,
        ticket=Ticket(copies=3, sides=Sides.ONE_SIDED, media=Media(21000, 29700), page_ranges=((1, 2),)),
        document=DocumentView(name="a.pdf", media_type="application/pdf", size=5, uploaded_at=WHEN, available=True),
        hooks=(a_hook(leg=2),),
    )
    door.bus.answers[GetJob] = JobAnswer(job=job)
    answer = await door.call("GET", f"{JOBS}/{TASK}.2?$expand=documents($select=size),tasks&$select=id,status")
    told = answer.json()
    asked = door.asked(GetJob)[0]
    assert (asked.task, asked.leg, asked.hooks, asked.agent, asked.printer) == (TASK, 2, True, SN, OFFICE)
    assert answer.headers["etag"] == told["@odata.etag"] == 'W/"1.2"'
    assert set(told) == {"@odata.context", "@odata.etag", "id", "status", "documents", "tasks"}
    assert told["status"]["details"] == ["completedWithWarnings"]
    assert told["status"]["isAcquiredByPrinter"] is True
    assert told["documents"][0]["size"] == 5
    assert told["tasks"][0]["parentUrl"] == f"{BASE}/v1.0{JOBS}/{TASK}.2"
    assert told["tasks"][0]["status"]["state"] == "processing"
    told = await door.get(f"/print/shares/{SHARE.id}/jobs/{TASK}.2", version="beta")
    assert told["redirectedFrom"] == f"{BASE}/beta/print/printers/{guid('printer', SN, 'other')}/jobs/{TASK}"
    assert told["createdBy"] == {"id": guid("client", SN), "displayName": "ERP", "ipAddress": None, "userPrincipalName": None}
    shown = {"copies": 3, "duplexMode": "oneSided", "mediaSize": "A4", "pageRanges": [{"start": 1, "end": 2}], "pagesPerSheet": 1}
    assert {name: value for name, value in told["configuration"].items() if value is not None} == shown
    assert told["status"]["processingState"] == "completed"
    assert "tasks" not in told


async def test_a_printer_that_the_directory_knows_is_not_asked_for(door):
    door.rig.mirror.put(entry_of("Office"))
    door.bus.answers[ListJobs] = JobList(jobs=(a_job(),))
    assert (await door.get(JOB))["id"] == TASK
    await door.get(f"/print/printers/{PRINTER.id.upper()}/jobs")
    assert (door.asked(GetJob)[0].printer, door.asked(ListJobs)[0].printer) == (OFFICE, OFFICE)
    assert not door.asked(GetPrinter)
    door.who = replace(door.who, tenant="another")
    door.bus.answers[GetPrinter] = Refused(Code.NOT_FOUND, "There is no such printer.")
    await door.get(JOB, status=404)


async def test_without_all_people_see_and_act_on_their_own_jobs_only(door):
    door.bus.answers[StartJob] = JobAnswer(job=a_job(stage=Stage.INCOMING))
    door.bus.answers[ListJobs] = JobList(jobs=())
    door.who = user("PrintJob.ReadWriteBasic", "PrinterShare.ReadBasic.All")
    await door.get(JOB)
    await door.get(JOBS)
    await door.post(f"{JOB}/start")
    assert [door.asked(GetJob)[0].user, door.asked(ListJobs)[0].wanted.user, door.asked(StartJob)[0].user] == [ALICE] * 3
    door.who = user("PrintJob.ReadWriteBasic.All", "PrinterShare.ReadBasic.All")
    await door.get(JOB)
    await door.post(f"{JOB}/cancel", status=204)
    door.who = user("PrintJob.ReadWriteBasic.All", "PrinterShare.ReadBasic.All", administrator=True)
    await door.delete(JOB)
    assert [door.asked(GetJob)[1].user, *(each.user for each in door.asked(CancelJob))] == ["", ALICE, ""]
    door.bus.answers[GetJob] = Refused(Code.NOT_FOUND, "There is no such job.")
    await door.get(JOB, status=404)


async def test_whoever_ends_the_job_of_another_stands_in_the_audit_log(door):
    everybodys = ("PrintJob.ReadWriteBasic.All", "PrinterShare.ReadBasic.All")
    door.who = user(*everybodys)
    await door.post(f"{JOB}/cancel", status=204)
    assert not door.bus.recorded, "it was one's own"
    door.who = user(*everybodys, administrator=True, id=BOB)
    await door.post(f"{JOB}/cancel", status=204)
    door.who = application("PrintJob.Manage.All", "Printer.Read.All")
    await door.post(f"{JOB}/abort", {"reason": "Too many pages."}, status=204)
    noted = [(each.action, each.what, each.details) for each in door.bus.recorded]
    assert noted == [
        ("job canceled", TASK, {"printer": PRINTER.id}),
        ("job aborted", TASK, {"printer": PRINTER.id, "reason": "Too many pages."}),
    ]
    assert door.bus.recorded[1].by == f"the application {APP}"


async def test_start_tells_the_status_under_its_older_name_too(door):
    door.bus.answers[StartJob] = JobAnswer(job=a_job(stage=Stage.INCOMING))
    told = await door.post(f"{JOB}/microsoft.graph.start")
    assert told["state"] == "processing"
    assert told["details"] == ["interpreting"]
    assert told["isAcquiredByPrinter"] is False
    assert (await door.post(f"{JOB}/startPrintJob", version="beta"))["acquiredByPrinter"] is False
    await door.post(f"{JOB}/cancelPrintJob", version="beta", status=204)
    door.bus.answers[StartJob] = Refused(Code.CONFLICT, "It was started before.")
    await door.post(f"{JOB}/start", status=409)


async def test_a_partner_changes_what_it_names_and_leaves_the_rest(door):
    door.who = application("PrintJob.ReadWrite.All", "Printer.Read.All")
    before = a_job(
        stage=Stage.HOOKED,
        configuration='{"copies":2,"mediaSize":"A4"}',
        ticket=Ticket(copies=2, media=Media(21000, 29700), zoom=50),
    )
    door.bus.answers[GetJob] = JobAnswer(job=before)
    told = await door.patch(JOB, {"configuration": {"colorMode": "Grayscale"}, "@odata.type": "#microsoft.graph.printJob"})
    asked = door.asked(ConfigureJob)[0]
    assert asked.app == APP
    assert (asked.ticket.color, asked.ticket.copies, asked.ticket.zoom) == (ColorMode.MONOCHROME, 2, 50)
    assert (told["configuration"]["colorMode"], told["configuration"]["copies"]) == ("grayscale", 2)
    assert (await door.patch(JOB, {}, status=400))["error"]["target"] == "configuration"
    door.bus.answers[ConfigureJob] = Refused(Code.FORBIDDEN, "Another application works on it.")
    await door.patch(JOB, {"configuration": {}}, status=403)
    door.who = user(administrator=True)
    await door.patch(JOB, {"configuration": {}}, status=403)


async def test_what_an_administrator_set_for_a_printer_holds_for_what_a_job_leaves_open(door):
    profile = Profile(display="Office", defaults={"colorMode": "grayscale", "copiesPerJob": 2, "duplexMode": "oneSided"})
    door.bus.answers[GetPrinter] = PrinterAnswer(printer=a_printer(capabilities=ABLE, profile=profile))
    told = await door.post(JOBS, {"configuration": {"colorMode": "color"}}, status=201)
    assert told["configuration"]["copies"] is None
    ticket = door.asked(CreateJob)[0].request.ticket
    assert (ticket.color, ticket.copies, ticket.sides) == (ColorMode.COLOR, 2, Sides.ONE_SIDED)


@pytest.mark.parametrize(
    ("status", "state", "description"),
    [
        ({"isAcquiredByPrinter": True}, Service.ACKNOWLEDGED, ""),
        ({"state": "processing"}, Service.PRINTING, ""),
        ({"state": "Completed", "description": "On paper."}, Service.COMPLETED, "On paper."),
        ({"state": "aborted"}, Service.ABORTED, ""),
        ({"state": "stopped"}, Service.STOPPED, ""),
    ],
)
async def test_an_application_that_serves_a_printer_says_how_far_a_job_is(door, status, state, description):
    door.who = application("PrintJob.ReadWriteBasic.All", "Printer.Read.All")
    door.bus.answers[ServeJob] = JobAnswer(job=a_job(stage=Stage.PRINTING, acquired=True))
    told = await door.patch(JOB, {"status": status})
    assert told["status"]["isAcquiredByPrinter"] is True
    asked = door.asked(ServeJob)[0]
    assert (asked.app, asked.state, asked.description) == (APP, state, description)
    for wrong in ({}, 7, {"state": "pending"}, {"isAcquiredByPrinter": False}, {"state": "completed", "description": 7}):
        assert (await door.patch(JOB, {"status": wrong}, status=400))["error"]["target"].startswith("status")


async def test_a_partner_aborts_with_a_reason_and_redirects_to_another_printer(door):
    door.who = application("PrintJob.Manage.All", "Printer.Read.All")
    await door.post(f"{JOB}/abort", {"reason": "Too many pages."}, status=204)
    await door.post(f"{JOB}/abort", status=204)
    assert [each.reason for each in door.asked(AbortJob)] == ["Too many pages.", ""]
    target = a_printer("Second floor")
    door.bus.answers[GetPrinter] = lambda asked: PrinterAnswer(printer=target if asked.printer == target.id else PRINTER)
    there = a_job(leg=2, printer=target.device.id, redirected_from=JobRef(agent=SN, printer=OFFICE, task=TASK, leg=1))
    door.bus.answers[RedirectJob] = JobAnswer(job=there)
    told = await door.post(f"{JOB}/redirect", {"destinationPrinterId": target.id})
    assert told["id"] == f"{TASK}.2"
    assert told["redirectedFrom"] == f"{BASE}/v1.0{JOB}"
    assert told["@odata.context"].endswith(f"printers('{target.id}')/jobs/$entity")
    await door.post(f"{JOB}/redirect", {"destinationPrinterId": target.id, "configuration": {"copies": 1}})
    plain, changed = door.asked(RedirectJob)
    assert (plain.ticket, plain.configuration, plain.to.name) == (None, "", "Second floor")
    assert (changed.ticket, changed.configuration) == (Ticket(), '{"copies":1}')
    for body in ({}, {"destinationPrinterId": 7}):
        assert (await door.post(f"{JOB}/redirect", body, status=400))["error"]["target"] == "destinationPrinterId"
    nobody = Refused(Code.NOT_FOUND, "There is no such printer.")
    door.bus.answers[GetPrinter] = lambda asked: nobody if asked.printer == "gone" else PrinterAnswer(printer=PRINTER)
    error = (await door.post(f"{JOB}/redirect", {"destinationPrinterId": "gone"}, status=404))["error"]
    assert error["target"] == "destinationPrinterId"


def paged(jobs):
    """A spooler with these jobs, whose `next` is an index."""

    def answer(asked):
        begin = int(asked.after or 0) + asked.offset
        end = begin + asked.limit
        following = str(end) if end < len(jobs) else ""
        return JobList(jobs=tuple(jobs[begin:end]), next=following, count=len(jobs) if asked.count else None)

    return answer


async def test_what_an_index_knows_is_asked_of_it(door):
    door.bus.answers[ListJobs] = paged([a_job(f"t{at}") for at in range(5)])
    query = (
        "$filter=createdBy%2FuserPrincipalName%20eq%20%27Bob%40main.example%27 and isFetchable eq true and status/state eq 'paused'"
        " and createdDateTime ge 2026-01-01T00:00:00Z and createdDateTime lt 2026-01-02T00:00:00%2B01:00&$top=2&$count=true"
        "&$orderby=createdDateTime&$expand=documents"
    )
    told = await door.get(f"{JOBS}?{query}")
    asked = door.asked(ListJobs)[0]
    stages = (Stage.AWAITING_DATA, Stage.HOOKED, Stage.HELD, Stage.RELEASE_WAIT)
    wanted = JobFilter(user_name="Bob@main.example", fetchable=True, stages=stages, start=WHEN, end=WHEN + 82_800_000 - 1)
    assert asked.wanted == wanted
    assert (asked.limit, asked.ascending, asked.count, asked.hooks, asked.offset) == (2, True, True, False, 0)
    assert ([each["id"] for each in told["value"]], told["@odata.count"]) == (["t0", "t1"], 5)
    assert told["value"][0]["documents"][0]["size"] == 0
    second = (await door.client.get(told["@odata.nextLink"])).json()
    assert [each["id"] for each in second["value"]] == ["t2", "t3"]
    assert (await door.call("GET", f"{JOBS}/$count")).text == "5"


async def test_what_no_index_knows_is_looked_at_page_by_page(door):
    every = [a_job(f"t{at}", name="even" if at % 2 == 0 else "odd") for at in range(1203)]
    door.bus.answers[ListJobs] = paged(every)
    found, link = [], f"{BASE}/v1.0{JOBS}?$filter=contains(displayName,'EVEN')&$top=150&$skip=7"
    while link:
        page = (await door.client.get(link)).json()
        assert len(page["value"]) <= 150
        found += [each["id"] for each in page["value"]]
        link = page.get("@odata.nextLink")
    assert found == [each.task for each in every[14::2]]
    told = await door.get(f"{JOBS}?$filter=displayName eq 'odd'&$top=0&$count=true")
    assert (told["@odata.count"], told["value"]) == (601, [])
    assert (await door.call("GET", f"{JOBS}/$count?$filter=displayName eq 'odd'")).text == "601"


async def test_jobs_are_counted_by_whoever_has_the_index(door, monkeypatch):
    def answer(asked):
        return JobList(jobs=(a_job("t0"),), next="more", count=123_456 if asked.count else None)

    door.bus.answers[ListJobs] = answer
    assert (await door.call("GET", f"{JOBS}/$count")).text == "123456"
    assert len(door.asked(ListJobs)) == 1
    monkeypatch.setattr("services.gateway.graph.door.COUNTED", 2)
    error = (await door.get(f"{JOBS}/$count?$filter=startswith(id,'t')", status=400))["error"]
    assert error["target"] == "$filter", "a number that is too small is worse than none"
    assert "too many to be looked at one by one" in error["message"]


async def test_a_walk_ends_somewhere_and_its_link_goes_on(door, monkeypatch):
    monkeypatch.setattr("services.gateway.graph.asked.joblist.QUESTIONS", 2)
    every = [a_job(f"t{at}", name="rare" if at == 700 else "") for at in range(900)]
    door.bus.answers[ListJobs] = paged(every)
    first = await door.get(f"{JOBS}?$filter=displayName eq 'rare'")
    assert first["value"] == []
    second = (await door.client.get(first["@odata.nextLink"])).json()
    assert [each["id"] for each in second["value"]] == ["t700"]


async def test_the_definitions_of_many_tasks_are_asked_for_once(door):
    definition = DefinitionView(id=DEFINITION, tenant="main", app=APP, name="Accounting")
    door.bus.answers[ListDefinitions] = DefinitionList(definitions=(definition,))
    every = [a_job(f"t{at}", hooks=tuple(a_hook(f"t{at}", leg) for leg in range(at))) for at in range(4)]
    door.bus.answers[ListJobs] = paged(every)
    told = await door.get(f"{JOBS}?$expand=tasks($expand=definition;$select=id)")
    assert [[task["id"] for task in each["tasks"]] for each in told["value"]] == [[hook.id for hook in job.hooks] for job in every]
    assert told["value"][3]["tasks"][0]["definition"]["displayName"] == "Accounting"
    assert len(door.asked(ListDefinitions)) == 1


async def test_filters_for_nothing_ask_nobody_and_wrong_ones_are_named(door):
    assert (await door.get(f"{JOBS}?$filter=status/state eq 'unknown'"))["value"] == []
    for query in ("$filter=status/state eq 'done'", "$orderby=id", "$orderby=createdDateTime,id", "$skiptoken=YQ"):
        error = (await door.get(f"{JOBS}?{query}", status=400))["error"]
        assert error["target"] == query.partition("=")[0]
    assert not door.asked(ListJobs)


async def test_a_configuration_is_one_in_any_case(door):
    told = await door.post(JOBS, {"Configuration": {"Copies": 2}}, status=201)
    assert told["configuration"]["copies"] == 2, "it is not passed over: one copy would be printed"
