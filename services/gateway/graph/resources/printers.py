"""Printers: list, read, register, change, unregister (graph-print.md 1.3)."""

import asyncio
from collections.abc import Sequence
from typing import Any

from libs.contracts.definitions import ListTriggers, TriggerList
from libs.contracts.fleet import (
    ChangePrinter,
    ConnectorList,
    ConnectorView,
    GetPrinter,
    ListConnectors,
    ListPrinters,
    OperationAnswer,
    PrinterAnswer,
    PrinterList,
    PrinterView,
    Profile,
    RegisterPrinter,
    RemovePrinter,
    RestorePrinter,
    ShareView,
)
from services.gateway.graph.asked.changing import changes
from services.gateway.graph.asked.offered import all_shares, shares_of
from services.gateway.graph.asked.registration import registration
from services.gateway.graph.call import JSON, Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.connector import connector_entity
from services.gateway.graph.entities.definition import trigger_entity
from services.gateway.graph.entities.printer import LARGE, plain, printer_entity, printer_tag
from services.gateway.graph.entities.share import share_entity
from services.gateway.graph.http.walking import paged
from services.gateway.graph.odata.query import Query
from services.gateway.graph.problem import Problem, bad
from services.gateway.graph.rights.access import admit_printer, visible
from services.gateway.graph.rights.matrix import rule
from services.gateway.graph.words import older
from services.gateway.graph.words.allowance import check
from services.gateway.graph.words.attributes import MEDIA_TYPE, attributes
from services.gateway.graph.words.capabilities import capabilities
from services.gateway.graph.words.makes import with_makes

CONTEXT = "print/printers"
#: Seconds that a registering program waits before it asks what became of it.
SOON = "1"
_SHARES = frozenset(("shares", "share"))
#: What a printer expands that has a row of its own in the permission matrix.
_OWN_RULES = _SHARES | {"tasktriggers", "connectors"}
_ONE = "print/printers/{printer}"


async def view_of(call: Call, printer: str) -> PrinterView:
    """A printer of the tenant by its id. Raises the bus's `Refused`."""
    answer: PrinterAnswer = await call.ask(GetPrinter(region=call.gateway.region, tenant=call.who.tenant, printer=printer))
    return answer.printer


async def list_printers(call: Call) -> Answer:
    """All printers of the tenant, by name."""
    _admit_expanded(call)

    async def ask(offset: int, limit: int) -> tuple[Sequence[PrinterView], int]:
        answer: PrinterList = await call.ask(
            ListPrinters(region=call.gateway.region, tenant=call.who.tenant, plain=plain(call.query), offset=offset, limit=limit)
        )
        return answer.printers, answer.total

    async def show(views: Sequence[PrinterView]) -> list[dict[str, Any]]:
        shares = await all_shares(call) if call.query.expands("shares") and any(view.shares for view in views) else []
        connectors = await _connectors(call) if call.query.expands("connectors") else ()
        return list(await asyncio.gather(*(_shown(call, view, shares, connectors) for view in with_makes(call, views))))

    return await paged(call.query, CONTEXT, ask, show, LARGE)


async def get_printer(call: Call) -> Answer:
    """One printer, for whoever may print on it, administers it, or is an application."""
    _admit_expanded(call)
    view = await view_of(call, call.ids["printer"])
    await admit_printer(call, view.id)
    shares = await shares_of(call, view.id) if call.query.expands("shares", "share") and view.shares else []
    connectors = await _connectors(call, view.id) if call.query.expands("connectors") else ()
    return Reply(body=await _shown(call, view, shares, connectors), context=f"{CONTEXT}/$entity", etag=printer_tag(view))


async def create_printer(call: Call) -> Answer:
    """Register a printer that the calling application serves; what becomes of it the operation tells."""
    wanted = registration(call)
    answer: OperationAnswer = await call.ask(
        RegisterPrinter(
            region=call.gateway.region,
            tenant=call.who.tenant,
            app=call.who.app,
            user=call.who.id,
            profile=Profile(display=wanted.display, manufacturer=wanted.manufacturer, model=wanted.model),
            physical=wanted.physical,
            device_id=wanted.device_id,
            connector=wanted.connector,
            request=wanted.request,
        )
    )
    address = f"{call.base}/print/operations/{answer.operation.id}"
    return Reply(status=202, headers={"Operation-Location": address, "Retry-After": SOON})


