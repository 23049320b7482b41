"""What the signed-in user printed through last (graph-print.md 1.4)."""

from libs.contracts.fleet import ListPrinterShares, ShareList
from libs.contracts.people import GetUser, UserAnswer
from libs.contracts.queries import Code
from libs.runtime.bus import Refused
from services.gateway.graph.call import Answer, Call, Collection, Route
from services.gateway.graph.entities.printer import LARGE, plain
from services.gateway.graph.entities.share import share_entity
from services.gateway.graph.problem import forbidden, missing
from services.gateway.graph.rights.access import visible
from services.gateway.graph.words.makes import shares_with_makes

#: As many as anybody remembers having used.
MOST = 100


async def my_recent_shares(call: Call) -> Answer:
    """The shares that the signed-in user printed through, the last one first."""
    return await _recent(call, call.who.id)


async def recent_shares(call: Call) -> Answer:
    """The same of a user by id or userPrincipalName: oneself, or for administrators anybody."""
    wanted = call.ids["user"].lower()
    if wanted in (call.who.id.lower(), call.who.name.lower()):
        return await _recent(call, call.who.id)
    if not call.who.administrator:
        raise forbidden("Only a Printer Administrator may see what others print through: ask for /me/print/recentPrinterShares.")
    try:
        answer: UserAnswer = await call.ask(GetUser(region=call.gateway.region, tenant=call.who.tenant, user=call.ids["user"]))
    except Refused as refusal:
        if refusal.code is not Code.NOT_FOUND:
            raise
        raise missing(f"user {call.ids['user'][:60]}") from None
    return await _recent(call, answer.user.id)


async def _recent(call: Call, user: str) -> Collection:
    """Only those that may still be used."""
    region, tenant = call.gateway.region, call.who.tenant
    found: ShareList = await call.ask(
        ListPrinterShares(region=region, tenant=tenant, user=user, recent=True, plain=plain(call.query), limit=MOST)
    )
    shares = shares_with_makes(call, await visible(call, found.shares))
    told = [share_entity(each, call.query, beta=call.beta) for each in shares]
    return Collection(told, f"users('{user}')/print/recentPrinterShares", large=LARGE)


ROUTES = (
    Route("GET", "me/print/recentPrinterShares", my_recent_shares),
    Route("GET", "users/{user}/print/recentPrinterShares", recent_shares),
)
