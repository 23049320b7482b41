"""Jobs of printers and shares: create, list, read, start, change, cancel, abort, redirect (graph-print.md 1.5, 3)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from libs.contracts.fleet import GetPrinter, GetPrinterShare, PrinterAnswer, PrinterView, ShareAnswer, ShareView
from libs.contracts.ids import job_id
from libs.contracts.jobs import (
    AbortJob,
    CancelJob,
    ConfigureJob,
    CreateJob,
    GetJob,
    JobAnswer,
    JobView,
    RedirectJob,
    ServeJob,
    StartJob,
)
from libs.contracts.message import Message
from libs.contracts.queries import Code
from libs.contracts.states import Stage
from libs.runtime.bus import Refused
from services.gateway.graph.asked.joblist import CONTEXT, listed
from services.gateway.graph.asked.place import Spot, leg_of, placed, spot_of, spotted
from services.gateway.graph.asked.serving import service_of
from services.gateway.graph.asked.submission import check_accepting, note_use, printer_ref, request_of
from services.gateway.graph.call import Answer, Call, Reply, Route
from services.gateway.graph.entities.documents import document_entity
from services.gateway.graph.entities.job import etag_of, expanded, job_entity, wants_tasks
from services.gateway.graph.http.members import text
from services.gateway.graph.problem import bad, missing
from services.gateway.graph.rights.access import admit_printer, admit_share
from services.gateway.graph.rights.permissions import held
from services.gateway.graph.words.configuration import MEMBERS, configuration_of, given, ticket_of, written
from services.gateway.graph.words.states import status_of

SOURCE = "GRAPH"
CREATED = "print/printJobs/$entity"
#: What lets a user act on the jobs of others, who must be administrator beside it (1.5).
OTHERS = frozenset(("PrintJob.ReadWriteBasic.All", "PrintJob.ReadWrite.All"))


async def list_jobs(call: Call) -> Answer:
    """Newest first."""
    return await listed(call, await spotted(call))


async def get_job(call: Call) -> Answer:
    """One, with its document and tasks where they are expanded."""
    printer = await spotted(call)
    job = await _job(call, printer, hooks=wants_tasks(call.query))
    (told,) = await expanded(call, (job,), call.query)
    return Reply(body=told, context=_context(printer), etag=etag_of(job))


async def create_job(call: Call) -> Answer:
    """A job that waits for its document."""
    printer, share = await _located(call)
    if share:
        await admit_share(call, share)
    else:
        await admit_printer(call, printer.id)
    check_accepting(printer)
    request = await request_of(call, printer)
    region, tenant = call.gateway.region, call.who.tenant
    answer: JobAnswer = await call.ask(
        CreateJob(region=region, tenant=tenant, sn=printer.agent, source=SOURCE, from_os=call.gateway.from_os, request=request)
    )
    if share and request.user:
        await note_use(call, share, request.user, request.created_at)
    job = answer.job
    return Reply(201, {**job_entity(job, call.base, beta=call.beta), "documents": [document_entity(job, beta=call.beta)]}, CREATED)


async def change_job(call: Call) -> Answer:
    """Another configuration, by the application whose task works on it; or, an extension, how far the application that serves the
    printer is with it.
    """
    printer = await placed(call)
    spot = spot_of(printer)
    wanted, status = call.body.get("configuration"), call.body.get("status")
    if (wanted is None) == (status is None):
        raise bad("Write either configuration, or (for the application that serves the printer) status.", "configuration")
    if status is not None:
        state, description = service_of(status)
        question: Message = ServeJob(**_at(call, spot), app=call.who.app, state=state, description=description)
    else:
        before = await _job(call, spot)
        changed = {**configuration_of(before), **given(call.body, printer)}
        ticket = ticket_of(changed, printer, before.ticket)
        question = ConfigureJob(**_at(call, spot), app=call.who.app, ticket=ticket, configuration=written(changed))
    answer: JobAnswer = await call.ask(question)
    return Reply(body=job_entity(answer.job, call.base, beta=call.beta), context=_context(spot), etag=etag_of(answer.job))


async def start_job(call: Call) -> Answer:
    """The document is there: go on. The answer tells the job as it is when it has just started (1.5), whatever holds it by now."""
    printer = await spotted(call)
    answer: JobAnswer = await call.ask(StartJob(**_at(call, printer), user=_user(call)))
    begun = replace(answer.job, stage=Stage.INCOMING, reason="", message="")
    return Reply(body=status_of(begun, beta=call.beta), context="microsoft.graph.printJobStatus")


async def cancel_job(call: Call) -> Answer:
    """Stop it, as far as it can be stopped."""
    printer = await spotted(call)
    answer: JobAnswer = await call.ask(CancelJob(**_at(call, printer), user=_user(call)))
    if not _is_own(call, answer.job):  # what becomes of one's own, the job itself tells
        await call.record("job canceled", job_id(answer.job.task, answer.job.leg), printer=printer.id)
    return Reply(204)


async def abort_job(call: Call) -> Answer:
    """End it, by the application whose task works on it."""
    printer = await spotted(call)
    reason = call.body.get("reason")
    reason = "" if reason is None else text(reason, "reason")
    answer: JobAnswer = await call.ask(AbortJob(**_at(call, printer), app=call.who.app, reason=reason))
    await call.record("job aborted", job_id(answer.job.task, answer.job.leg), printer=printer.id, reason=reason[:200])
    return Reply(204)


async def redirect_job(call: Call) -> Answer:
    """Send it to another printer, by the application whose task works on it; the answer is the job there."""
    printer = await spotted(call)
    target = await _destination(call)
    check_accepting(target)
    ticket, configuration = None, ""
    if call.body.get("configuration") is not None:
        wanted = {**dict.fromkeys(MEMBERS), **given(call.body, target)}
        ticket, configuration = ticket_of(wanted, target, (await _job(call, printer)).ticket), written(wanted)
    answer: JobAnswer = await call.ask(
        RedirectJob(**_at(call, printer), app=call.who.app, to=printer_ref(target), ticket=ticket, configuration=configuration)
    )
    return Reply(body=job_entity(answer.job, call.base, beta=call.beta), context=_context(spot_of(target)))


async def _located(call: Call) -> tuple[PrinterView, ShareView | None]:
    if "share" not in call.ids:
        return await placed(call), None
    region, who = call.gateway.region, call.who
    answer: ShareAnswer = await call.ask(GetPrinterShare(region=region, tenant=who.tenant, share=call.ids["share"], user=who.id))
    return answer.share.printer, answer.share


async def _job(call: Call, printer: Spot, *, hooks: bool = False) -> JobView:
    answer: JobAnswer = await call.ask(GetJob(**_at(call, printer), user=call.who.own_jobs_only, hooks=hooks))
    return answer.job


async def _destination(call: Call) -> PrinterView:
    wanted = call.body.get("destinationPrinterId")
    if not isinstance(wanted, str) or not wanted:
        raise bad("destinationPrinterId is the id of the printer that the job is sent to.", "destinationPrinterId")
    try:
        answer: PrinterAnswer = await call.ask(GetPrinter(region=call.gateway.region, tenant=call.who.tenant, printer=wanted))
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        problem = missing(f"printer {wanted[:60]}, which destinationPrinterId names")
        problem.target = "destinationPrinterId"
        raise problem from None
    return answer.printer


def _at(call: Call, printer: Spot) -> Mapping[str, Any]:
    """What every question about the job of a path has."""
    return {"agent": printer.agent, "printer": printer.device, **leg_of(call)}


def _user(call: Call) -> str:
    """Whose jobs alone may be acted on; empty: everybody's."""
    who = call.who
    everybody = not who.delegated or (who.administrator and not OTHERS.isdisjoint(held(who.permissions)))
    return "" if everybody else who.id


def _is_own(call: Call, job: JobView) -> bool:
    """Whether who asks has also submitted it."""
    return job.user.id == call.who.id if job.user else job.sn == call.who.sn


def _context(printer: Spot) -> str:
    return f"{CONTEXT.format(printer.id)}/$entity"


def _routes(under: str) -> tuple[Route, ...]:
    jobs = f"print/{under}/jobs"
    job = f"{jobs}/{{job}}"
    return (
        Route("GET", jobs, list_jobs),
        Route("POST", jobs, create_job),
        Route("GET", job, get_job),
        Route("PATCH", job, change_job),
        Route("DELETE", job, cancel_job),
        Route("POST", f"{job}/start", start_job),
        Route("POST", f"{job}/cancel", cancel_job),
        Route("POST", f"{job}/abort", abort_job),
        Route("POST", f"{job}/redirect", redirect_job),
        Route("POST", f"{job}/startPrintJob", start_job, beta=True),
        Route("POST", f"{job}/cancelPrintJob", cancel_job, beta=True),
    )


ROUTES = (*_routes("printers/{printer}"), *_routes("shares/{share}"))
