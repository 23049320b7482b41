"""Shares: printers as they are offered to people (graph-print.md 1.4)."""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from libs.contracts.fleet import (
    AddPrinterShare,
    ChangePrinterShare,
    GetPrinterShare,
    ListPrinterShares,
    RemovePrinterShare,
    ShareAnswer,
    ShareList,
    ShareView,
)
from libs.runtime.bus import Refused
from services.gateway.graph.call import Answer, Call, Reply, Route
from services.gateway.graph.entities.people import groups_of, users_of
from services.gateway.graph.entities.printer import LARGE, plain, printer_entity, printer_tag
from services.gateway.graph.entities.share import share_entity, share_tag
from services.gateway.graph.http.members import flag, text
from services.gateway.graph.http.path import bound
from services.gateway.graph.http.walking import everything, paged
from services.gateway.graph.problem import bad, forbidden, missing, refused
from services.gateway.graph.rights.access import admit_share, sees_access_lists, sees_all, visible
from services.gateway.graph.rights.permissions import held
from services.gateway.graph.words.makes import shares_with_makes

CONTEXT = "print/shares"
BIND = "printer@odata.bind"
_LONGEST_NAME = 50
_READING = frozenset(("Printer.Read.All",))


async def share_of(call: Call, share: str) -> ShareView:
    """A share of the tenant by its id, with when the user used it last. Raises the bus's `Refused`."""
    region, who = call.gateway.region, call.who
    user = who.id if who.delegated else ""
    answer: ShareAnswer = await call.ask(GetPrinterShare(region=region, tenant=who.tenant, share=share, user=user))
    return answer.share


async def list_shares(call: Call) -> Answer:
    """The shares that whoever asks may print through, by name."""
    who = call.who
    small = plain(call.query) and all(plain(options) for options in call.query.expand.values())

    async def ask(offset: int, limit: int) -> tuple[Sequence[ShareView], int]:
        answer: ShareList = await call.ask(
            ListPrinterShares(
                region=call.gateway.region,
                tenant=who.tenant,
                user=who.id if who.delegated else "",
                plain=small,
                offset=offset,
                limit=limit,
            )
        )
        return answer.shares, answer.total

    async def show(shares: Sequence[ShareView]) -> list[dict[str, Any]]:
        return await asyncio.gather(*(_shown(call, each) for each in shares_with_makes(call, shares)))

    if sees_all(call):
        return await paged(call.query, CONTEXT, ask, show, LARGE)
    found = await visible(call, tuple(await everything(ask)))

    async def permitted(offset: int, limit: int) -> tuple[Sequence[ShareView], int]:
        return found[offset : offset + limit], len(found)

    return await paged(call.query, CONTEXT, permitted, show, LARGE)


async def get_share(call: Call) -> Answer:
    """One of them."""
    share = await share_of(call, call.ids["share"])
    await admit_share(call, share)
    return Reply(body=await _shown(call, share), context=f"{CONTEXT}/$entity", etag=share_tag(share))


async def get_printer(call: Call) -> Answer:
    """The printer behind a share."""
    share = await share_of(call, call.ids["share"])
    await admit_share(call, share)
    told = printer_entity(share.printer, call.query, beta=call.beta)
    return Reply(body=told, context="print/printers/$entity", etag=printer_tag(share.printer))


async def add_share(call: Call) -> Answer:
    """Offer a printer; one share to a printer."""
    body, who = call.body, call.who
    printer = _printer(body)
    if printer is None:
        raise bad(f"{BIND} is needed: the address of a printer, as {{base}}/print/printers/{{id}}.", BIND)
    question = AddPrinterShare(
        region=call.gateway.region,
        tenant=who.tenant,
        printer=printer,
        name=_name(body.get("displayName")),
        allow_all=flag(body.get("allowAllUsers", False), "allowAllUsers"),
        by=who.by,
    )
    try:
        answer: ShareAnswer = await call.ask(question)
    except Refused as refusal:
        problem = refused(refusal)
        problem.target = BIND if problem.status == HTTPStatus.NOT_FOUND else problem.target
        raise problem from None
    return Reply(201, share_entity(answer.share, call.query, beta=call.beta), f"{CONTEXT}/$entity")


