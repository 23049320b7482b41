"""A new job: who prints, how, on what; and that a share was used (graph-print.md 1.5)."""

from collections.abc import Mapping

import structlog

from libs.contracts.documents import Document, Format, Inline
from libs.contracts.fleet import ChangePrinterShare, PrinterView, ShareView
from libs.contracts.people import GetUser, Person, UserAnswer
from libs.contracts.queries import Code
from libs.contracts.tasks import PrinterRef, TaskRequest
from libs.runtime import traces
from libs.runtime.bus import Refused, Unanswered
from services.gateway.graph.call import Call
from services.gateway.graph.http.members import text
from services.gateway.graph.problem import bad, conflict, forbidden
from services.gateway.graph.words.configuration import given, ticket_of, written

log = structlog.get_logger()

#: Ms after which a share counts as used anew.
USED_AGAIN = 60_000


async def request_of(call: Call, printer: PrinterView) -> TaskRequest:
    """The task that a body asks for, whose document is still to come. Raises `Problem` 400 that names the member."""
    configuration = given(call.body, printer)
    name = call.body.get("displayName")
    ids = call.gateway.ids.block(printer.agent)
    return TaskRequest(
        id=ids.id(),
        name="" if name is None else text(name, "displayName"),
        printer=printer_ref(printer),
        document=Document(Format.PDF, Inline(b"")),
        ticket=ticket_of(configuration, printer),
        created_at=ids.at(),
        traceparent=traces.current(),
        user=await _person(call),
        configuration=written(configuration),
    )


async def _person(call: Call) -> Person:
    """Who prints: the user of the token; an application by itself prints for the user that `createdBy` names, else for itself."""
    if call.who.delegated:
        return call.who.person
    by = call.body.get("createdBy")
    if by is not None and not isinstance(by, Mapping):
        raise bad('createdBy must be an object, as {"userPrincipalName": "anna@example.org"}.', "createdBy")
    member = next((name for name in ("userPrincipalName", "id") if by and by.get(name)), "")
    if not by or not member:
        return call.who.person
    named = text(by[member], f"createdBy.{member}")
    region, tenant = call.gateway.region, call.who.tenant
    try:
        answer: UserAnswer = await call.ask(GetUser(region=region, tenant=tenant, user=named))
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        raise bad("createdBy names nobody whom this tenant knows: write a userPrincipalName, or an id.", "createdBy") from None
    if not answer.user.enabled:
        raise forbidden("The user whom createdBy names is disabled.")
    return Person(answer.user.id, answer.user.name, answer.user.display, call.who.address)


async def note_use(call: Call, share: ShareView, user: Person, now: int) -> None:
    """For recentPrinterShares; a job is there whether or not that can be noted."""
    if now - share.used_at < USED_AGAIN:
        return
    try:
        await call.ask(ChangePrinterShare(region=call.gateway.region, tenant=call.who.tenant, share=share.id, used_by=user.id))
    except (Refused, Unanswered):
        log.warning("use of a share not noted", share=share.id)


def check_accepting(printer: PrinterView) -> None:
    """Raises `Problem` 409 for a printer that takes no jobs."""
    if not printer.device.accepting:
        raise conflict(f"The printer {printer.profile.display or printer.device.name} does not accept jobs at the moment.")


def printer_ref(printer: PrinterView) -> PrinterRef:
    """The printer as a task names it."""
    return PrinterRef(printer.agent, printer.device.id, printer.device.name, printer.shard)