async def change_printer(call: Call) -> Answer:
    """What people set, or what the application that serves it says of it: as JSON, or as IPP attributes."""
    as_ipp = call.headers.get("content-type", "").partition(";")[0].strip().lower() == MEDIA_TYPE
    if as_ipp and call.who.delegated:
        raise Problem(415, "invalidRequest", f"Only an application itself can send {MEDIA_TYPE}: send JSON.")
    if not as_ipp and not call.body:
        raise bad("The body names nothing to change: write displayName, location or defaults.")
    wanted = attributes(call.raw) if as_ipp else changes(call.body, delegated=call.who.delegated)
    if call.who.delegated and "defaults" in wanted:  # an application may say them before it says what its printer can do
        check(wanted["defaults"], await view_of(call, call.ids["printer"]), "defaults")
    answer: PrinterAnswer = await call.ask(
        ChangePrinter(
            region=call.gateway.region,
            tenant=call.who.tenant,
            printer=call.ids["printer"],
            app="" if call.who.delegated else call.who.app,
            by=call.who.by,
            **wanted,
        )
    )
    if as_ipp:
        return Reply(status=204)
    told = printer_entity(answer.printer, call.query, beta=call.beta)
    return Reply(body=told, context=f"{CONTEXT}/$entity", etag=printer_tag(answer.printer))


async def remove_printer(call: Call) -> Answer:
    """Unregister a printer; refused while it is shared."""
    region, who = call.gateway.region, call.who
    await call.ask(RemovePrinter(region=region, tenant=who.tenant, printer=call.ids["printer"], by=who.by))
    return Reply(status=204)


async def restore_defaults(call: Call) -> Answer:
    """Its defaults are the device's own again."""
    region, who = call.gateway.region, call.who
    await call.ask(RestorePrinter(region=region, tenant=who.tenant, printer=call.ids["printer"], by=who.by))
    return Reply(status=204)


async def list_connectors(call: Call) -> Answer:
    """The connector that it is printed through, or was registered through; none of a printer that an application serves."""
    connectors = await _connectors(call, call.ids["printer"])
    if not connectors:
        await view_of(call, call.ids["printer"])  # or there is no such printer
    return Collection(
        [connector_entity(each, beta=call.beta) for each in connectors], f"{CONTEXT}('{call.ids['printer']}')/connectors"
    )


async def get_capabilities(call: Call) -> Answer:
    """Capabilities by beta's old names."""
    view = await view_of(call, call.ids["printer"])
    await admit_printer(call, view.id)
    return Reply(body=older.get_capabilities(capabilities(view)), context="microsoft.graph.printerCapabilities")


async def _shown(call: Call, view: PrinterView, shares: Sequence[ShareView], connectors: Sequence[ConnectorView]) -> dict[str, Any]:
    """A printer with what is expanded; `shares` and `connectors` may be those of other printers too."""
    query = call.query
    found = printer_entity(view, query, beta=call.beta)
    own = [each for each in shares if each.printer.id == view.id]
    for name, options in query.expand.items():
        match name.lower():
            case "shares":
                found["shares"] = [share_entity(each, options, beta=call.beta) for each in await visible(call, tuple(own))]
            case "share" if call.beta:
                found["share"] = next(
                    (share_entity(each, options, beta=call.beta) for each in await visible(call, tuple(own))), None
                )
            case "tasktriggers":
                found["taskTriggers"] = await _triggers(call, view.id, options)
            case "connectors":
                found["connectors"] = [connector_entity(each, beta=call.beta) for each in connectors if each.id == view.connector]
    return found


def _admit_expanded(call: Call) -> None:
    """What has an address of its own is expanded for whom may ask there. Raises `Problem` 403.

    The shares alone are shown to applications, too: nothing in them is more than what a printer tells.
    """
    for name in {each.lower() for each in call.query.expand} & (_OWN_RULES if call.who.delegated else _OWN_RULES - _SHARES):
        rule("GET", f"{_ONE}/{name}").admit(call.who, strict=call.strict)


async def _triggers(call: Call, printer: str, options: Query) -> list[dict[str, Any]]:
    question = ListTriggers(region=call.gateway.region, tenant=call.who.tenant, printer=printer)
    answer: TriggerList = await call.ask(question)
    return [trigger_entity(call, each, expand=options.expands("definition")) for each in answer.triggers]


async def _connectors(call: Call, printer: str = "") -> tuple[ConnectorView, ...]:
    """The one of a printer, or all that there are."""
    question = ListConnectors(region=call.gateway.region, tenant=call.who.tenant, printer=printer)
    answer: ConnectorList = await call.ask(question)
    return answer.connectors


ROUTES = (
    Route("GET", "print/printers", list_printers),
    Route("POST", "print/printers/create", create_printer),
    Route("GET", _ONE, get_printer),
    Route("PATCH", _ONE, change_printer, accepts=(JSON, MEDIA_TYPE)),
    Route("DELETE", _ONE, remove_printer),
    Route("POST", f"{_ONE}/restoreFactoryDefaults", restore_defaults),
    Route("POST", f"{_ONE}/resetDefaults", restore_defaults, beta=True),
    Route("GET", f"{_ONE}/getCapabilities", get_capabilities, beta=True),
    Route("GET", f"{_ONE}/connectors", list_connectors),
)
