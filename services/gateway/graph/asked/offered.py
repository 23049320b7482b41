"""The shares that there are of printers, asked of the registry."""

from collections.abc import Sequence

from libs.contracts.fleet import ListPrinterShares, ShareList, ShareView
from services.gateway.graph.call import Call
from services.gateway.graph.entities.printer import plain
from services.gateway.graph.http.walking import everything
from services.gateway.graph.words.makes import shares_with_makes


async def shares_of(call: Call, printer: str) -> list[ShareView]:
    """The shares of one printer (its id), whoever may print through them. Raises the bus's `Refused`."""
    region, who = call.gateway.region, call.who
    user = who.id if who.delegated else ""
    question = ListPrinterShares(region=region, tenant=who.tenant, printer=printer, user=user, plain=plain(call.query))
    answer: ShareList = await call.ask(question)
    return shares_with_makes(call, answer.shares)


async def all_shares(call: Call) -> list[ShareView]:
    """Those of all printers of the tenant."""

    async def ask(offset: int, limit: int) -> tuple[Sequence[ShareView], int]:
        question = ListPrinterShares(region=call.gateway.region, tenant=call.who.tenant, offset=offset, limit=limit)
        answer: ShareList = await call.ask(question)
        return answer.shares, answer.total

    return shares_with_makes(call, await everything(ask))
