"""The share of a printer, below the printer's address (graph-print.md 1.3)."""

from services.gateway.graph.asked.offered import shares_of
from services.gateway.graph.call import Answer, Call, Collection, Reply, Route
from services.gateway.graph.entities.printer import LARGE
from services.gateway.graph.entities.share import share_entity
from services.gateway.graph.problem import missing
from services.gateway.graph.resources.printers import CONTEXT, view_of
from services.gateway.graph.rights.access import visible


async def list_shares(call: Call) -> Answer:
    """Its share, when it has one that whoever asks may print through."""
    shares = await shares_of(call, call.ids["printer"])
    if not shares:
        await view_of(call, call.ids["printer"])  # or there is no such printer
    told = [share_entity(each, call.query, beta=call.beta) for each in await visible(call, tuple(shares))]
    return Collection(told, f"{_place(call)}/shares", large=LARGE)


async def get_share(call: Call) -> Answer:
    """One of its shares."""
    found = [each for each in await shares_of(call, call.ids["printer"]) if each.id == call.ids["share"].lower()]
    if not found or not await visible(call, tuple(found)):
        raise missing(f"share {call.ids['share']} of this printer")
    return Reply(body=share_entity(found[0], call.query, beta=call.beta), context=f"{_place(call)}/shares/$entity")


async def get_only_share(call: Call) -> Answer:
    """The one share, as beta had it."""
    found = await visible(call, tuple(await shares_of(call, call.ids["printer"])))
    if not found:
        raise missing("share of this printer")
    return Reply(body=share_entity(found[0], call.query, beta=call.beta), context=f"{_place(call)}/share/$entity")


def _place(call: Call) -> str:
    return f"{CONTEXT}('{call.ids['printer']}')"


ROUTES = (
    Route("GET", "print/printers/{printer}/shares", list_shares),
    Route("GET", "print/printers/{printer}/shares/{share}", get_share),
    Route("GET", "print/printers/{printer}/share", get_only_share, beta=True),
)