async def change_share(call: Call) -> Answer:
    """Its name, whom it is for, and which printer is behind it."""
    body, who = call.body, call.who
    name = _name(body["displayName"]) if "displayName" in body else None
    allow_all = flag(body["allowAllUsers"], "allowAllUsers") if "allowAllUsers" in body else None
    printer = _printer(body)
    if name is None and allow_all is None and printer is None:
        raise bad(f"The body names nothing to change; write displayName, allowAllUsers or {BIND}.")
    answer: ShareAnswer = await call.ask(
        ChangePrinterShare(
            region=call.gateway.region,
            tenant=who.tenant,
            share=call.ids["share"],
            printer=printer,
            name=name,
            allow_all=allow_all,
            by=who.by,
        )
    )
    return Reply(
        body=share_entity(answer.share, call.query, beta=call.beta), context=f"{CONTEXT}/$entity", etag=share_tag(answer.share)
    )


async def remove_share(call: Call) -> Answer:
    """Offer it no more."""
    region, who = call.gateway.region, call.who
    await call.ask(RemovePrinterShare(region=region, tenant=who.tenant, share=call.ids["share"], by=who.by))
    return Reply(status=204)


async def remove_share_of_printer(call: Call) -> Answer:
    """The one share of a printer, as beta addressed it."""
    region, who = call.gateway.region, call.who
    question = ListPrinterShares(region=region, tenant=who.tenant, printer=call.ids["printer"])
    answer: ShareList = await call.ask(question)
    if not answer.shares:
        raise missing("share of this printer")
    await call.ask(RemovePrinterShare(region=region, tenant=who.tenant, share=answer.shares[0].id, by=who.by))
    return Reply(status=204)


async def _shown(call: Call, share: ShareView) -> dict[str, Any]:
    """A share with what is expanded."""
    found = share_entity(share, call.query, beta=call.beta)
    for name, options in call.query.expand.items():
        match name.lower():
            case "printer":
                if held(call.who.permissions).isdisjoint(_READING):
                    raise forbidden("$expand=printer needs the delegated permission Printer.Read.All.", "Forbidden")
                found["printer"] = printer_entity(share.printer, options, beta=call.beta)
            case "allowedusers" | "allowedgroups" if not sees_access_lists(call):
                raise forbidden(f"$expand={name} needs the delegated permission PrinterShare.Read.All.", "Forbidden")
            case "allowedusers":
                found["allowedUsers"] = await users_of(call, share.users)
            case "allowedgroups":
                found["allowedGroups"] = await groups_of(call, share.groups)
    return found


def _name(value: Any) -> str:
    given = text(value, "displayName").strip() if value is not None else ""
    if not given or len(given) > _LONGEST_NAME:
        raise bad(f"displayName is needed: a text of 1 to {_LONGEST_NAME} characters.", "displayName")
    return given


def _printer(body: Mapping[str, Any]) -> str | None:
    """From the address, or from an object with its id, as some programs send it."""
    if body.get(BIND) is not None:
        return bound(body[BIND], "printers", BIND)
    nested = body.get("printer")
    return str(nested["id"]) if isinstance(nested, Mapping) and isinstance(nested.get("id"), str) else None


_ONE = "print/shares/{share}"

ROUTES = (
    Route("GET", "print/shares", list_shares),
    Route("POST", "print/shares", add_share),
    Route("GET", _ONE, get_share),
    Route("PATCH", _ONE, change_share),
    Route("DELETE", _ONE, remove_share),
    Route("GET", f"{_ONE}/printer", get_printer),
    Route("DELETE", "print/printers/{printer}/share", remove_share_of_printer, beta=True),
)
